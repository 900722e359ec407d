package dev.loopgate.app;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;

/// What became of configurations that were read again, as lines, metrics and a detail of `/readyz`.
/// Any thread.
final class ConfigTelemetry {
  private static final double MILLIS = 1e3;

  private final LogLines log;
  private final Counter reloads;
  private final Gauge usedLast;
  private final Gauge usedAt;
  private volatile String problem = "";

  ConfigTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    reloads =
        Counter.builder()
            .name("loopgate_config_reloads")
            .help("Configurations read again.")
            .labelNames("result")
            .register(registry);
    reloads.labelValues("used").inc(0);
    reloads.labelValues("refused").inc(0);
    usedLast =
        Gauge.builder()
            .name("loopgate_config_last_reload_used")
            .help("0 when the last configuration that was read can't be used.")
            .register(registry);
    usedAt =
        Gauge.builder()
            .name("loopgate_config_used_timestamp_seconds")
            .help("When the configuration in use was read.")
            .register(registry);
    usedLast.set(1);
    usedAt.set(log.epochMillis() / MILLIS);
  }

  /// A configuration is in use.
  ///
  /// @param what in a few words
  /// @param restart settings that changed and are used from the next start on
  void used(String what, List<String> restart) {
    problem = "";
    reloads.labelValues("used").inc();
    usedLast.set(1);
    usedAt.set(log.epochMillis() / MILLIS);
    log.line(LogLines.Level.INFO, "app", "the configuration was read again and is used: " + what);
    if (!restart.isEmpty()) {
      log.line(
          LogLines.Level.WARN,
          "app",
          "changed, and used from the next start on: " + String.join(", ", restart));
    }
  }

  /// A configuration can't be used: the one before stays.
  void refused(String reason) {
    problem = reason;
    reloads.labelValues("refused").inc();
    usedLast.set(0);
    log.line(
        LogLines.Level.WARN,
        "app",
        "the configuration can't be used, the one before stays: " + reason);
  }

  /// Why the last one can't be used, empty when it is.
  String problem() {
    return problem;
  }
}
