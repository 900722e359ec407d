package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.jspecify.annotations.Nullable;

/// Strings of bytes that come again and again: methods, versions, names of headers. Whoever looks
/// one up in a set finds its hash known. Confined to one event loop.
///
/// At most 256, of at most 40 characters: who invents names only takes the places of others.
final class Names {
  private static final int PLACES = 256;
  private static final int LENGTH_MAX = 40;

  private final @Nullable String[] known = new String[PLACES];

  /// These bytes as a string, ISO-8859-1.
  String of(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length > LENGTH_MAX) {
      return new String(bytes, from, length, ISO_8859_1);
    }
    int hash = length;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    int place = (hash ^ hash >>> 8 ^ hash >>> 16) & (PLACES - 1);
    String there = known[place];
    if (there != null && equals(there, bytes, from, length)) {
      return there;
    }
    String fresh = new String(bytes, from, length, ISO_8859_1);
    known[place] = fresh;
    return fresh;
  }

  private static boolean equals(String there, byte[] bytes, int from, int length) {
    if (there.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (there.charAt(i) != (bytes[from + i] & 0xff)) {
        return false;
      }
    }
    return true;
  }
}
