package dev.loopgate.logshipper;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Turns a model's name or version, which clients may choose, into one part of a path.
///
/// Kept are `[A-Za-z0-9._-]`; each other UTF-8 byte becomes `%XX`, a leading `_` or `.` too
/// (readers hide such names, and `..` dies with it). What would be longer than [#LENGTH_MAX] is cut
/// and ends in `~` and 16 hex digits of its SHA-256. Nothing is [#UNKNOWN]. Distinct values have
/// distinct parts.
final class PathPart {
  /// Of an escaped part, characters, which are bytes.
  static final int LENGTH_MAX = 128;

  /// The part of an empty value. No value escapes to it, nor to [#OTHER].
  static final String UNKNOWN = "(unknown)";

  /// The part of all models beyond the bound.
  static final String OTHER = "(other)";

  private static final char[] HEX = "0123456789ABCDEF".toCharArray();
  private static final int HASH_LENGTH = 17;

  private PathPart() {}

  /// The part for `value`: never empty, `.` or `..`, without `/`, at most [#LENGTH_MAX] bytes.
  static String of(String value) {
    if (value.isEmpty()) {
      return UNKNOWN;
    }
    if (value.length() <= LENGTH_MAX && isPlain(value)) {
      return value;
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    StringBuilder part = new StringBuilder(LENGTH_MAX);
    for (int i = 0; i < bytes.length; i++) {
      int length = part.length();
      appendEscaped(part, bytes[i] & 0xff, i == 0);
      if (part.length() > LENGTH_MAX) {
        part.setLength(length);
        return cut(part, bytes);
      }
    }
    return part.toString();
  }

  private static boolean isPlain(String value) {
    char first = value.charAt(0);
    if (first == '_' || first == '.') {
      return false;
    }
    for (int i = 0; i < value.length(); i++) {
      if (!isKept(value.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isKept(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }

  private static void appendEscaped(StringBuilder part, int b, boolean leading) {
    if (isKept(b) && !(leading && (b == '_' || b == '.'))) {
      part.append((char) b);
    } else {
      part.append('%').append(HEX[b >> 4]).append(HEX[b & 0xf]);
    }
  }

  /// Shortens to whole escapes, so that the hash fits.
  private static String cut(StringBuilder part, byte[] bytes) {
    int end = Math.min(part.length(), LENGTH_MAX - HASH_LENGTH);
    int percent = part.lastIndexOf("%", end - 1);
    if (percent >= 0 && percent > end - 3) {
      end = percent;
    }
    part.setLength(end);
    return part.append('~').append(hash(bytes)).toString();
  }

  private static String hash(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
