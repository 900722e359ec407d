package dev.loopgate.extproc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpBody;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpHeaders;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpTrailers;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;

/// The messages that Envoy shows an exchange by. Headers are given as `name: value`.
final class Shows {
  private static final String ATTRIBUTES = "envoy.filters.http.ext_proc";
  private static final String AUTHORIZATION = "envoy.filters.http.ext_authz";

  private Shows() {}

  static ProcessingRequest.Builder request(boolean last, String... headers) {
    return ProcessingRequest.newBuilder().setRequestHeaders(head(last, headers));
  }

  /// A POST to the model `m`, whose body comes.
  static ProcessingRequest.Builder post(String id, String... more) {
    String[] headers = new String[more.length + 5];
    headers[0] = ":method: POST";
    headers[1] = ":path: /model/m/predict?a=1";
    headers[2] = ":authority: door.example";
    headers[3] = ":scheme: http";
    headers[4] = "request-id: " + id;
    System.arraycopy(more, 0, headers, 5, more.length);
    return request(false, headers);
  }

  static ProcessingRequest.Builder requestBody(String piece, boolean last) {
    return ProcessingRequest.newBuilder()
        .setRequestBody(body(ByteString.copyFromUtf8(piece), last));
  }

  static ProcessingRequest.Builder requestBody(ByteString piece, boolean last) {
    return ProcessingRequest.newBuilder().setRequestBody(body(piece, last));
  }

  static ProcessingRequest.Builder requestTrailers(String... trailers) {
    return ProcessingRequest.newBuilder()
        .setRequestTrailers(HttpTrailers.newBuilder().setTrailers(map(trailers)));
  }

  static ProcessingRequest.Builder response(boolean last, String... headers) {
    return ProcessingRequest.newBuilder().setResponseHeaders(head(last, headers));
  }

  static ProcessingRequest.Builder responseBody(String piece, boolean last) {
    return ProcessingRequest.newBuilder()
        .setResponseBody(body(ByteString.copyFromUtf8(piece), last));
  }

  static ProcessingRequest.Builder responseTrailers(String... trailers) {
    return ProcessingRequest.newBuilder()
        .setResponseTrailers(HttpTrailers.newBuilder().setTrailers(map(trailers)));
  }

  /// The message with an attribute, as Envoy sends it.
  static ProcessingRequest.Builder with(
      ProcessingRequest.Builder message, String attribute, String value) {
    Struct before = message.getAttributesOrDefault(ATTRIBUTES, Struct.getDefaultInstance());
    return message.putAttributes(
        ATTRIBUTES, before.toBuilder().putFields(attribute, text(value)).build());
  }

  /// The message with an attribute that is a number.
  static ProcessingRequest.Builder with(
      ProcessingRequest.Builder message, String attribute, int value) {
    return message.putAttributes(
        ATTRIBUTES,
        Struct.newBuilder()
            .putFields(attribute, Value.newBuilder().setNumberValue(value).build())
            .build());
  }

  /// The message with what an authorization noted.
  static ProcessingRequest.Builder authorized(ProcessingRequest.Builder message, String id) {
    Struct noted =
        Struct.newBuilder()
            .putFields("request_id", text(id))
            .putFields("request_id_replaced", Value.newBuilder().setBoolValue(true).build())
            .build();
    return message.setMetadataContext(
        Metadata.newBuilder().putFilterMetadata(AUTHORIZATION, noted));
  }

  private static Value text(String value) {
    return Value.newBuilder().setStringValue(value).build();
  }

  private static HttpHeaders head(boolean last, String... headers) {
    return HttpHeaders.newBuilder().setHeaders(map(headers)).setEndOfStream(last).build();
  }

  private static HttpBody body(ByteString piece, boolean last) {
    return HttpBody.newBuilder().setBody(piece).setEndOfStream(last).build();
  }

  private static HeaderMap map(String... headers) {
    HeaderMap.Builder map = HeaderMap.newBuilder();
    for (String header : headers) {
      int colon = header.indexOf(": ", 1);
      map.addHeaders(
          HeaderValue.newBuilder()
              .setKey(header.substring(0, colon))
              .setRawValue(ByteString.copyFromUtf8(header.substring(colon + 2))));
    }
    return map.build();
  }
}
