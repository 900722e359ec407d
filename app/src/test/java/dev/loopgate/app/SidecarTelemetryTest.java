package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SidecarTelemetryTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final SidecarTelemetry telemetry =
      new SidecarTelemetry(
          registry,
          new LogLines(
              GuardedClock.ofSystem(),
              new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)));

  @Test
  void namesThatCallersInventShareOneSeries() {
    for (int i = 0; i < 1000; i++) {
      telemetry.tlsBegan("invented-" + i + ".example.org");
    }
    telemetry.tlsBegan("invented-0.example.org");

    List<CounterSnapshot.CounterDataPointSnapshot> series =
        registry.scrape(name -> name.equals("loopgate_sidecar_tls_connections")).stream()
            .map(CounterSnapshot.class::cast)
            .flatMap(snapshot -> snapshot.getDataPoints().stream())
            .toList();
    assertThat(series).hasSize(SidecarTelemetry.NAMES_MAX + 1);
    assertThat(value(series, "invented-0.example.org")).isEqualTo(2);
    assertThat(value(series, SidecarTelemetry.OTHER)).isEqualTo(1000 - SidecarTelemetry.NAMES_MAX);
  }

  private static double value(List<CounterSnapshot.CounterDataPointSnapshot> series, String sni) {
    return series.stream()
        .filter(each -> sni.equals(each.getLabels().get("sni")))
        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
        .sum();
  }
}
