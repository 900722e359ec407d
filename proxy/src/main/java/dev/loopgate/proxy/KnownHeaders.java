package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Header lines that come or are sent again and again, read and composed once. Confined to one
/// event loop.
///
/// At most 512 of each, of at most 128 bytes: who invents lines only takes the places of others.
/// Headers that are never kept as they are (P6) have no place here: a secret is forgotten with its
/// request.
final class KnownHeaders {
  private static final int PLACES = 512;
  private static final int LINE_BYTES_MAX = 128;
  private static final long MIX = 0x9e3779b97f4a7c15L;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final class Read {
    final byte[] line;
    final Header header;

    Read(byte[] line, Header header) {
      this.line = line;
      this.header = header;
    }
  }

  private final Predicate<String> secret;
  private final @Nullable Read[] read = new Read[PLACES];
  private final @Nullable Header[] ofParts = new Header[PLACES];

  /// @param secret says of lower-case names whether their values may be secrets
  KnownHeaders(Predicate<String> secret) {
    this.secret = secret;
  }

  /// What was read from a line of the same bytes, if it is known.
  @Nullable Header find(byte[] bytes, int from, int to) {
    Read there = read[placeOf(bytes, from, to)];
    return there != null && Arrays.equals(there.line, 0, there.line.length, bytes, from, to)
        ? there.header
        : null;
  }

  /// Remembers what was read from `line`, in its spelling, and returns it.
  Header remember(byte[] line, String name, String value) {
    if (line.length > LINE_BYTES_MAX || secret.test(name)) {
      return new Header(name, value);
    }
    Header header = Header.prepared(name, value);
    read[placeOf(line, 0, line.length)] = new Read(line, header);
    return header;
  }

  /// A header of our own making.
  Header of(String name, String value) {
    int hash = 31 * name.hashCode() + value.hashCode();
    int place = (hash ^ hash >>> 9 ^ hash >>> 18) & (PLACES - 1);
    Header there = ofParts[place];
    if (there != null && there.value().equals(value) && there.name().equals(name)) {
      return there;
    }
    if (name.length() + value.length() > LINE_BYTES_MAX || secret.test(name)) {
      return new Header(name, value);
    }
    Header fresh = Header.prepared(name, value);
    ofParts[place] = fresh;
    return fresh;
  }

  private static int placeOf(byte[] bytes, int from, int to) {
    long hash = (long) to - from;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      hash = (hash ^ (long) LONG.get(bytes, at)) * MIX;
      hash ^= hash >>> 32;
    }
    for (; at < to; at++) {
      hash = (hash ^ bytes[at]) * MIX;
    }
    return (int) (hash >>> 55);
  }
}
