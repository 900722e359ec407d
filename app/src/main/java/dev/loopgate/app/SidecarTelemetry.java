package dev.loopgate.app;

import dev.loopgate.proxy.InterceptionEvents;
import dev.loopgate.proxy.InterceptionFault;
import dev.loopgate.proxy.Spoken;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What is told of redirected connections, as metrics. Called on event loops.
final class SidecarTelemetry implements InterceptionEvents {
  /// Names of servers with series of their own. Callers can invent any number.
  static final int NAMES_MAX = 64;

  /// What all further ones share.
  static final String OTHER = "(other)";

  private record Passed(CounterDataPoint toServer, CounterDataPoint toCaller) {}

  private final LogLines log;
  private final WordCounters<Spoken> connections;
  private final Map<Spoken, Passed> bytes = new EnumMap<>(Spoken.class);
  private final WordCounters<InterceptionFault> refused;
  private final Gauge open;
  private final Counter tls;
  private final Set<String> names = ConcurrentHashMap.newKeySet(); // only grows, to NAMES_MAX

  SidecarTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    connections =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_sidecar_connections")
                .help("Redirected connections by what they speak.")
                .labelNames("kind")
                .register(registry),
            Spoken.class,
            Spoken::word);
    Counter passed =
        Counter.builder()
            .name("loopgate_sidecar_bytes")
            .help("Bytes of redirected connections that passed unread.")
            .labelNames("kind", "to")
            .register(registry);
    for (Spoken spoken : Spoken.values()) {
      if (spoken != Spoken.HTTP && spoken != Spoken.NOTHING) {
        String kind = spoken.word();
        bytes.put(
            spoken,
            new Passed(passed.labelValues(kind, "server"), passed.labelValues(kind, "caller")));
      }
    }
    refused =
        new WordCounters<>(
            Counter.builder()
                .name("loopgate_sidecar_refused")
                .help("Connections that were reset, by reason.")
                .labelNames("reason")
                .register(registry),
            InterceptionFault.class,
            InterceptionFault::word);
    open =
        Gauge.builder()
            .name("loopgate_sidecar_passing")
            .help("Connections whose bytes pass unread at the moment.")
            .register(registry);
    tls =
        Counter.builder()
            .name("loopgate_sidecar_tls_connections")
            .help("Redirected connections over TLS by the server's name that their caller said.")
            .labelNames("sni")
            .register(registry);
  }

  @Override
  public void intercepted(Spoken spoken) {
    connections.inc(spoken);
  }

  @Override
  public void refused(InterceptionFault fault) {
    refused.inc(fault);
    if (fault == InterceptionFault.LOOP) {
      log.repeated(
          LogLines.Level.ERROR,
          "sidecar",
          "loop",
          "a connection of the sidecar's own came back to it: its user is not the one that the rules let pass"
              + " (loopgate iptables --uid)");
    }
  }

  @Override
  public void passingBegan() {
    open.inc();
  }

  @Override
  public void passingEnded() {
    open.dec();
  }

  @Override
  public void bytesPassed(Spoken spoken, boolean toServer, int count) {
    Passed passed = bytes.get(spoken);
    if (passed != null) { // all that pass are there from the start
      (toServer ? passed.toServer() : passed.toCaller()).inc(count);
    }
  }

  @Override
  public void tlsBegan(String name) {
    if (!names.contains(name) && names.size() < NAMES_MAX) {
      names.add(name); // loops at once may add a few more than may be
    }
    tls.labelValues(names.contains(name) ? name : OTHER).inc();
  }
}
