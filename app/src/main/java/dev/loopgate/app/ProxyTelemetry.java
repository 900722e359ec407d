package dev.loopgate.app;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.proxy.Mirrored;
import dev.loopgate.proxy.ProxyEvents;
import dev.loopgate.proxy.ProxyHeaderFault;
import dev.loopgate.spool.Spool;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What the proxy tells, as metrics. Called on event loops: adds to striped counters, logs only
/// bugs.
final class ProxyTelemetry implements ProxyEvents {
  /// Models with series of their own. Reloads bring others and others; a series that was taken away
  /// would take its part of every sum with it, so all further ones share one, as in the ledger.
  static final int MODELS_MAX = 1024;

  private static final double NANOS = 1e9;
  private static final double[] SECONDS = {
    .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300
  };

  /// The series of one deployment: looked up once, so that an exchange costs a few additions.
  private static final class OfDeployment {
    final Map<Ending, CounterDataPoint> endings = new EnumMap<>(Ending.class);
    final Map<StatusClass, CounterDataPoint> statuses = new EnumMap<>(StatusClass.class);
    final DistributionDataPoint duration;
    final DistributionDataPoint firstByte;

    OfDeployment(DistributionDataPoint duration, DistributionDataPoint firstByte) {
      this.duration = duration;
      this.firstByte = firstByte;
    }
  }

  /// The first digit of a status: a label with few values.
  private enum StatusClass {
    NONE("none"),
    INFORMATIONAL("1xx"),
    SUCCESS("2xx"),
    REDIRECTION("3xx"),
    CLIENT_ERROR("4xx"),
    SERVER_ERROR("5xx");

    final String word;

    StatusClass(String word) {
      this.word = word;
    }

    static StatusClass of(int status) {
      return status < 100 || status > 599 ? NONE : values()[status / 100];
    }
  }

  private final LogLines log;
  private final ColdStartTelemetry coldStarts;
  private final Counter exchanges;
  private final Counter responses;
  private final Gauge open;
  private final Gauge callers;
  private final Counter callersRefused;
  private final Gauge modelConnections;
  private final Counter leftOut;
  private final Counter circuit;
  private final Counter holdFull;
  private final Counter mirrored;
  private final Counter cuts;
  private final Counter malformed;
  private final Counter unknownModel;
  private final Counter handshakes;
  private final Counter proxyHeaders;
  private final Counter certificates;
  private final Counter failures;
  private final Histogram duration;
  private final Histogram firstByte;
  private final Map<String, OfDeployment> deployments = new ConcurrentHashMap<>();
  private final Set<String> named = ConcurrentHashMap.newKeySet(); // only grows

  ProxyTelemetry(PrometheusRegistry registry, LogLines log, ColdStartTelemetry coldStarts) {
    this.log = log;
    this.coldStarts = coldStarts;
    exchanges =
        counter(
            registry, "loopgate_exchanges", "Exchanges with models that ended.", "model", "ending");
    responses = counter(registry, "loopgate_responses", "The same by status.", "model", "status");
    open = gauge(registry, "loopgate_exchanges_open", "Exchanges in flight.");
    callers = gauge(registry, "loopgate_caller_connections", "Callers connected.");
    callersRefused =
        counter(registry, "loopgate_caller_connections_refused", "Beyond proxy.connections-max.");
    modelConnections =
        gauge(registry, "loopgate_model_connections", "Connections to models.", "model");
    leftOut =
        counter(
            registry,
            "loopgate_replicas_left_out",
            "Replicas left out for a while, since no connection could be made.",
            "model");
    circuit =
        counter(
            registry,
            "loopgate_circuit_refused",
            "Refused beyond requests-max or waiting-max.",
            "model");
    holdFull =
        counter(registry, "loopgate_hold_full", "Refused, for as many wait for a replica as may.");
    mirrored =
        counter(
            registry,
            "loopgate_mirrored_requests",
            "Copies of requests for mirrors.",
            "model",
            "outcome");
    cuts = counter(registry, "loopgate_bodies_cut", "Bodies kept in part.", "reason");
    malformed =
        counter(
            registry,
            "loopgate_malformed_requests",
            "Refused before they were requests.",
            "status");
    unknownModel = counter(registry, "loopgate_unknown_model_requests", "For models not there.");
    handshakes =
        counter(registry, "loopgate_tls_handshakes_failed", "Callers who came to no handshake.");
    proxyHeaders =
        counter(
            registry,
            "loopgate_proxy_headers_refused",
            "Connections closed for their PROXY header.",
            "reason");
    for (ProxyHeaderFault fault : ProxyHeaderFault.values()) {
      proxyHeaders.labelValues(fault.word()).inc(0);
    }
    certificates = counter(registry, "loopgate_tls_certificate_reads", "After a change.", "result");
    for (String result : new String[] {"used", "refused"}) {
      certificates.labelValues(result).inc(0);
    }
    failures = counter(registry, "loopgate_failures", "Bugs met in the proxy.");
    duration = histogram(registry, "loopgate_exchange_duration_seconds", "Head to ending.");
    firstByte = histogram(registry, "loopgate_first_byte_seconds", "Head to the answer's head.");
    for (CutReason reason : CutReason.values()) {
      cuts.labelValues(reason.word()).inc(0);
    }
  }

  @Override
  public void callerConnected() {
    callers.inc();
  }

  @Override
  public void callerDisconnected() {
    callers.dec();
  }

  @Override
  public void callerRefused() {
    callersRefused.inc();
    log.repeated(
        LogLines.Level.WARN,
        "proxy",
        "caller-refused",
        "a caller beyond proxy.connections-max was closed");
  }

