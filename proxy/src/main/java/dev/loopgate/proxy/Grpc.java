package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.capture.Header;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/// What the proxy knows of gRPC over HTTP/2 (gRPC's PROTOCOL-HTTP2): how a call is recognised, and
/// how one is answered that no model answers.
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
}
