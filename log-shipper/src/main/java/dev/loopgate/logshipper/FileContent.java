package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/// What is in a file: its bytes' checksum, and whether each line is a record of the hour.
///
/// @param badLine the first line, from 1, that is none; 0 when all are
record FileContent(Checksum checksum, long records, long badLine) {
  /// Reads to the end, line by line; the caller closes `in`.
  ///
  /// @param hour `YYYYMMDDHH`
  static FileContent read(InputStream in, String hour) throws IOException {
    CRC32C crc = new CRC32C();
    InputStream bytes = new BufferedInputStream(new CheckedInputStream(in, crc), 64 << 10);
    ObjectReader trees = Json.trees();
    ByteArrayOutputStream line = new ByteArrayOutputStream(4096);
    long size = 0;
    long records = 0;
    long badLine = 0;
    for (int b = bytes.read(); b >= 0; b = bytes.read()) {
      size++;
      if (b != '\n') {
        line.write(b);
        continue;
      }
      records++;
      if (badLine == 0 && !isRecord(trees, line.toByteArray(), hour)) {
        badLine = records;
      }
      line.reset();
    }
    if (line.size() > 0 && badLine == 0) {
      badLine = records + 1; // no line break at the end
    }
    return new FileContent(new Checksum(size, (int) crc.getValue()), records, badLine);
  }

  private static boolean isRecord(ObjectReader trees, byte[] line, String hour) throws IOException {
    try {
      JsonNode record = trees.readTree(line);
      String time = record.path("time").asText("");
      return record.path("request_id").isTextual()
          && time.length() >= 13
          && (time.substring(0, 4)
                  + time.substring(5, 7)
                  + time.substring(8, 10)
                  + time.substring(11, 13))
              .equals(hour);
    } catch (JacksonException _) {
      return false;
    }
  }
}
