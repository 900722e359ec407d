package dev.loopgate.capture;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a gRPC call ended, by the word of who answered it.
///
/// @param code of gRPC's status codes, 0 for OK; -1 when there is none
/// @param message beside it, percent-decoded; empty when there is none
public record GrpcStatus(int code, String message) {
  private static final String STATUS = "grpc-status";
  private static final String MESSAGE = "grpc-message";

  /// No gRPC, or no status came.
  public static final GrpcStatus NONE = new GrpcStatus(-1, "");

  /// Whether there is one.
  public boolean isPresent() {
    return code >= 0;
  }

  /// The status among trailers, or in the head of an answer that has no body, as far as it may be
  /// kept: none without its code.
  public static GrpcStatus in(List<Header> headers, Redaction redaction) {
    String code = firstOf(headers, STATUS);
    if (code == null || code.isEmpty() || code.length() > 9 || redaction.removes(STATUS)) {
      return NONE;
    }
    int number = 0;
    for (int i = 0; i < code.length(); i++) {
      int digit = code.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return NONE;
      }
      number = number * 10 + digit;
    }
    String message = firstOf(headers, MESSAGE);
    return new GrpcStatus(
        number, message == null || redaction.removes(MESSAGE) ? "" : decoded(message));
  }

  private static @Nullable String firstOf(List<Header> headers, String name) {
    for (int i = 0; i < headers.size(); i++) {
      if (headers.get(i).name().equals(name)) {
        return headers.get(i).value();
      }
    }
    return null;
  }

  // What is not encoded as it should be stays as it is.
  private static String decoded(String message) {
    if (message.indexOf('%') < 0) {
      return message;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(message.length());
    int at = 0;
    while (at < message.length()) {
      Integer octet = message.charAt(at) == '%' ? octetAt(message, at + 1) : null;
      if (octet == null) {
        bytes.writeBytes(message.substring(at, at + 1).getBytes(ISO_8859_1));
        at++;
      } else {
        bytes.write(octet);
        at += 3;
      }
    }
    return bytes.toString(UTF_8);
  }

  private static @Nullable Integer octetAt(String text, int at) {
    if (at + 2 > text.length()) {
      return null;
    }
    int high = Character.digit(text.charAt(at), 16);
    int low = Character.digit(text.charAt(at + 1), 16);
    return high < 0 || low < 0 ? null : high << 4 | low;
  }
}
