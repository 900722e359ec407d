package dev.loopgate.logshipper;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Is it text? The rules of RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
final class Utf8 {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long NOT_ASCII = 0x8080808080808080L;

  private Utf8() {}

  /// Whether the first `length` bytes are valid UTF-8.
  static boolean isValid(byte[] bytes, int length) {
    int i = 0;
    while (i < length) {
      if (bytes[i] >= 0) {
        i = skipAscii(bytes, i, length);
        continue;
      }
      int sequence = sequenceLength(bytes, i, length);
      if (sequence == 0) {
        return false;
      }
      i += sequence;
    }
    return true;
  }

  /// `length` without the bytes of a last character that has begun and is not whole.
  static int withoutPartialEnd(byte[] bytes, int length) {
    for (int back = 1; back <= 3 && back <= length; back++) {
      int b = bytes[length - back] & 0xff;
      if (b < 0x80) {
        return length;
      }
      if (b >= 0xc2 && b <= 0xf4) {
        int needs = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
        return needs > back ? length - back : length;
      }
      if (b >= 0xc0) {
        return length; // never a first byte: not text at all
      }
    }
    return length;
  }

  private static int skipAscii(byte[] bytes, int from, int length) {
    int i = from;
    while (i + 8 <= length && ((long) LONGS.get(bytes, i) & NOT_ASCII) == 0) {
      i += 8;
    }
    while (i < length && bytes[i] >= 0) {
      i++;
    }
    return i;
  }

  /// Bytes of the valid sequence at `i`, which starts with a byte above 0x7f; 0 when it is none.
  private static int sequenceLength(byte[] bytes, int i, int length) {
    int first = bytes[i] & 0xff;
    if (first < 0xc2 || first > 0xf4) {
      return 0;
    }
    int needs = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (i + needs > length) {
      return 0;
    }
    int second = bytes[i + 1] & 0xff;
    int low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) {
      return 0;
    }
    for (int k = 2; k < needs; k++) {
      if ((bytes[i + k] & 0xc0) != 0x80) {
        return 0;
      }
    }
    return needs;
  }
}
