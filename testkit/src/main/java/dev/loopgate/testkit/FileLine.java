package dev.loopgate.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// One line of a published file.
///
/// @param path below the root
/// @param stream first part of the path
/// @param model second part, as escaped
/// @param version third part, as escaped
/// @param hour `YYYYMMDDHH` of the file's name
/// @param number `n` of the file's name
/// @param record the parsed line
public record FileLine(
    String path,
    String stream,
    String model,
    String version,
    String hour,
    int number,
    JsonNode record) {
  /// The field as text, empty when absent.
  public String text(String field) {
    return record.path(field).asText("");
  }

  /// The record's Request-Id.
  public String requestId() {
    return text("request_id");
  }

  /// The bytes of a body field, whatever its encoding.
  public byte[] bytes(String field) {
    String value = text(field);
    return text("encoding").equals("base64")
        ? Base64.getDecoder().decode(value)
        : value.getBytes(StandardCharsets.UTF_8);
  }
}
