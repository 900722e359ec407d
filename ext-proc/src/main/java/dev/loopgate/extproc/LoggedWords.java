package dev.loopgate.extproc;

import com.google.protobuf.Duration;
import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Timing;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import java.util.concurrent.TimeUnit;

/// What Envoy says of an exchange and of a connection alike.
///
/// @param firstByteNanos [Timing#NONE] when none came
/// @param replica `host:port` of the server that was asked, empty when none was
/// @param cluster the Envoy cluster it belongs to
record LoggedWords(
    long durationNanos,
    long firstByteNanos,
    String replica,
    String cluster,
    int attempts,
    AccessRecord.Told told) {
  private static final int TOLD_LENGTH_MAX = 512;
  private static final int REPLICA_LENGTH_MAX = 200;
  private static final int ATTEMPTS_MAX = 1 << 20;
  private static final long SECONDS_MAX = TimeUnit.DAYS.toSeconds(30);

  static LoggedWords of(AccessLogCommon common, String protocol, String details) {
    Address server = common.getUpstreamRemoteAddress();
    return new LoggedWords(
        common.hasDuration()
            ? nanos(common.getDuration())
            : nanos(common.getTimeToLastDownstreamTxByte()),
        common.hasTimeToFirstDownstreamTxByte()
            ? nanos(common.getTimeToFirstDownstreamTxByte())
            : Timing.NONE,
        addressOf(server),
        common.getUpstreamCluster(),
        attemptsOf(common),
        new AccessRecord.Told(
            protocol, cut(details), ResponseDetails.wordsOf(common.getResponseFlags())));
  }

  /// How often a server was chosen for it; 0 when Envoy does not say.
  static int attemptsOf(AccessLogCommon common) {
    return Math.clamp(
        Integer.toUnsignedLong(common.getUpstreamRequestAttemptCount()), 0, ATTEMPTS_MAX);
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

  /// @param toldMillis when it was over, about
  /// @param keptMillis the end in the record
  Timing timing(long toldMillis, long keptMillis) {
    return new Timing(
        toldMillis - TimeUnit.NANOSECONDS.toMillis(durationNanos),
        keptMillis,
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
