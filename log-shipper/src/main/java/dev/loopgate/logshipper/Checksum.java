package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// The size and CRC32C of a file's bytes.
record Checksum(long size, int crc32c) {
  /// Of all that `in` has left; the caller closes it.
  static Checksum of(InputStream in) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[64 << 10];
    long size = 0;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      crc.update(buffer, 0, count);
      size += count;
    }
    return new Checksum(size, (int) crc.getValue());
  }

  /// Of one array.
  static Checksum of(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return new Checksum(bytes.length, (int) crc.getValue());
  }

  /// 8 lower-case hex digits.
  static String hex(int crc32c) {
    return HexFormat.of().toHexDigits(crc32c);
  }
}
