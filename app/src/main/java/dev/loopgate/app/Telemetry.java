package dev.loopgate.app;

import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What all rooms tell, bound to metrics and log.
///
/// @param registry of this process alone
record Telemetry(
    PrometheusRegistry registry,
    LogLines log,
    ProxyTelemetry proxy,
    EnvoyTelemetry envoy,
    AuthorizerTelemetry authorizer,
    XdsTelemetry xds,
    SidecarTelemetry sidecar,
    SpoolTelemetry spool,
    ShipperTelemetry shipper,
    ProbeTelemetry probes,
    HostTelemetry host,
    ConfigTelemetry config,
    PolicyTelemetry policy,
    ControllerTelemetry controller) {
  static Telemetry of(GuardedClock clock) {
    LogLines log = new LogLines(clock, System.err);
    log.takeOver();
    return of(log);
  }

  /// The same with lines that go elsewhere.
  static Telemetry of(LogLines log) {
    PrometheusRegistry registry = new PrometheusRegistry();
    ProxyTelemetry proxy = new ProxyTelemetry(registry, log);
    return new Telemetry(
        registry,
        log,
        proxy,
        new EnvoyTelemetry(registry, proxy),
        new AuthorizerTelemetry(registry, proxy),
        new XdsTelemetry(registry, log, proxy),
        new SidecarTelemetry(registry, log),
        new SpoolTelemetry(registry, log),
        new ShipperTelemetry(registry, log),
        new ProbeTelemetry(registry, log),
        new HostTelemetry(registry, log),
        new ConfigTelemetry(registry, log),
        new PolicyTelemetry(registry, log),
        new ControllerTelemetry(registry, log, proxy));
  }
}
