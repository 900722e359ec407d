package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What stands for a token where it is remembered: its SHA-256, so that the token itself is
/// forgotten with its request.
record TokenDigest(long first, long second, long third, long fourth) {
  static TokenDigest of(String token) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(token.getBytes(ISO_8859_1));
      ByteBuffer longs = ByteBuffer.wrap(hash);
      return new TokenDigest(longs.getLong(), longs.getLong(), longs.getLong(), longs.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public int hashCode() {
    return (int) first; // as good as any other bits of it
  }
}
