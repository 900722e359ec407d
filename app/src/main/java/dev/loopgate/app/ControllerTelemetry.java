package dev.loopgate.app;

import dev.loopgate.api.ApiEvents;
import dev.loopgate.controller.ControllerEvents;
import dev.loopgate.fleet.DeploymentStatus.State;
import dev.loopgate.fleet.StoreException;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;

/// What becomes of what is declared, as lines and metrics. Deployments are in lines alone: how many
/// come and go, nobody bounds.
final class ControllerTelemetry implements ControllerEvents, ApiEvents {
  private static final String ROOM = "controller";

  private final LogLines log;
  private final ProxyTelemetry bugs;
  private final WordCounters<ScaleReason> scaled;
  private final Counter troubles;

  ControllerTelemetry(PrometheusRegistry registry, LogLines log, ProxyTelemetry bugs) {
    this.log = log;
    this.bugs = bugs;
    scaled =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_deployment_scalings")
                .help("Changes of the number of replicas of deployments.")
                .labelNames("reason")
                .register(registry),
            ScaleReason.class,
            ScaleReason::word);
    troubles =
        Counter.builder()
            .name("loopgate_deployment_troubles")
            .help("What host, store, gateways or API did not take; each is tried again.")
            .labelNames("of")
            .register(registry);
    for (String of : new String[] {"host", "store", "serving", "api"}) {
      troubles.labelValues(of).inc(0);
    }
  }

  @Override
  public void stateChanged(String deployment, State before, State after, String detail) {
    boolean bad = after == State.FAILED;
    log.line(
        bad ? LogLines.Level.WARN : LogLines.Level.INFO,
        ROOM,
        "deployment "
            + deployment
            + ": "
            + (after.word().isEmpty() ? "declared" : after.word())
            + (detail.isEmpty() ? "" : ", " + detail));
  }

  @Override
  public void scaled(String deployment, int from, int to, ScaleReason reason) {
    scaled.inc(reason);
    log.line(
        LogLines.Level.INFO,
        ROOM,
        "deployment " + deployment + ": replicas " + from + " -> " + to + ", " + reason.word());
  }

  @Override
  public void modelKnown(String deployment, String revision, String name, String version) {
    log.line(
        LogLines.Level.INFO,
        ROOM,
        "deployment " + deployment + ": revision " + revision + " is " + name + " " + version);
  }

  @Override
  public void modelUnreadable(String deployment, String problem) {
    warn("deployment " + deployment + ": does not say what it is: " + problem);
  }

  @Override
  public void documentLeftOut(String deployment, int bytes) {
    warn("deployment " + deployment + ": no room for its document, bytes=" + bytes);
  }

  @Override
  public void documentRefused(String deployment, String why) {
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "document",
        "deployment " + deployment + ": its document is not shown: " + why);
  }

  @Override
  public void strayRemoved(String deployment) {
    log.line(
        LogLines.Level.INFO, ROOM, "removed what was left of " + deployment + ", declared no more");
  }

  @Override
  public void hostFailed(String deployment, String problem) {
    troubles.labelValues("host").inc();
    warn("deployment " + deployment + ": the host did not take it: " + problem);
  }

  @Override
  public void writeFailed(String kind, String id, String problem) {
    troubles.labelValues("store").inc();
    warn(kind + " " + id + ": what was observed could not be kept: " + problem);
  }

  @Override
  public void servingFailed(String problem) {
    troubles.labelValues("serving").inc();
    warn("what is declared could not be served: " + problem);
  }

  @Override
  public void storeFailed(StoreException cause) {
    troubles.labelValues("store").inc();
    log.repeated(
        LogLines.Level.ERROR,
        ROOM,
        "store",
        "what was declared could not be kept: " + cause.getMessage());
  }

  @Override
  public void overloaded() {
    troubles.labelValues("api").inc();
  }

  /// The gateway begins without what is declared.
  void lateStart(Duration after) {
    warn("what is declared is not served yet, " + after.toSeconds() + " s after the start");
  }

  @Override
  public void failed(Throwable cause) {
    bugs.failed(cause);
  }

  private void warn(String line) {
    log.line(LogLines.Level.WARN, ROOM, line);
  }
}
