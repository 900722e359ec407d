package dev.loopgate.app;

import dev.loopgate.runtime.RuntimeEvents;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What becomes of model servers, as lines and metrics.
final class RuntimeTelemetry implements RuntimeEvents {
  private static final String ROOM = "runtime";

  private final LogLines log;
  private final Counter deaths;
  private final Gauge ready;
  private final Set<String> starting = ConcurrentHashMap.newKeySet(); // ids of the fleet: bounded

  RuntimeTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    deaths =
        Counter.builder()
            .name("loopgate_model_deaths")
            .help("Ends of model servers that nobody asked for.")
            .labelNames("model")
            .register(registry);
    ready =
        Gauge.builder()
            .name("loopgate_model_ready")
            .help("1 when the model's server answered as ready.")
            .labelNames("model")
            .register(registry);
  }

  /// The model is in service no more.
  void forget(String deployment) {
    starting.remove(deployment);
    ready.remove(deployment);
  }

  @Override
  public void orphanEnded(String deployment, long pid) {
    log.line(
        LogLines.Level.INFO,
        ROOM,
        "ended the server of " + deployment + " left by an earlier life, pid " + pid);
  }

  @Override
  public void replicaStarted(String deployment, long pid) {
    starting.add(deployment);
    log.line(LogLines.Level.INFO, ROOM, "started the server of " + deployment + ", pid " + pid);
  }

  @Override
  public void replicaNotStarted(String deployment, Exception cause, Duration pause) {
    log.line(
        LogLines.Level.ERROR,
        ROOM,
        "can't start the server of "
            + deployment
            + ", next try in "
            + Kind.Time.shown(pause)
            + ": "
            + cause.getMessage());
  }

  @Override
  public void replicaDied(String deployment, int exitCode, Duration pause) {
    deaths.labelValues(deployment).inc();
    ready.labelValues(deployment).set(0);
    log.line(
        LogLines.Level.WARN,
        ROOM,
        "the server of "
            + deployment
            + " ended with "
            + exitCode
            + ", started again in "
            + Kind.Time.shown(pause)
            + "; its words are in models/"
            + deployment
            + "/model.log");
  }

  @Override
  public void replicaStopped(String deployment, int exitCode) {
    ready.labelValues(deployment).set(0);
    log.line(LogLines.Level.INFO, ROOM, "stopped the server of " + deployment);
  }

  @Override
  public void replicaLogFailed(String deployment, Exception cause) {
    log.line(
        LogLines.Level.WARN,
        ROOM,
        "the words of " + deployment + " are not kept any more: " + cause.getMessage());
  }

  @Override
  public void modelReady(String deployment) {
    starting.remove(deployment);
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
    if (!starting.contains(
        deployment)) { // a server of ours that just started is not ready, as ever
      log.repeated(
          LogLines.Level.WARN, ROOM, "probe-" + deployment, "model " + deployment + ": " + problem);
    }
  }
}
