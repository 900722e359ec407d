package dev.loopgate.app;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.extproc.LogUse;
import dev.loopgate.extproc.MetricsUse;
import dev.loopgate.extproc.ObservationEvents;
import dev.loopgate.extproc.PassedOver;
import dev.loopgate.extproc.ToldLoss;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What is told of exchanges beside Envoy, as metrics. An exchange counts where the proxy's count:
/// whoever looks at a model wants all of them.
final class EnvoyTelemetry implements ObservationEvents {
  private final ProxyTelemetry exchanges;
  private final CounterDataPoint observed;
  private final CounterDataPoint answered;
  private final Gauge open;
  private final WordCounters<PassedOver> passedOver;
  private final WordCounters<LogUse> logged;
  private final WordCounters<MetricsUse> metrics;
  private final WordCounters<ToldLoss> toldLost;

  EnvoyTelemetry(PrometheusRegistry registry, ProxyTelemetry exchanges) {
    this.exchanges = exchanges;
    Counter streams =
        Counter.builder()
            .name("loopgate_envoy_streams")
            .help("Exchanges that Envoys showed, by whether they wait for us.")
            .labelNames("mode")
            .register(registry);
    observed = streams.labelValues("observer");
    answered = streams.labelValues("synchronous");
    open =
        Gauge.builder()
            .name("loopgate_envoy_streams_open")
            .help("Of them in flight.")
            .register(registry);
    passedOver =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_envoy_passed_over")
                .help("Of them no entry.")
                .labelNames("reason")
                .register(registry),
            PassedOver.class,
            PassedOver::word);
    logged =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_envoy_access_log")
                .help("Entries of Envoys' access logs, by what became of them.")
                .labelNames("use")
                .register(registry),
            LogUse.class,
            LogUse::word);
    metrics =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_envoy_metrics")
                .help("Messages of Envoys' metrics, by what became of them.")
                .labelNames("use")
                .register(registry),
            MetricsUse.class,
            MetricsUse::word);
    toldLost =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_envoy_told_lost")
                .help(
                    "What Envoys themselves counted since their start: stream_failed is a lower bound of the exchanges"
                        + " that they could not show to their end; the others say why, and overlap.")
                .labelNames("what")
                .register(registry),
            ToldLoss.class,
            ToldLoss::word);
  }

  @Override
  public void streamOpened(boolean observer) {
    (observer ? observed : answered).inc();
    open.inc();
  }

  @Override
  public void streamClosed() {
    open.dec();
  }

  @Override
  public void passedOver(PassedOver why) {
    passedOver.inc(why);
  }

  @Override
  public void logged(LogUse use) {
    logged.inc(use);
  }

  @Override
  public void toldLost(ToldLoss what, long count) {
    toldLost.inc(what, count);
  }

  @Override
  public void metrics(MetricsUse use) {
    metrics.inc(use);
  }

  @Override
  public void exchangeStarted(String deployment) {
    exchanges.exchangeStarted(deployment);
  }

  @Override
  public void exchangeEnded(
      String deployment, Ending ending, int status, long durationNanos, long firstByteNanos) {
    exchanges.exchangeEnded(deployment, ending, status, durationNanos, firstByteNanos);
  }

  @Override
  public void bodyCut(CutReason reason) {
    exchanges.bodyCut(reason);
  }

  @Override
  public void entryDropped(String deployment) {
    exchanges.entryDropped(deployment);
  }

  @Override
  public void failed(Throwable cause) {
    exchanges.failedBeside("ext-proc", cause);
  }
}
