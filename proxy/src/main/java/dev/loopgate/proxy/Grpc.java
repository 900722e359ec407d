package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Redaction;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the proxy knows of gRPC over HTTP/2 (gRPC's PROTOCOL-HTTP2): how a call is recognised, what
/// its status is, and how one is answered that no model answers.
final class Grpc {
  /// The header by which a call names the model it is for, where its path names none.
  static final String MODEL_ID = "model-id";

  private static final String TYPE = "application/grpc";
  private static final String STATUS = "grpc-status";
  private static final String MESSAGE = "grpc-message";

  private Grpc() {}

  /// Whether `request` is a call. One in HTTP/1.1 is none, whatever it says of its body: its caller
  /// reads statuses of HTTP, and no trailers.
  static boolean isCall(CallerRequest request) {
    if (!request.http2()) {
      return false;
    }
    String type = RawHead.first(request.headers(), "content-type");
    if (type == null || !type.regionMatches(true, 0, TYPE, 0, TYPE.length())) {
      return false;
    }
    // Not grpc-web, which is answered in HTTP.
    return type.length() == TYPE.length() || "+; ".indexOf(type.charAt(TYPE.length())) >= 0;
  }

  /// The status among trailers, or in the head of an answer that has no body, as far as it may be
  /// kept: none without its code.
  static GrpcStatus statusIn(List<Header> headers, Redaction redaction) {
    String code = RawHead.first(headers, STATUS);
    if (code == null || code.isEmpty() || code.length() > 9 || redaction.removes(STATUS)) {
      return GrpcStatus.NONE;
    }
    int number = 0;
    for (int i = 0; i < code.length(); i++) {
      int digit = code.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return GrpcStatus.NONE;
      }
      number = number * 10 + digit;
    }
    String message = RawHead.first(headers, MESSAGE);
    return new GrpcStatus(
        number, message == null || redaction.removes(MESSAGE) ? "" : decoded(message));
  }

  /// `reply` as a call is answered: nothing but trailers, with the code that says the same.
  static LocalReply replyOf(LocalReply reply) {
    String text = UTF_8.decode(reply.body().duplicate()).toString();
    int from = text.indexOf(":\"");
    int to = text.lastIndexOf("\"}");
    String message = from >= 0 && to > from ? text.substring(from + 2, to) : Reasons.of(reply);
    return new LocalReply(
        200,
        List.of(
            new Header("content-type", TYPE),
            new Header(STATUS, Integer.toString(codeOf(reply.status()))),
            new Header(MESSAGE, encoded(message))),
        ByteBuffer.allocate(0));
  }

  // As gRPC maps what HTTP says (http-grpc-status-mapping), but where we know better what it means.
  private static int codeOf(int status) {
    return switch (status) {
      case 400, 500 -> 13; // INTERNAL
      case 401 -> 16; // UNAUTHENTICATED
      case 403 -> 7; // PERMISSION_DENIED
      case 404 -> 12; // UNIMPLEMENTED
      case 408, 504 -> 4; // DEADLINE_EXCEEDED
      case 413, 431 -> 8; // RESOURCE_EXHAUSTED
      case 429, 502, 503 -> 14; // UNAVAILABLE
      default -> 2; // UNKNOWN
    };
  }

  private static String encoded(String message) {
    StringBuilder text = new StringBuilder(message.length());
    for (byte b : message.getBytes(UTF_8)) {
      if (b >= 0x20 && b <= 0x7e && b != '%') {
        text.append((char) b);
      } else {
        text.append('%').append(String.format(Locale.ROOT, "%02X", b));
      }
    }
    return text.toString();
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
