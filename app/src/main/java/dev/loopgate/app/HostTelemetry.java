package dev.loopgate.app;

import dev.loopgate.runtime.RuntimeEvents;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;

/// What becomes of the servers of what is declared, as lines and metrics. Deployments are in lines
/// alone: how many come and go, nobody bounds.
final class HostTelemetry implements RuntimeEvents {
  private static final String ROOM = "runtime";

  private final LogLines log;
  private final ColdStartTelemetry coldStarts;
  private final CounterDataPoint started;
  private final CounterDataPoint notStarted;
  private final CounterDataPoint died;
  private final CounterDataPoint stopped;
  private final CounterDataPoint orphans;

  HostTelemetry(PrometheusRegistry registry, LogLines log, ColdStartTelemetry coldStarts) {
    this.log = log;
    this.coldStarts = coldStarts;
    Counter servers =
        Counter.builder()
            .name("loopgate_deployment_servers")
            .help("Servers of deployments, by what became of them.")
            .labelNames("what")
            .register(registry);
    started = servers.labelValues("started");
    notStarted = servers.labelValues("not_started");
    died = servers.labelValues("died");
    stopped = servers.labelValues("stopped");
    orphans = servers.labelValues("orphan_ended");
  }

  @Override
  public void orphanEnded(String deployment, String server) {
    orphans.inc();
    line("ended the server of " + deployment + " left by an earlier life, " + server);
  }

  @Override
  public void replicaStarted(String deployment, String server) {
    started.inc();
    line("started a server of " + deployment + ", " + server);
  }

  @Override
  public void replicaNotStarted(String deployment, Exception cause, Duration pause) {
    notStarted.inc();
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "start-" + deployment,
        "can't start a server of "
            + deployment
            + ", next try in "
            + Kind.Time.shown(pause)
            + ": "
            + cause.getMessage());
  }

  @Override
  public void replicaDied(String deployment, int exitCode, Duration pause) {
    died.inc();
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "end-" + deployment,
        "a server of "
            + deployment
            + " ended with "
            + exitCode
            + ", started again in "
            + Kind.Time.shown(pause)
            + "; its words are under models/"
            + deployment);
  }

  @Override
  public void replicaStopped(String deployment, int exitCode) {
    stopped.inc();
    line("stopped a server of " + deployment);
  }

  @Override
  public void replicaNotEnded(String deployment, Exception cause) {
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "left-" + deployment,
        "what is left of " + deployment + " can't be ended yet: " + cause.getMessage());
  }

  @Override
  public void replicaLogFailed(String deployment, Exception cause) {
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "log-" + deployment,
        "the words of " + deployment + " are not kept any more: " + cause.getMessage());
  }

  @Override
  public void modelReady(String deployment, Duration after) {
    coldStarts.started(after);
    line("a server of " + deployment + " is ready");
  }

  @Override
  public void probeFailed(String deployment, String problem) {
    log.repeated(
        LogLines.Level.INFO,
        ROOM,
        "probe-" + deployment,
        "deployment " + deployment + ": " + problem);
  }

  private void line(String text) {
    log.line(LogLines.Level.INFO, ROOM, text);
  }
}
