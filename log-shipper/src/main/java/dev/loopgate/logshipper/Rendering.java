package dev.loopgate.logshipper;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Renders entries as the JSON lines of the contract (section 1), with our fields beside them.
/// Confined to one thread.
///
/// A field that has nothing to say (`encoding`, `content_encoding`, `decoding`, `first_byte_ms`,
/// `gap_max_ms`, `grpc_status`, `grpc_message`, `replica`, `attempts`, `x_request_id`, `trace_id`,
/// `idempotency_key`, `protocol`, `response_code_details`, `response_flags`) is left out; all
/// others are always there.
final class Rendering {
  private static final int FEW_HEADERS = 48;
  private static final String GRPC_TYPE = "application/grpc";
  private static final long MICROS = 1_000;

  private final ContentDecoding decoding;
  private long renderedSecond = Long.MIN_VALUE;
  private String renderedTime = "";

  /// Bodies are decoded to at most `decodedBytesMax` bytes; larger ones stay as they came.
  Rendering(int decodedBytesMax) {
    this.decoding = new ContentDecoding(decodedBytesMax);
  }

  /// One line of the stream `request_response`.
  void requestResponse(Prediction prediction, JsonWriter json) throws IOException {
    Timing timing = prediction.timing();
    json.beginObject();
    identity(json, prediction.requestId(), prediction.model());
    requestHead(prediction.request(), json);
    body(json, "request_content", prediction.requestBody(), isGrpc(prediction));
    responseHead(prediction.response(), json);
    times(timing, json);
    if (timing.gapMaxNanos() != Timing.NONE) {
      json.memberThousandths("gap_max_ms", timing.gapMaxNanos() / MICROS);
    }
    json.member("response_size", prediction.responseBody().size())
        .member("ending", prediction.ending().word());
    target(prediction.target(), json);
    json.member("request_id_replaced", prediction.requestIdReplaced());
    memberIfAny(json, "x_request_id", prediction.externalRequestId());
    memberIfAny(json, "trace_id", prediction.traceId());
    if (prediction.grpc().isPresent()) {
      json.member("grpc_status", prediction.grpc().code());
    }
    memberIfAny(json, "grpc_message", prediction.grpc().message());
    json.endObject().endLine();
  }

  /// One line of the stream `response_body`.
  void responseBody(Prediction prediction, JsonWriter json) throws IOException {
    json.beginObject();
    identity(json, prediction.requestId(), prediction.model());
    body(json, "response_content", prediction.responseBody(), isGrpc(prediction));
    json.member("time", time(prediction.timeMillis())).endObject().endLine();
  }

  /// One line of the stream `feedback`.
  void feedback(Feedback feedback, JsonWriter json) throws IOException {
    json.beginObject();
    identity(json, feedback.requestId(), feedback.model());
    json.memberRaw("payload", feedback.payloadJson().isEmpty() ? "{}" : feedback.payloadJson());
    json.member("time", time(feedback.timeMillis()));
    memberIfAny(json, "idempotency_key", feedback.idempotencyKey());
    json.endObject().endLine();
  }

  /// One line of the stream `access_log`.
  void accessLog(AccessRecord access, JsonWriter json) throws IOException {
    json.beginObject();
    identity(json, access.requestId(), access.model());
    requestHead(access.request(), json);
    json.member("request_size", access.sizes().request());
    responseHead(access.response(), json);
    json.member("response_size", access.sizes().response());
    times(access.timing(), json);
    json.member("ending", access.ending().word());
    target(access.target(), json);
    json.member("request_id_replaced", access.requestIdReplaced());
    memberIfAny(json, "x_request_id", access.externalRequestId());
    memberIfAny(json, "protocol", access.told().protocol());
    memberIfAny(json, "response_code_details", access.told().details());
    memberIfAny(json, "response_flags", access.told().flags());
    json.endObject().endLine();
  }

  private static void target(Target target, JsonWriter json) throws IOException {
    json.member("route", target.route()).member("deployment", target.deployment());
    memberIfAny(json, "replica", target.replica());
    if (target.attempts() != 0) {
      json.member("attempts", target.attempts());
    }
  }

  private void times(Timing timing, JsonWriter json) throws IOException {
    json.member("time", time(timing.endMillis()))
        .member("start_time", timeWithMillis(timing.startMillis()))
        .memberThousandths("duration_ms", timing.durationNanos() / MICROS);
    if (timing.firstByteNanos() != Timing.NONE) {
      json.memberThousandths("first_byte_ms", timing.firstByteNanos() / MICROS);
    }
  }

  private static void identity(JsonWriter json, RequestId id, ModelIdentity model)
      throws IOException {
    json.member("request_id", id.value())
        .member("model_name", model.name())
        .member("model_version", model.version());
  }

