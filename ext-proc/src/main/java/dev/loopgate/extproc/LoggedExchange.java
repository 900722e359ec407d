package dev.loopgate.extproc;

import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.fleet.Fleet;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogType;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// One exchange as Envoy's access log tells of it. Times are those of its arrival here and of
/// Envoy's own stop watch: its clock may be another. Immutable, any thread.
///
/// @param id Envoy's `x-request-id`, by which external processing shows it; empty when it has none
/// @param facts what is told of how it went
/// @param arrivedMillis when it was told, milliseconds since the epoch
record LoggedExchange(
    String id, ObservedRequest request, LoggedFacts facts, Common common, long arrivedMillis) {
  /// What Envoy says of an exchange and of a connection alike.
  ///
  /// @param firstByteNanos [Timing#NONE] when none came
  /// @param replica `host:port` of the server that was asked, empty when none was
  /// @param cluster the Envoy cluster it belongs to
  record Common(
      long durationNanos,
      long firstByteNanos,
      String replica,
      String cluster,
      int attempts,
      AccessRecord.Told told) {
    private static final int TOLD_LENGTH_MAX = 512;

    static Common of(AccessLogCommon common, String protocol, String details) {
      Address server = common.getUpstreamRemoteAddress();
      return new Common(
          common.hasDuration()
              ? nanos(common.getDuration())
              : nanos(common.getTimeToLastDownstreamTxByte()),
          common.hasTimeToFirstDownstreamTxByte()
              ? nanos(common.getTimeToFirstDownstreamTxByte())
              : Timing.NONE,
          addressOf(server),
          common.getUpstreamCluster(),
          Math.clamp(Integer.toUnsignedLong(common.getUpstreamRequestAttemptCount()), 0, 1 << 20),
          new AccessRecord.Told(
              protocol, cut(details), ResponseDetails.wordsOf(common.getResponseFlags())));
    }

    /// `host:port`; empty when it is not such an address.
    static String addressOf(Address address) {
      String host = address.getSocketAddress().getAddress();
      if (host.isEmpty() || host.length() > REPLICA_LENGTH_MAX) {
        return "";
      }
      String shown = host.indexOf(':') < 0 ? host : "[" + host + "]";
      return shown + ":" + address.getSocketAddress().getPortValue();
    }

    Timing timing(long arrivedMillis) {
      return new Timing(
          arrivedMillis - TimeUnit.NANOSECONDS.toMillis(durationNanos),
          arrivedMillis,
          durationNanos,
          firstByteNanos,
          Timing.NONE);
    }

    private static String cut(String told) {
      return told.length() <= TOLD_LENGTH_MAX ? told : told.substring(0, TOLD_LENGTH_MAX);
    }

    private static long nanos(Duration duration) {
      return TimeUnit.SECONDS.toNanos(Math.clamp(duration.getSeconds(), 0, SECONDS_MAX))
          + Math.clamp(duration.getNanos(), 0, 999_999_999);
    }
  }

  private static final int REPLICA_LENGTH_MAX = 200;
  private static final long SECONDS_MAX = TimeUnit.DAYS.toSeconds(30);
  private static final String AUTHORIZATION = "envoy.filters.http.ext_authz";
  private static final int BYTES = 1_000; // its objects, without its headers

  static LoggedExchange of(HTTPAccessLogEntry entry, RequestIds ids, long nowMillis) {
    HTTPResponseProperties response = entry.getResponse();
    AccessLogCommon common = entry.getCommonProperties();
    String details = response.getResponseCodeDetails();
    int status = response.getResponseCode().getValue();
    Ending ending = ResponseDetails.endingOf(details, common.getResponseFlags());
    if (isTunnel(entry) && (ending == Ending.CLIENT_LEFT || ending == Ending.MODEL_RESET)) {
      ending = Ending.COMPLETE; // it has no other end than that one of both closes it
    }
    Struct noted =
        common.getMetadata().getFilterMetadataOrDefault(AUTHORIZATION, Struct.getDefaultInstance());
    return new LoggedExchange(
        entry.getRequest().getRequestId(),
        ObservedRequest.of(
            headOf(entry.getRequest()),
            Shown.text(noted, "request_id"),
            Shown.flag(noted, "request_id_replaced"),
            ids,
            nowMillis),
        new LoggedFacts(
            ending,
            status < 0 || status > 999 ? 0 : status,
            Math.max(0, entry.getRequest().getRequestBodyBytes()),
            Math.max(0, response.getResponseBodyBytes())),
        Common.of(common, protocolOf(entry), details),
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
    return common.durationNanos();
  }

  /// Bytes on the heap, about.
  int bytes() {
    return request.head().bytes() + BYTES;
  }

  /// Whether a filter above external processing refused it.
  boolean isRefusedAbove() {
    return common.replica().isEmpty() && ResponseDetails.isFromAbove(common.told().details());
  }

  Target target(Fleet.Match match, ModelIdentity model) {
    return new Target(
        match.deployment().model().id(), match.route(), common.replica(), model, common.attempts());
  }

  ResponseHead response() {
    return new ResponseHead(facts.status(), List.of());
  }

  Timing timing() {
    return common.timing(arrivedMillis);
  }

  AccessRecord record(Fleet.Match match, Target target, Redaction redaction) {
    RequestHead head = request.requestHead(match, redaction);
    return new AccessRecord(
        request.id(),
        request.replaced(),
        request.externalId(redaction),
        target,
        head,
        response(),
        new AccessRecord.Sizes(facts.requestBytes(), facts.responseBytes()),
        facts.ending(),
        timing(),
        common.told());
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
      to.add(new Header(name, value));
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
