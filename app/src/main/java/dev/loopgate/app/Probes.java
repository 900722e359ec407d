package dev.loopgate.app;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.runtime.ModelProbe;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// One probe for each model in service. Any thread, one at a time.
final class Probes implements AutoCloseable {
  private final ProbeTelemetry telemetry;
  private final Map<Deployment, ModelProbe> running = new ConcurrentHashMap<>();

  Probes(ProbeTelemetry telemetry) {
    this.telemetry = telemetry;
  }

  /// Asks these models from now on.
  void start(List<Deployment> deployments) {
    for (Deployment deployment : deployments) {
      running.put(deployment, ModelProbe.start(deployment, ModelProbe.Pace.DEFAULT, telemetry));
    }
  }

  /// Asks these models no more, and forgets whether they were ready.
  void stop(List<Deployment> deployments) {
    for (Deployment deployment : deployments) {
      ModelProbe probe = running.remove(deployment);
      if (probe != null) {
        probe.close();
        telemetry.forget(deployment.model().id());
      }
    }
  }

  @Override
  public void close() {
    running.values().forEach(ModelProbe::close);
    running.clear();
  }
}
