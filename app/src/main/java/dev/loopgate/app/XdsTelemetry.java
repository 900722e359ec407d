package dev.loopgate.app;

import dev.loopgate.xds.RefusedReason;
import dev.loopgate.xds.XdsEvents;
import dev.loopgate.xds.XdsType;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayDeque;
import java.util.Deque;

/// What became of the configurations of Envoys, as metrics and lines: one line of each version that
/// an Envoy does not take. Confined to the thread `xds`.
final class XdsTelemetry implements XdsEvents {
  private static final String ROOM = "xds";
  private static final int LINES_MAX = 64; // versions that are remembered to have had their line

  private final ProxyTelemetry bugs;
  private final LogLines log;
  private final Gauge streams;
  private final Counter refused;
  private final Counter configurations;
  private final Counter responses;
  private final Counter acks;
  private final Counter nacks;
  private final Deque<String> told = new ArrayDeque<>();

  XdsTelemetry(PrometheusRegistry registry, LogLines log, ProxyTelemetry bugs) {
    this.bugs = bugs;
    this.log = log;
    streams =
        Gauge.builder()
            .name("loopgate_xds_streams")
            .help("Envoys that are configured from here.")
            .register(registry);
    refused =
        Counter.builder()
            .name("loopgate_xds_refused")
            .help("Their streams, and others', that were ended with a refusal.")
            .labelNames("reason")
            .register(registry);
    configurations =
        Counter.builder()
            .name("loopgate_xds_configurations")
            .help("Configurations made of the fleet.")
            .labelNames("result")
            .register(registry);
    responses =
        Counter.builder()
            .name("loopgate_xds_responses")
            .help("Resources sent to an Envoy, by their type.")
            .labelNames("type")
            .register(registry);
    acks =
        Counter.builder()
            .name("loopgate_xds_acks")
            .help("Of them taken.")
            .labelNames("type")
            .register(registry);
    nacks =
        Counter.builder()
            .name("loopgate_xds_nacks")
            .help("Of them not taken: the Envoy keeps what it had. Offered again after a pause.")
            .labelNames("type")
            .register(registry);
    for (XdsType type : XdsType.values()) {
      responses.labelValues(type.word()).inc(0);
      acks.labelValues(type.word()).inc(0);
      nacks.labelValues(type.word()).inc(0);
    }
    for (RefusedReason reason : RefusedReason.values()) {
      refused.labelValues(reason.word()).inc(0);
    }
    configurations.labelValues("offered").inc(0);
    configurations.labelValues("failed").inc(0);
  }

  @Override
  public void opened() {
    streams.inc();
  }

  @Override
  public void closed() {
    streams.dec();
  }

  @Override
  public void refused(RefusedReason reason, String line) {
    refused.labelValues(reason.word()).inc();
    log.repeated(LogLines.Level.WARN, ROOM, ROOM + reason.word(), "an Envoy is refused: " + line);
  }

  @Override
  public void published(int clusters, int routes) {
    configurations.labelValues("offered").inc();
  }

  @Override
  public void unpublished(String reason) {
    configurations.labelValues("failed").inc();
    log.line(LogLines.Level.WARN, ROOM, "Envoys keep the configuration they have: " + reason);
  }

  @Override
  public void sent(XdsType type) {
    responses.labelValues(type.word()).inc();
  }

  @Override
  public void acked(XdsType type) {
    acks.labelValues(type.word()).inc();
  }

  @Override
  public void nacked(XdsType type, String version, String node, String reason) {
    nacks.labelValues(type.word()).inc();
    String what = type.word() + " " + version;
    if (!told.contains(what)) {
      if (told.size() == LINES_MAX) {
        told.remove();
      }
      told.add(what);
      log.line(
          LogLines.Level.WARN,
          ROOM,
          "an Envoy does not take its configuration: type="
              + type.word()
              + ", version="
              + version
              + ", node="
              + node
              + ": "
              + reason);
    }
  }

  @Override
  public void failed(Throwable cause) {
    bugs.failedBeside(ROOM, cause);
  }
}