  @Override
  public void modelConnected(String deployment) {
    modelConnections.labelValues(labelOf(deployment)).inc();
  }

  @Override
  public void modelDisconnected(String deployment) {
    modelConnections.labelValues(labelOf(deployment)).dec();
  }

  @Override
  public void replicaLeftOut(String deployment, String replica) {
    leftOut.labelValues(labelOf(deployment)).inc();
    log.repeated(
        LogLines.Level.WARN,
        "proxy",
        "left-out-" + deployment,
        "no connection to " + replica + " of model " + deployment + ": left out for a while");
  }

  @Override
  public void replicaBack(String deployment, String replica) {
    log.repeated(
        LogLines.Level.INFO,
        "proxy",
        "back-" + deployment,
        replica + " of model " + deployment + " is back");
  }

  @Override
  public void mirrored(String deployment, Mirrored outcome) {
    mirrored.labelValues(labelOf(deployment), outcome.word()).inc();
  }

  @Override
  public void circuitOpen(String deployment) {
    circuit.labelValues(labelOf(deployment)).inc();
    log.repeated(
        LogLines.Level.WARN,
        "proxy",
        "circuit-" + deployment,
        "a request beyond requests-max or waiting-max of model " + deployment + " was refused");
  }

  @Override
  public void exchangeStarted(String deployment) {
    open.inc();
  }

  @Override
  public void exchangeEnded(
      String deployment, Ending ending, int status, long durationNanos, long firstByteNanos) {
    open.dec();
    OfDeployment series = deployments.get(deployment);
    if (series == null) {
      series = deployments.computeIfAbsent(labelOf(deployment), this::seriesOf);
    }
    add(series.endings, ending);
    add(series.statuses, StatusClass.of(status));
    series.duration.observe(durationNanos / NANOS);
    if (firstByteNanos >= 0) {
      series.firstByte.observe(firstByteNanos / NANOS);
    }
  }

  @Override
  public void released(String deployment, long heldNanos, boolean cold) {
    if (cold) {
      coldStarts.waited(heldNanos);
    }
  }

  @Override
  public void coldAnswered(String deployment, long nanos) {
    coldStarts.answered(nanos);
  }

  @Override
  public void holdFull(String deployment) {
    holdFull.inc();
  }

  @Override
  public void bodyCut(CutReason reason) {
    cuts.labelValues(reason.word()).inc();
  }

  @Override
  public void malformed(int status) {
    malformed.labelValues(Integer.toString(status)).inc();
  }

  @Override
  public void unknownModel() {
    unknownModel.inc();
  }

  @Override
  public void proxyHeaderRefused(ProxyHeaderFault fault) {
    proxyHeaders.labelValues(fault.word()).inc();
    log.repeated(
        LogLines.Level.WARN,
        "proxy",
        "proxy-header-" + fault.word(),
        "a connection was closed for its PROXY header: reason=" + fault.word());
  }

  @Override
  public void handshakeFailed() {
    handshakes.inc();
  }

  @Override
  public void certificateChanged() {
    certificates.labelValues("used").inc();
    log.line(LogLines.Level.INFO, "proxy", "the certificate has changed and is used");
  }

  @Override
  public void certificateRefused(String reason) {
    certificates.labelValues("refused").inc();
    log.line(
        LogLines.Level.WARN,
        "proxy",
        "the certificate has changed and can't be used, the one before stays: " + reason);
  }

  @Override
  public void failed(Throwable cause) {
    failures.inc();
    StackTraceElement[] trace = cause.getStackTrace();
    log.repeated(
        LogLines.Level.ERROR,
        "proxy",
        "failed",
        "a bug, its connection was closed: "
            + cause
            + (trace.length == 0 ? "" : " at " + trace[0]));
  }

  /// The same in a room that is not the proxy. Only where it happened is told: what it says may be
  /// a caller's word.
  void failedBeside(String room, Throwable cause) {
    failures.inc();
    StackTraceElement[] trace = cause.getStackTrace();
    log.repeated(
        LogLines.Level.ERROR,
        room,
        "failed",
        "a bug: " + cause.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]));
  }

  private static <K> void add(Map<K, CounterDataPoint> series, K key) {
    CounterDataPoint counter = series.get(key);
    if (counter != null) { // all constants are there from the start
      counter.inc();
    }
  }

  // Of one model always the same: a gauge goes down where it went up.
  private String labelOf(String deployment) {
    if (!named.contains(deployment)) {
      if (named.size() >= MODELS_MAX) {
        return Spool.OTHER;
      }
      named.add(deployment); // loops at once may add a few more than may be
    }
    return deployment;
  }

  private OfDeployment seriesOf(String label) {
    OfDeployment series =
        new OfDeployment(duration.labelValues(label), firstByte.labelValues(label));
    for (Ending ending : Ending.values()) {
      series.endings.put(ending, exchanges.labelValues(label, ending.word()));
    }
    for (StatusClass status : StatusClass.values()) {
      series.statuses.put(status, responses.labelValues(label, status.word));
    }
    return series;
  }

  private static Counter counter(
      PrometheusRegistry registry, String name, String help, String... labels) {
    return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
  }

  private static Gauge gauge(
      PrometheusRegistry registry, String name, String help, String... labels) {
    return Gauge.builder().name(name).help(help).labelNames(labels).register(registry);
  }

  private static Histogram histogram(PrometheusRegistry registry, String name, String help) {
    return Histogram.builder()
        .name(name)
        .help(help)
        .labelNames("model")
        .classicOnly()
        .classicUpperBounds(SECONDS)
        .register(registry);
  }
}
