package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Upstream;
import java.util.ArrayList;
import java.util.List;

/// Which headers go on, in both directions, and which are ours.
final class PassedHeaders {
  static final String MODEL_NAME = "model-name";
  static final String MODEL_VERSION = "model-version";

  private PassedHeaders() {}

  /// The headers of the request to the model, without `host`.
  ///
  /// @param upgrades whether another protocol may be spoken from here on, if the caller asks
  static List<Header> toModel(
      CallerRequest request,
      RequestId id,
      Upstream upstream,
      Caller caller,
      ProxyLoop loop,
      boolean upgrades) {
    Edge edge = loop.config().edge();
    KnownHeaders known = loop.knownHeaders();
    List<Header> passed = new ArrayList<>(request.headers().size() + 6);
    for (Header header : request.headers()) {
      if (!isOursInRequest(header.name()) && !Hops.keeps(header.name(), request.hops())) {
        passed.add(header);
      }
    }
    ForwardedHeaders.tell(passed, request, edge, caller, known);
    if (edge.trace() == Edge.Trace.MAKE) {
      Traces.ensure(passed, loop.requestIds());
    }
    passed.add(new Header(RequestIdentity.HEADER, id.value()));
    switch (request.framing().kind()) {
      case LENGTH -> passed.add(contentLength(request.framing().length(), known));
      case CHUNKED -> {
        if (!upstream.isHttp2()) {
          passed.add(known.of("transfer-encoding", "chunked"));
        }
      }
      case NONE, UNTIL_CLOSE -> {}
    }
    String upgrade = upgrades ? request.upgrade() : null;
    if (upgrade != null && !upstream.isHttp2()) {
      passed.add(known.of("connection", "upgrade"));
      passed.add(known.of("upgrade", upgrade));
    } else if (request.welcomesTrailers()) {
      passed.add(known.of("te", "trailers"));
      if (!upstream.isHttp2()) {
        passed.add(known.of("connection", "te")); // RFC 9110, section 10.1.4
      }
    }
    return passed;
  }

  /// The headers of the response to the caller, as far as the model sent them, and ours of the
  /// model and the id; nothing of framing and connection.
  static List<Header> toCaller(
      ModelAnswer answer, RequestId id, Deployment.Labels labels, KnownHeaders known) {
    List<Header> passed = new ArrayList<>(answer.headers().size() + 5);
    for (Header header : answer.headers()) {
      if (!isOursInResponse(header.name()) && !Hops.keeps(header.name(), answer.hops())) {
        passed.add(header);
      }
    }
    if (answer.isSwitch()) {
      String upgrade = RawHead.first(answer.headers(), "upgrade");
      passed.add(known.of("connection", "upgrade"));
      passed.add(known.of("upgrade", upgrade == null ? "" : upgrade));
    }
    addOurs(passed, id, labels, known);
    return passed;
  }

  /// The headers that say who answered.
  static void addOurs(
      List<Header> headers, RequestId id, Deployment.Labels labels, KnownHeaders known) {
    headers.add(new Header(RequestIdentity.HEADER, id.value()));
    headers.add(known.of(MODEL_NAME, harmless(labels.name())));
    headers.add(known.of(MODEL_VERSION, harmless(labels.version())));
  }

  static Header contentLength(long length, KnownHeaders known) {
    return known.of("content-length", Long.toString(length));
  }

  private static boolean isOursInRequest(String name) {
    return switch (name) {
      // Expect: we answer it ourselves as soon as the model can be written to.
      case "host", "content-length", "expect", RequestIdentity.HEADER -> true;
      default -> false;
    };
  }

  private static boolean isOursInResponse(String name) {
    return switch (name) {
      case "content-length", RequestIdentity.HEADER, MODEL_NAME, MODEL_VERSION -> true;
      default -> false;
    };
  }

  // What a model says of itself elsewhere may be any text.
  private static String harmless(String text) {
    if (RequestId.isValid(text)) {
      return text;
    }
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), RequestId.LENGTH_MAX); i++) {
      char c = text.charAt(i);
      plain.append(c < 0x20 || c > 0x7e ? '?' : c);
    }
    return plain.toString();
  }
}
