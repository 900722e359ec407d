package dev.loopgate.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/// A body that follows from its seed: made, sent and checked without ever being held as a whole.
///
/// @param kind what the bytes look like
/// @param seed equal seeds give equal bytes
/// @param length bytes
public record Payload(Kind kind, long seed, long length) {
  /// What the bytes look like.
  public enum Kind {
    /// ASCII that JSON must escape here and there.
    TEXT,
    /// Lower-case letters, which no text format escapes.
    LETTERS,
    /// Never UTF-8: the first byte is 0xFF.
    BINARY
  }

  /// No bytes.
  public static final Payload NONE = new Payload(Kind.TEXT, 0, 0);

  private static final int BLOCK_BYTES = 65_521;
  private static final String ALPHABET =
      "abcdefghijklmnopqrstuvwxyz0123456789 \"\\/{}[]:,\n\t\u0001<>&'%ABCDEF";

  /// All bytes at once, for bodies known to be small.
  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(length));
    try {
      writeTo(out, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /// All of it as characters, for bodies known to be small.
  public String text() {
    return new String(bytes(), StandardCharsets.ISO_8859_1);
  }

  /// Writes the first `count` bytes.
  public void writeTo(OutputStream out, long count) throws IOException {
    byte[] block = block();
    long left = Math.min(count, length);
    while (left > 0) {
      int now = (int) Math.min(left, block.length);
      out.write(block, 0, now);
      left -= now;
    }
  }

  /// Compares what comes with what was meant. Confined to one thread.
  public Check check() {
    return new Check(this);
  }

  // The bytes of the payload are this block over and over.
  private byte[] block() {
    byte[] block = new byte[(int) Math.min(length, BLOCK_BYTES)];
    SplittableRandom random = new SplittableRandom(seed);
    if (kind == Kind.BINARY) {
      random.nextBytes(block);
      if (block.length > 0) {
        block[0] = (byte) 0xff;
      }
      return block;
    }
    int letters = kind == Kind.LETTERS ? 26 : ALPHABET.length();
    for (int i = 0; i < block.length; i++) {
      block[i] = (byte) ALPHABET.charAt(random.nextInt(letters));
    }
    return block;
  }

  /// A sink that tells whether the bytes were those of the payload.
  public static final class Check implements BodySink {
    private final byte[] block;
    private final long length;
    private long seen;
    private boolean equal = true;

    private Check(Payload payload) {
      this.block = payload.block();
      this.length = payload.length;
    }

    @Override
    public void accept(byte[] bytes, int offset, int count) {
      int at = offset;
      int end = offset + count;
      while (at < end && equal) {
        int from = block.length == 0 ? 0 : (int) (seen % block.length);
        int now = (int) Math.min(Math.min(end - at, block.length - from), length - seen);
        equal = now > 0 && Arrays.equals(bytes, at, at + now, block, from, from + now);
        at += now;
        seen += now;
      }
    }

    /// All of the payload came, and nothing else.
    public boolean isWhole() {
      return equal && seen == length;
    }

    /// What came so far is how the payload begins.
    public boolean isPrefix() {
      return equal;
    }
  }
}
