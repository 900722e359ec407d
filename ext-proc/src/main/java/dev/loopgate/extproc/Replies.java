package dev.loopgate.extproc;

import io.envoyproxy.envoy.service.ext_proc.v3.BodyResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.HeadersResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.envoyproxy.envoy.service.ext_proc.v3.TrailersResponse;
import org.jspecify.annotations.Nullable;

/// The one thing we ever say to a message that Envoy waits over: go on, nothing is changed. Shared
/// by all threads.
final class Replies {
  private static final HeadersResponse HEADERS = HeadersResponse.getDefaultInstance();
  private static final BodyResponse BODY = BodyResponse.getDefaultInstance();
  private static final TrailersResponse TRAILERS = TrailersResponse.getDefaultInstance();

  private static final ProcessingResponse REQUEST_HEADERS =
      ProcessingResponse.newBuilder().setRequestHeaders(HEADERS).build();
  private static final ProcessingResponse RESPONSE_HEADERS =
      ProcessingResponse.newBuilder().setResponseHeaders(HEADERS).build();
  private static final ProcessingResponse REQUEST_BODY =
      ProcessingResponse.newBuilder().setRequestBody(BODY).build();
  private static final ProcessingResponse RESPONSE_BODY =
      ProcessingResponse.newBuilder().setResponseBody(BODY).build();
  private static final ProcessingResponse REQUEST_TRAILERS =
      ProcessingResponse.newBuilder().setRequestTrailers(TRAILERS).build();
  private static final ProcessingResponse RESPONSE_TRAILERS =
      ProcessingResponse.newBuilder().setResponseTrailers(TRAILERS).build();

  private Replies() {}

  /// The reply to a message; null to one that has none.
  static @Nullable ProcessingResponse to(ProcessingRequest message) {
    return switch (message.getRequestCase()) {
      case REQUEST_HEADERS -> REQUEST_HEADERS;
      case RESPONSE_HEADERS -> RESPONSE_HEADERS;
      case REQUEST_BODY -> REQUEST_BODY;
      case RESPONSE_BODY -> RESPONSE_BODY;
      case REQUEST_TRAILERS -> REQUEST_TRAILERS;
      case RESPONSE_TRAILERS -> RESPONSE_TRAILERS;
      case REQUEST_NOT_SET -> null;
    };
  }
}
