package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.proxy.Mirrored;
import dev.loopgate.spool.LedgerCounts;
import dev.loopgate.spool.SpoolStatus;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MetricsTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final GuardedClock clock = new GuardedClock(() -> 0, () -> 1_700_000_060_000L);
  private final LogLines log =
      new LogLines(
          clock, new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));

  @Test
  void showsBothSidesOfTheLedger() throws IOException {
    SpoolStatus status =
        new SpoolStatus(
            Map.of(
                EntryKind.PREDICTION,
                Map.of("wine", new LedgerCounts(100, 90, 2, List.of(1L, 2L, 0L, 0L, 0L))),
                EntryKind.FEEDBACK,
                Map.of("(other)", new LedgerCounts(10, 10, 0, List.of(0L, 0L, 0L, 0L, 0L)))),
            7,
            93,
            4096,
            1 << 20,
            2 << 20,
            16L << 30,
            false);
    LedgerMetrics.Shipped shipped = new LedgerMetrics.Shipped(0, 80, 1, 2, 60_000, 555);
    registry.register(new LedgerMetrics(() -> status, () -> shipped, clock));

    assertThat(exposition())
        .contains(
            "loopgate_ledger_seen_total{kind=\"prediction\",model=\"wine\"} 100.0",
            "loopgate_ledger_open{kind=\"prediction\",model=\"wine\"} 5.0",
            "loopgate_ledger_accepted_total{kind=\"prediction\",model=\"wine\"} 90.0",
            "loopgate_ledger_sampled_out_total{kind=\"prediction\",model=\"wine\"} 2.0",
            dropped(DropReason.RING_FULL, 1),
            dropped(DropReason.SPOOL_FULL, 2),
            dropped(DropReason.GATEWAY_KILLED, 0),
            "loopgate_ledger_seen_total{kind=\"feedback\",model=\"(other)\"} 10.0",
            // 100 accepted of both kinds = 7 in the ring + 10 pending + 80 + 1 + 2
            "loopgate_ledger_in_ring 7.0",
            "loopgate_ledger_pending 10.0",
            "loopgate_ledger_committed_total 80.0",
            "loopgate_ledger_quarantined_total 1.0",
            "loopgate_ledger_lost_total 2.0",
            "loopgate_ring_used_bytes 4096.0",
            "loopgate_spool_failed 0.0",
            "loopgate_oldest_unshipped_seconds 60.0",
            "loopgate_unshipped_bytes 555.0",
            "total_collected_requests 90.0",
            "total_collected_feedback 10.0",
            "total_error_tapping 3.0");
  }

  @Test
  void countsEndingsByModelAndDurations() throws IOException {
    ProxyTelemetry proxy = new ProxyTelemetry(registry, log, new ColdStartTelemetry(registry));
    proxy.exchangeStarted("wine");
    proxy.exchangeStarted("wine");
    proxy.exchangeStarted("wine");

    proxy.exchangeEnded("wine", Ending.COMPLETE, 200, 3_000_000, 2_000_000);
    proxy.exchangeEnded("wine", Ending.MODEL_UNREACHABLE, 502, 3_000_000, -1);
    proxy.bodyCut(CutReason.BUDGET);
    proxy.malformed(400);

    assertThat(exposition())
        .contains(
            "loopgate_exchanges_open 1.0",
            "loopgate_exchanges_total{ending=\"complete\",model=\"wine\"} 1.0",
            "loopgate_exchanges_total{ending=\"client_left\",model=\"wine\"} 0.0",
            "loopgate_exchanges_total{ending=\"model_unreachable\",model=\"wine\"} 1.0",
            "loopgate_responses_total{model=\"wine\",status=\"2xx\"} 1.0",
            "loopgate_responses_total{model=\"wine\",status=\"5xx\"} 1.0",
            "loopgate_exchange_duration_seconds_bucket{model=\"wine\",le=\"0.0025\"} 0",
            "loopgate_exchange_duration_seconds_bucket{model=\"wine\",le=\"0.005\"} 2",
            "loopgate_first_byte_seconds_count{model=\"wine\"} 1",
            "loopgate_bodies_cut_total{reason=\"budget\"} 1.0",
            "loopgate_bodies_cut_total{reason=\"limit\"} 0.0",
            "loopgate_malformed_requests_total{status=\"400\"} 1.0");
  }

  @Test
  void modelsThatComeWithReloadsShareOneSeriesInTheEndAndNoCountIsLost() throws IOException {
    ProxyTelemetry proxy = new ProxyTelemetry(registry, log, new ColdStartTelemetry(registry));
    int models = ProxyTelemetry.MODELS_MAX + 10;
    for (int i = 0; i < models; i++) {
      String model = "m" + i;
      proxy.modelConnected(model);
      proxy.exchangeEnded(model, Ending.COMPLETE, 200, 3_000_000, 2_000_000);
      proxy.circuitOpen(model);
      proxy.replicaLeftOut(model, "r");
      proxy.mirrored(model, Mirrored.ANSWERED);
    }
    proxy.modelDisconnected("m3");
    proxy.modelDisconnected("m" + (models - 1));

    String all = exposition();
    for (String counter :
        List.of("exchanges", "circuit_refused", "replicas_left_out", "mirrored_requests")) {
      List<String> series =
          all.lines()
              .filter(line -> line.startsWith("loopgate_" + counter + "_total{"))
              .filter(line -> !line.endsWith(" 0.0"))
              .toList();
      assertThat(series).as(counter).hasSize(ProxyTelemetry.MODELS_MAX + 1);
      assertThat(series).as(counter).filteredOn(line -> line.contains("(other)")).hasSize(1);
      assertThat(series.stream().mapToDouble(MetricsTest::valueOf).sum())
          .as(counter)
          .isEqualTo(models);
    }
    assertThat(all)
        .contains(
            "loopgate_model_connections{model=\"m3\"} 0.0",
            "loopgate_model_connections{model=\"(other)\"} 9.0",
            "loopgate_exchanges_total{ending=\"complete\",model=\"m0\"} 1.0");
  }

  private static double valueOf(String line) {
    return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }

  @Test
  void measuresTheForces() throws IOException {
    SpoolTelemetry spool = new SpoolTelemetry(registry, log);

    spool.groupForced(3, 4_096, 2_000_000);
    spool.watermark(95);

    assertThat(exposition())
        .contains(
            "loopgate_spool_force_seconds_count 1",
            "loopgate_spool_forced_entries_total 3.0",
            "loopgate_spool_forced_bytes_total 4096.0",
            "loopgate_spool_watermark_percent 95.0");
  }

  private static String dropped(DropReason reason, int count) {
    return "loopgate_ledger_dropped_total{kind=\"prediction\",model=\"wine\",reason=\""
        + reason.word()
        + "\"} "
        + count
        + ".0";
  }

  private String exposition() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create()
        .write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    return text.toString(StandardCharsets.UTF_8);
  }
}
