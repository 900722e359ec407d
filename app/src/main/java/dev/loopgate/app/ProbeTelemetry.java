package dev.loopgate.app;

import dev.loopgate.runtime.ProbeEvents;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What probes find of the models that are configured, as lines and metrics.
final class ProbeTelemetry implements ProbeEvents {
  private static final String ROOM = "runtime";

  private final LogLines log;
  private final Gauge ready;

  ProbeTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    ready =
        Gauge.builder()
            .name("loopgate_model_ready")
            .help("1 when the model's server answered as ready.")
            .labelNames("model")
            .register(registry);
  }

  /// The model is in service no more.
  void forget(String deployment) {
    ready.remove(deployment);
  }

  @Override
  public void modelReady(String deployment) {
    ready.labelValues(deployment).set(1);
    log.line(LogLines.Level.INFO, ROOM, "model " + deployment + " is ready");
  }

  @Override
  public void modelIdentified(String deployment, String name, String version) {
    log.line(
        LogLines.Level.INFO,
        ROOM,
        "model " + deployment + " calls itself " + name + ", version " + version);
  }

  @Override
  public void probeFailed(String deployment, String problem) {
    log.repeated(
        LogLines.Level.WARN, ROOM, "probe-" + deployment, "model " + deployment + ": " + problem);
  }
}