  private static void requestHead(RequestHead request, JsonWriter json) throws IOException {
    json.member("request_http_method", request.method())
        .member("request_uri", request.uri())
        .member("request_host", request.host());
    json.name("request_http_headers").beginObject();
    json.member(":method", request.method())
        .member(":path", request.path())
        .member(":authority", request.authority())
        .member(":scheme", request.scheme());
    headers(request.headers(), json);
    json.endObject();
  }

  private static void responseHead(ResponseHead response, JsonWriter json) throws IOException {
    json.member("response_status", Integer.toString(response.status()));
    json.name("response_http_headers").beginObject();
    if (response.status() != 0) {
      json.member(":status", Integer.toString(response.status()));
    }
    headers(response.headers(), json);
    json.endObject();
  }

  /// One member a name, in the order of the names' first appearance; values are joined with `, `.
  private static void headers(List<Header> headers, JsonWriter json) throws IOException {
    if (headers.size() > FEW_HEADERS) {
      manyHeaders(headers, json);
      return;
    }
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      if (isPseudo(header) || nameStandsBefore(headers, i)) {
        continue;
      }
      json.name(header.name());
      json.beginText();
      json.piece(header.value());
      for (int k = i + 1; k < headers.size(); k++) {
        if (headers.get(k).name().equals(header.name())) {
          json.piece(", ");
          json.piece(headers.get(k).value());
        }
      }
      json.endText();
    }
  }

  private static void manyHeaders(List<Header> headers, JsonWriter json) throws IOException {
    Map<String, StringBuilder> joined = new LinkedHashMap<>();
    for (Header header : headers) {
      StringBuilder value = joined.get(header.name());
      if (value != null) {
        value.append(", ").append(header.value());
      } else if (!isPseudo(header)) {
        joined.put(header.name(), new StringBuilder(header.value()));
      }
    }
    for (Map.Entry<String, StringBuilder> header : joined.entrySet()) {
      json.member(header.getKey(), header.getValue().toString());
    }
  }

  private static boolean nameStandsBefore(List<Header> headers, int index) {
    String name = headers.get(index).name();
    for (int k = 0; k < index; k++) {
      if (headers.get(k).name().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /// Names with a colon in front are ours to write; a sender can't have one in HTTP.
  private static boolean isPseudo(Header header) {
    return header.name().startsWith(":");
  }

  /// Whether the bodies are messages of gRPC: never text, though some of them might pass for it.
  private static boolean isGrpc(Prediction prediction) {
    for (Header header : prediction.request().headers()) {
      if (header.name().equals("content-type")) {
        return header.value().regionMatches(true, 0, GRPC_TYPE, 0, GRPC_TYPE.length());
      }
    }
    return false;
  }

  /// @param binary it is not to be taken for text
  private void body(JsonWriter json, String name, Body body, boolean binary) throws IOException {
    ContentDecoding.Outcome outcome = decoding.decode(body);
    byte[] bytes = decoding.bytes();
    int length = decoding.length();
    boolean wire = outcome != ContentDecoding.Outcome.DECODED;
    int textLength = body.truncated() ? Utf8.withoutPartialEnd(bytes, length) : length;
    boolean text = !wire && !binary && Utf8.isValid(bytes, textLength);
    if (text) {
      json.memberUtf8(name, bytes, 0, textLength);
    } else {
      json.memberBase64(name, bytes, 0, length).member("encoding", "base64");
    }
    memberIfAny(json, "content_encoding", body.contentEncoding());
    if (wire) {
      json.member("decoding", outcome.word());
    }
    json.member("size", body.size()).member("truncated", body.truncated());
  }

  private static void memberIfAny(JsonWriter json, String name, String value) throws IOException {
    if (!value.isEmpty()) {
      json.member(name, value);
    }
  }

  /// `YYYY-MM-DD HH:MM:SS +0000`. Consecutive entries mostly share a second.
  private String time(long millis) {
    long second = Math.floorDiv(millis, 1000);
    if (second != renderedSecond) {
      renderedTime = seconds(second).append(" +0000").toString();
      renderedSecond = second;
    }
    return renderedTime;
  }

  private static String timeWithMillis(long millis) {
    StringBuilder time = seconds(Math.floorDiv(millis, 1000)).append('.');
    padded(time, Math.floorMod(millis, 1000), 3);
    return time.append(" +0000").toString();
  }

  private static StringBuilder seconds(long second) {
    LocalDateTime at = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
    StringBuilder time = new StringBuilder(32);
    padded(time, at.getYear(), 4).append('-');
    padded(time, at.getMonthValue(), 2).append('-');
    padded(time, at.getDayOfMonth(), 2).append(' ');
    padded(time, at.getHour(), 2).append(':');
    padded(time, at.getMinute(), 2).append(':');
    return padded(time, at.getSecond(), 2);
  }

  private static StringBuilder padded(StringBuilder text, int value, int width) {
    String digits = Integer.toString(value);
    for (int i = digits.length(); i < width; i++) {
      text.append('0');
    }
    return text.append(digits);
  }
}
