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
import java.util.EnumMap;
import java.util.Map;

/// What is told of exchanges beside Envoy, as metrics. An exchange counts where the proxy's count:
/// whoever looks at a model wants all of them.
final class EnvoyTelemetry implements ObservationEvents {
  private final ProxyTelemetry exchanges;
  private final CounterDataPoint observed;
  private final CounterDataPoint answered;
  private final Gauge open;
  private final Map<PassedOver, CounterDataPoint> passedOver = new EnumMap<>(PassedOver.class);
  private final Map<LogUse, CounterDataPoint> logged = new EnumMap<>(LogUse.class);
  private final Map<MetricsUse, CounterDataPoint> metrics = new EnumMap<>(MetricsUse.class);
  private final Map<ToldLoss, CounterDataPoint> toldLost = new EnumMap<>(ToldLoss.class);

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
    Counter passed =
        Counter.builder()
            .name("loopgate_envoy_passed_over")
            .help("Of them no entry.")
            .labelNames("reason")
            .register(registry);
    for (PassedOver why : PassedOver.values()) {
      passedOver.put(why, passed.labelValues(why.word()));
    }
    Counter entries =
        Counter.builder()
            .name("loopgate_envoy_access_log")
            .help("Entries of Envoys' access logs, by what became of them.")
            .labelNames("use")
            .register(registry);
    for (LogUse use : LogUse.values()) {
      logged.put(use, entries.labelValues(use.word()));
    }
    Counter messages =
        Counter.builder()
            .name("loopgate_envoy_metrics")
            .help("Messages of Envoys' metrics, by what became of them.")
            .labelNames("use")
            .register(registry);
    for (MetricsUse use : MetricsUse.values()) {
      metrics.put(use, messages.labelValues(use.word()));
    }
    Counter lost =
        Counter.builder()
            .name("loopgate_envoy_told_lost")
            .help(
                "What Envoys themselves counted since their start: stream_failed is a lower bound of the exchanges"
                    + " that they could not show to their end; the others say why, and overlap.")
            .labelNames("what")
            .register(registry);
    for (ToldLoss what : ToldLoss.values()) {
      toldLost.put(what, lost.labelValues(what.word()));
    }
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
    CounterDataPoint counter = passedOver.get(why);
    if (counter != null) { // all constants are there from the start
      counter.inc();
    }
  }

  @Override
  public void logged(LogUse use) {
    CounterDataPoint counter = logged.get(use);
    if (counter != null) {
      counter.inc();
    }
  }

  @Override
  public void toldLost(ToldLoss what, long count) {
    CounterDataPoint counter = toldLost.get(what);
    if (counter != null) {
      counter.inc(count);
    }
  }

  @Override
  public void metrics(MetricsUse use) {
    CounterDataPoint counter = metrics.get(use);
    if (counter != null) {
      counter.inc();
    }
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
