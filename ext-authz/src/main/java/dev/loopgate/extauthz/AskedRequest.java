package dev.loopgate.extauthz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.protobuf.ByteString;
import dev.loopgate.policy.Refusal;
import dev.loopgate.policy.RequestLine;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request, as Envoy tells of it: nothing is decoded or normalised here. Any thread.
///
/// Values of headers are read where somebody asks for them, byte for byte as ISO-8859-1. That is
/// the caller's only with `encode_raw_headers: true`; else Envoy has joined what came several times
/// with commas, and put `!` for what is not UTF-8.
final class AskedRequest {
  /// Beyond so many bytes of a head nothing is judged; Envoy's own limit is 60 KiB.
  static final int HEAD_BYTES_MAX = 256 << 10;

  private static final String GRPC = "application/grpc";

  private final AttributeContext.HttpRequest http;
  private final String path;

  private AskedRequest(AttributeContext.HttpRequest http) {
    this.http = http;
    int query = http.getPath().indexOf('?');
    this.path = query < 0 ? http.getPath() : http.getPath().substring(0, query);
  }

  /// The request of a question; one without anything where the question has none.
  static AskedRequest of(CheckRequest question) {
    return new AskedRequest(question.getAttributes().getRequest().getHttp());
  }

  String method() {
    return http.getMethod();
  }

  /// Without query, as it came.
  String path() {
    return path;
  }

  /// The authority.
  String host() {
    return http.getHost();
  }

  /// The values of all headers of this lower-case name, in the order of the wire.
  List<String> values(String name) {
    List<String> values = new ArrayList<>(1);
    if (http.hasHeaderMap()) {
      for (HeaderValue header : http.getHeaderMap().getHeadersList()) {
        if (header.getKey().equalsIgnoreCase(name)) {
          ByteString raw = header.getRawValue();
          values.add((raw.isEmpty() ? header.getValueBytes() : raw).toString(ISO_8859_1));
        }
      }
      return values;
    }
    String joined = http.getHeadersMap().get(name);
    if (joined != null) {
      values.add(ByteString.copyFromUtf8(joined).toString(ISO_8859_1));
    }
    return values;
  }

  /// The first of them, null when there is none.
  @Nullable String first(String name) {
    List<String> values = values(name);
    return values.isEmpty() ? null : values.getFirst();
  }

  /// Whether it is a call of gRPC, as `proxy` understands that: in HTTP/1.1 there are none, and
  /// grpc-web is none.
  boolean isCall() {
    String protocol = http.getProtocol();
    if (!protocol.equals("HTTP/2") && !protocol.equals("HTTP/3")) {
      return false;
    }
    String type = first("content-type");
    if (type == null || !type.regionMatches(true, 0, GRPC, 0, GRPC.length())) {
      return false;
    }
    return type.length() == GRPC.length() || "+; ".indexOf(type.charAt(GRPC.length())) >= 0;
  }

  /// What a caller is told whose request is none, in the words of `proxy`; null for one that is.
  @Nullable Refusal fault() {
    // A body is here only where Envoy is told to send it; it is judged by nobody.
    if (http.getSerializedSize() - http.getBody().length() - http.getRawBody().size()
        > HEAD_BYTES_MAX) {
      return Refusal.malformed(431, "the head is larger than " + HEAD_BYTES_MAX + " bytes");
    }
    String wrong = RequestLine.wrongMethod(method());
    if (wrong != null) {
      return Refusal.malformed(400, wrong);
    }
    return RequestLine.isTarget(http.getPath(), method())
        ? null
        : Refusal.malformed(400, "the request target is malformed");
  }
}
