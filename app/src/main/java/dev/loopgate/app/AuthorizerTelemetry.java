package dev.loopgate.app;

import dev.loopgate.extauthz.AuthorizerEvents;
import dev.loopgate.extauthz.DenialReason;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What Envoys asked and were told, as metrics.
final class AuthorizerTelemetry implements AuthorizerEvents {
  private final ProxyTelemetry bugs;
  private final CounterDataPoint allowed;
  private final WordCounters<DenialReason> denied;
  private final Counter abandoned;

  AuthorizerTelemetry(PrometheusRegistry registry, ProxyTelemetry bugs) {
    this.bugs = bugs;
    Counter checks =
        Counter.builder()
            .name("loopgate_envoy_checks")
            .help("Requests that Envoys asked about, by what they were told.")
            .labelNames("answer")
            .register(registry);
    allowed = checks.labelValues("allowed");
    denied = new WordCounters<>(checks, DenialReason.class, DenialReason::word);
    abandoned =
        Counter.builder()
            .name("loopgate_envoy_checks_abandoned")
            .help("Of them answered too late: Envoy did not wait.")
            .register(registry);
  }

  @Override
  public void allowed() {
    allowed.inc();
  }

  @Override
  public void denied(DenialReason reason) {
    denied.inc(reason);
  }

  @Override
  public void abandoned() {
    abandoned.inc();
  }

  @Override
  public void failed(Throwable cause) {
    bugs.failedBeside("ext-authz", cause);
  }
}
