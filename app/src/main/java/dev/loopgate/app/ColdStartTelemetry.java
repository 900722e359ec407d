package dev.loopgate.app;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;

/// What requests to sleeping deployments wait for, as a histogram by phase. Any thread.
final class ColdStartTelemetry {
  private static final double[] SECONDS = {
    .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300
  };
  private static final double NANOS = 1e9;

  private final DistributionDataPoint start;
  private final DistributionDataPoint wait;
  private final DistributionDataPoint answer;

  ColdStartTelemetry(PrometheusRegistry registry) {
    Histogram phases =
        Histogram.builder()
            .name("loopgate_cold_start_seconds")
            .help("Cold starts by phase: start (of a server, until it is ready), wait, answer.")
            .labelNames("phase")
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .register(registry);
    start = phases.labelValues("start");
    wait = phases.labelValues("wait");
    answer = phases.labelValues("answer");
  }

  /// A server became ready, so long after its process was started.
  void started(Duration after) {
    start.observe(after.toNanos() / NANOS);
  }

  /// A request for which there was no server when it came has one.
  void waited(long nanos) {
    wait.observe(nanos / NANOS);
  }

  /// The head of its answer came, so long after that.
  void answered(long nanos) {
    answer.observe(nanos / NANOS);
  }
}
