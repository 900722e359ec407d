package dev.loopgate.extproc;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.fleet.Fleet;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogType;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// One exchange as Envoy's access log tells of it. Times are those of its arrival here and of
/// Envoy's own stop watch: its clock may be another. Immutable, any thread.
///
/// @param keys by which external processing may have shown it, see [ObservedRequest#key]; none when
///   Envoy has no id for it
/// @param facts what is told of how it went
/// @param toldMillis when it was told, milliseconds since the epoch
/// @param keptMillis when it is counted and kept: its partition's time
record LoggedExchange(
    List<String> keys,
    ObservedRequest request,
    LoggedFacts facts,
    LoggedWords words,
    long toldMillis,
    long keptMillis) {
  private static final int BYTES = 1_000; // its objects, without its headers

  /// How far the beginning by the log may be from that by what was shown: both come late.
  private static final long BEGAN_NANOS = TimeUnit.SECONDS.toNanos(5);

  static LoggedExchange of(HTTPAccessLogEntry entry, RequestIds ids, long nowMillis) {
    HTTPResponseProperties response = entry.getResponse();
    AccessLogCommon common = entry.getCommonProperties();
    String details = response.getResponseCodeDetails();
    int status = response.getResponseCode().getValue();
    Ending ending =
        ResponseDetails.endingOf(
            details,
            common.getResponseFlags(),
            common.hasUpstreamRemoteAddress(),
            LoggedWords.attemptsOf(common));
    if (isTunnel(entry)) {
      ending = ResponseDetails.endingOfTunnel(ending);
    }
    ObservedRequest request =
        ObservedRequest.of(
            headOf(entry.getRequest()), Shown.authorized(common.getMetadata()), ids, nowMillis);
    return new LoggedExchange(
        Stream.of(request.key(), request.key(entry.getRequest().getPath()))
            .filter(key -> !key.isEmpty())
            .distinct()
            .toList(),
        request,
        new LoggedFacts(
            ending,
            status < 0 || status > 999 ? 0 : status,
            Math.max(0, entry.getRequest().getRequestBodyBytes()),
            Math.max(0, response.getResponseBodyBytes())),
        LoggedWords.of(common, protocolOf(entry), details),
        nowMillis,
        nowMillis);
  }

  /// Whether the entry tells of the end of an exchange as the caller saw it.
  static boolean isFinal(HTTPAccessLogEntry entry) {
    return isFinal(entry.getCommonProperties())
        && !entry.getResponse().getResponseCodeDetails().equals("internal_redirect");
  }

  @SuppressWarnings("deprecation") // what an Envoy says that knows no type of its entries
  static boolean isFinal(AccessLogCommon common) {
    AccessLogType type = common.getAccessLogType();
    return type == AccessLogType.NotSet
        ? !common.getIntermediateLogEntry()
        : type == AccessLogType.DownstreamEnd || type == AccessLogType.TcpConnectionEnd;
  }

  private static boolean isTunnel(HTTPAccessLogEntry entry) {
    return entry.getResponse().getResponseCode().getValue() == 101
        || (entry.getRequest().getRequestMethod() == RequestMethod.CONNECT
            && entry.getResponse().getResponseCode().getValue() == 200);
  }

  long durationNanos() {
    return words.durationNanos();
  }

  /// Bytes on the heap, about.
  int bytes() {
    return request.head().bytes() + keys.stream().mapToInt(String::length).sum() + BYTES;
  }

  /// Whether what is shown may be this: the same `request-id`, and about the same beginning.
  ///
  /// @param shown by external processing
  /// @param shownSinceNanos when its first message came
  /// @param toldNanos when this was told, by the same monotonic clock
  boolean fits(ObservedRequest shown, long shownSinceNanos, long toldNanos) {
    return shown.agreesWith(request)
        && Math.abs(toldNanos - durationNanos() - shownSinceNanos) <= BEGAN_NANOS;
  }

  /// Whether a model's server was asked.
  boolean reachedServer() {
    return !words.replica().isEmpty();
  }

  /// Whether a filter above external processing refused it.
  boolean isRefusedAbove() {
    return !reachedServer() && ResponseDetails.isFromAbove(words.told().details());
  }

  /// Whether it was refused where external processing shows nothing, whatever else it shows: before
  /// a route was looked up. The router says the same words, and has a cluster.
  boolean isNeverShown() {
    return words.cluster().isEmpty() && ResponseDetails.isBeforeAllFilters(words.told().details());
  }

  Target target(Fleet.Match match, ModelIdentity model) {
    return new Target(
        match.deployment().model().id(), match.route(), words.replica(), model, words.attempts());
  }

  ResponseHead response() {
    return new ResponseHead(facts.status(), List.of());
  }

  Timing timing() {
    return words.timing(toldMillis, keptMillis);
  }

  /// Whether an answer of Envoy's own is all that there was: nothing was asked of a model.
  boolean isAnsweredByEnvoy() {
    return !reachedServer() && facts.ending() != Ending.MODEL_UNREACHABLE;
  }

  /// The same, kept only now.
  LoggedExchange keptAt(long millis) {
    return new LoggedExchange(keys, request, facts, words, toldMillis, millis);
  }

  AccessRecord record(Fleet.Match match, Target target, Redaction redaction) {
    return new AccessRecord(
        request.id(),
        request.replaced(),
        request.externalId(redaction),
        target,
        request.requestHead(match, redaction),
        response(),
        new AccessRecord.Sizes(facts.requestBytes(), facts.responseBytes()),
        facts.ending(),
        timing(),
        words.told());
  }

  private static EnvoyHead headOf(HTTPRequestProperties request) {
    RequestMethod method = request.getRequestMethod();
    boolean named =
        method != RequestMethod.METHOD_UNSPECIFIED && method != RequestMethod.UNRECOGNIZED;
    List<Header> pseudo = new ArrayList<>(4);
    add(pseudo, ":method", named ? method.name() : "");
    add(
        pseudo,
        ":path",
        request.getOriginalPath().isEmpty() ? request.getPath() : request.getOriginalPath());
    add(pseudo, ":authority", request.getAuthority());
    add(pseudo, ":scheme", request.getScheme());
    List<Header> headers = new ArrayList<>();
    add(headers, "user-agent", request.getUserAgent());
    add(headers, "referer", request.getReferer());
    add(headers, "x-forwarded-for", request.getForwardedFor());
    add(headers, "x-request-id", request.getRequestId());
    for (Map.Entry<String, String> header : request.getRequestHeadersMap().entrySet()) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (headers.stream().noneMatch(other -> other.name().equals(name))) {
        add(headers, name, header.getValue());
      }
    }
    return EnvoyHead.of(pseudo, headers);
  }

  private static void add(List<Header> to, String name, String value) {
    if (!value.isEmpty()) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8); // as what is shown is read
      to.add(new Header(name, new String(bytes, StandardCharsets.ISO_8859_1)));
    }
  }

  private static String protocolOf(HTTPAccessLogEntry entry) {
    return switch (entry.getProtocolVersion()) {
      case HTTP10 -> "HTTP/1.0";
      case HTTP11 -> "HTTP/1.1";
      case HTTP2 -> "HTTP/2";
      case HTTP3 -> "HTTP/3";
      case PROTOCOL_UNSPECIFIED, UNRECOGNIZED -> "";
    };
  }
}
