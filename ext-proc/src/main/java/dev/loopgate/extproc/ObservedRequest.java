package dev.loopgate.extproc;

import com.google.protobuf.Struct;
import dev.loopgate.capture.BodyCapture;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.Requesting;
import dev.loopgate.capture.TraceParent;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Predictor;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A request as Envoy shows it: after the filters before ours, before its router changes anything.
///
/// @param id the exchange's Request-Id
/// @param replaced the caller's own broke the rule
record ObservedRequest(EnvoyHead head, RequestId id, boolean replaced) {
  private static final String EXTERNAL_ID = "x-request-id";
  private static final String TRACE_PARENT = "traceparent";

  private static final Pattern NOT_ASCII = Pattern.compile("[^\\x00-\\x7f]");

  // Envoy's log knows no others.
  private static final Set<String> LOGGED_METHODS =
      Arrays.stream(RequestMethod.values())
          .filter(method -> method != RequestMethod.METHOD_UNSPECIFIED)
          .filter(method -> method != RequestMethod.UNRECOGNIZED)
          .map(RequestMethod::name)
          .collect(Collectors.toUnmodifiableSet());

  /// Of the message that shows its head.
  ///
  /// The Request-Id is the one that our authorization decided; else the caller's, which Envoy sent
  /// on; else Envoy's own. When none of them can be kept the entry alone has a fresh one.
  static ObservedRequest of(ProcessingRequest message, RequestIds ids, long epochMillis) {
    return of(
        EnvoyHead.of(message.getRequestHeaders().getHeaders()),
        Shown.authorized(message.getMetadataContext()),
        ids,
        epochMillis);
  }

  /// The same of a head that was told otherwise.
  ///
  /// @param authorized what our authorization noted, see [Shown#authorized]
  static ObservedRequest of(EnvoyHead head, Struct authorized, RequestIds ids, long epochMillis) {
    String decided = Shown.text(authorized, "request_id");
    if (RequestId.isValid(decided)) {
      return new ObservedRequest(
          head, new RequestId(decided), Shown.flag(authorized, "request_id_replaced"));
    }
    String sent = head.first("request-id");
    if (RequestId.isValid(sent)) {
      return new ObservedRequest(head, new RequestId(sent), false);
    }
    String external = head.first(EXTERNAL_ID);
    RequestId id = RequestId.isValid(external) ? new RequestId(external) : ids.next(epochMillis);
    return new ObservedRequest(head, id, !sent.isEmpty());
  }

  /// Which model it is for, and by which route.
  Optional<Fleet.Match> match(Fleet fleet) {
    String path = path();
    Optional<Fleet.Match> match = fleet.match(path);
    if (match.isPresent() || !isGrpcCall()) {
      return match;
    }
    String id = head.first("model-id");
    return fleet.matchGrpc(id.isEmpty() ? null : id, head.first(":authority"), path);
  }

  /// Whether it is a prediction that is to be kept.
  boolean isCaptured(Fleet.Match match) {
    Predictor predictor = match.deployment().model().predictor();
    return match.deployment().model().kept().captured()
        && predictor.captures(head.first(":method"), match.path());
  }

  /// Whether its method says so: Envoy's log tells no lengths that were declared.
  boolean hasNoBody() {
    String method = head.first(":method");
    return method.equals("GET") || method.equals("HEAD");
  }

  /// By which what is shown and what is logged of it find each other; empty when Envoy has no id
  /// for it.
  String key() {
    return key(head.first(":path"));
  }

  /// The same, had it been asked for `path`.
  String key(String path) {
    String id = head.first(EXTERNAL_ID);
    if (id.isEmpty()) {
      return "";
    }
    String method = head.first(":method");
    return id + ' ' + (LOGGED_METHODS.contains(method) ? method : "") + ' ' + plain(path);
  }

  // Envoy logs what is no UTF-8 as such a sign.
  private static String plain(String shown) {
    return NOT_ASCII.matcher(shown).replaceAll("!");
  }

  /// Whether both have the same `request-id`, or one has none. Never the authority: Envoy's router
  /// changes it before it is logged.
  boolean agreesWith(ObservedRequest other) {
    String id = plain(head.first("request-id"));
    String its = plain(other.head.first("request-id"));
    return id.isEmpty() || its.isEmpty() || id.equals(its);
  }

  /// Where the request ends that this one comes of, where Envoy follows a redirect by itself: its
  /// URL, or its path, if Envoy's router has changed that before. Empty where it does not.
  String redirectedFrom() {
    String url = head.first("x-envoy-original-url");
    String path = head.first("x-envoy-original-path");
    return url.isEmpty() || path.isEmpty() ? url : path;
  }

  /// Envoy's own id as it may be kept.
  String externalId(Redaction redaction) {
    return kept(redaction, EXTERNAL_ID);
  }

  /// What is kept of it from now on.
  Requesting requesting(
      Fleet.Match match, Redaction redaction, long startMillis, long startNanos, BodyCapture body) {
    return new Requesting(
        id,
        replaced,
        externalId(redaction),
        traceId(redaction),
        requestHead(match, redaction),
        startMillis,
        startNanos,
        body,
        head.first("content-encoding").toLowerCase(Locale.ROOT));
  }

  /// What is kept of its head.
  ///
  /// The model's path is taken to be the one behind the route's prefix, as our own proxy passes it
  /// on: what Envoy's router makes of it comes after us.
  RequestHead requestHead(Fleet.Match match, Redaction redaction) {
    String target = head.first(":path");
    int query = target.indexOf('?');
    String modelPath = match.path() + (query < 0 ? "" : target.substring(query));
    String authority = head.first(":authority");
    return new RequestHead(
        head.first(":method"),
        redaction.maskQuery(modelPath),
        authority,
        head.first(":scheme"),
        redaction.maskQuery(
            firstFilled(
                kept(redaction, "x-original-uri"),
                kept(redaction, "x-envoy-original-path"),
                target)),
        firstFilled(kept(redaction, "x-forwarded-host"), "", authority),
        redaction.redact(head.headers()));
  }

  private String path() {
    String target = head.first(":path");
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  // Not grpc-web, which is answered in HTTP. Envoy tells of HTTP/2 and HTTP/1.1 alike.
  private boolean isGrpcCall() {
    String type = head.first("content-type").toLowerCase(Locale.ROOT);
    return type.equals("application/grpc")
        || type.startsWith("application/grpc+")
        || type.startsWith("application/grpc;");
  }

  // A field of the record is no way round the rules for headers.
  private String kept(Redaction redaction, String name) {
    return redaction.removes(name) ? "" : head.first(name);
  }

  // What may not be kept as a header is not kept in part either; several are none.
  String traceId(Redaction redaction) {
    long parents = head.headers().stream().map(Header::name).filter(TRACE_PARENT::equals).count();
    return parents != 1 || redaction.touches(TRACE_PARENT)
        ? ""
        : TraceParent.traceIdOf(head.first(TRACE_PARENT));
  }

  private static String firstFilled(String first, String second, String third) {
    if (!first.isEmpty()) {
      return first;
    }
    return second.isEmpty() ? third : second;
  }
}
