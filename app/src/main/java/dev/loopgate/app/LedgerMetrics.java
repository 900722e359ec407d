package dev.loopgate.app;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.logshipper.ShipperStatus;
import dev.loopgate.spool.LedgerCounts;
import dev.loopgate.spool.SpoolStatus;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/// Both sides of the ledger and the fills of ring and log, all of one look, so that the sums hold
/// when nothing moves: `seen = open + accepted + sampled_out + dropped` and `accepted = in_ring +
/// pending + committed + quarantined + lost`, since this process began. What earlier processes left
/// and no file had by then counts as accepted by this one, of the kind `recovered`.
final class LedgerMetrics implements MultiCollector {
  private static final Labels RECOVERED = Labels.of("kind", "recovered", "model", "(recovered)");

  /// What became of the entries in the log since this process began, as the shipper knows it.
  ///
  /// @param recovered entries that an earlier process accepted and that no file had when this one
  ///   began
  /// @param committed entries whose files are all published
  /// @param quarantined entries that can't be read and are kept aside
  /// @param lost entries that are proven to be gone
  /// @param oldestMillis age of the oldest entry not yet published, 0 for none
  /// @param unshippedBytes bytes of log not yet published
  record Shipped(
      long recovered,
      long committed,
      long quarantined,
      long lost,
      long oldestMillis,
      long unshippedBytes) {
    /// As the shipper says.
    ///
    /// @param firstSeq of the entries that this process accepts
    static Shipped of(ShipperStatus status, long firstSeq) {
      return new Shipped(
          status.firstSeq() < 0 ? 0 : Math.max(0, firstSeq - status.firstSeq()),
          status.committedEntries(),
          status.quarantinedEntries(),
          status.lostEntries(),
          status.oldestUnshippedMillis(),
          status.unshippedBytes());
    }
  }

  private record Row(Labels labels, LedgerCounts counts) {}

  private final Supplier<SpoolStatus> spool;
  private final Supplier<Shipped> shipped;
  private final GuardedClock clock;

  LedgerMetrics(Supplier<SpoolStatus> spool, Supplier<Shipped> shipped, GuardedClock clock) {
    this.spool = spool;
    this.shipped = shipped;
    this.clock = clock;
  }

  @Override
  public MetricSnapshots collect() {
    // The shipper first: what it has committed by then, the spool has logged.
    Shipped after = shipped.get();
    SpoolStatus status = spool.get();
    List<Row> rows = rows(status);
    List<Row> taken = new ArrayList<>(rows);
    taken.add(
        new Row(RECOVERED, new LedgerCounts(after.recovered(), after.recovered(), 0, List.of())));
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    all.metricSnapshot(
        counter(
            "loopgate_ledger_seen", "Exchanges and feedbacks begun.", taken, LedgerCounts::begun));
    all.metricSnapshot(
        gaugeOf("loopgate_ledger_open", "Begun, not ended.", rows, LedgerCounts::open));
    all.metricSnapshot(counter("loopgate_ledger_accepted", "Kept.", taken, LedgerCounts::accepted));
    all.metricSnapshot(
        counter(
            "loopgate_ledger_sampled_out",
            "Left out by sampling.",
            rows,
            LedgerCounts::sampledOut));
    all.metricSnapshot(dropped(rows));
    all.metricSnapshot(
        gauge("loopgate_ledger_in_ring", "Accepted, not in the log.", status.inRing()));
    all.metricSnapshot(
        gauge(
            "loopgate_ledger_pending",
            "In the log, not published.",
            Math.max(
                0,
                after.recovered()
                    + status.logged()
                    - after.committed()
                    - after.quarantined()
                    - after.lost())));
    all.metricSnapshot(
        total("loopgate_ledger_committed", "Published in files.", after.committed()));
    all.metricSnapshot(
        total("loopgate_ledger_quarantined", "Kept aside, unreadable.", after.quarantined()));
    all.metricSnapshot(total("loopgate_ledger_lost", "Proven to be gone.", after.lost()));
    fills(all, status, after);
    originals(all, rows);
    return all.build();
  }

  private void fills(MetricSnapshots.Builder all, SpoolStatus status, Shipped after) {
    all.metricSnapshot(
        gauge("loopgate_ring_used_bytes", "Bytes of the ring that wait.", status.ringBytesUsed()));
    all.metricSnapshot(gauge("loopgate_ring_bytes", "The ring.", status.ringBytes()));
    all.metricSnapshot(gauge("loopgate_spool_used_bytes", "Segments in use.", status.logBytes()));
    all.metricSnapshot(
        gauge("loopgate_spool_bytes_max", "The log's budget.", status.logBytesMax()));
    all.metricSnapshot(
        gauge(
            "loopgate_spool_failed", "1 when the disk failed for good.", status.failed() ? 1 : 0));
    all.metricSnapshot(
        gauge(
            "loopgate_oldest_unshipped_seconds",
            "Age of the oldest entry that is not published, 0 for none.",
            after.oldestMillis() / 1e3));
    all.metricSnapshot(
        gauge("loopgate_unshipped_bytes", "Bytes of log not published.", after.unshippedBytes()));
    all.metricSnapshot(
        total("loopgate_clock_steps", "Wall clock set by over a minute.", clock.steps()));
  }

  /// The names under which the original counted (dashboards know them).
  private static void originals(MetricSnapshots.Builder all, List<Row> rows) {
    long requests = 0;
    long feedback = 0;
    long lost = 0;
    for (Row row : rows) {
      String kind = row.labels().get("kind");
      requests += EntryKind.PREDICTION.word().equals(kind) ? row.counts().accepted() : 0;
      feedback += EntryKind.FEEDBACK.word().equals(kind) ? row.counts().accepted() : 0;
      lost += row.counts().droppedTotal();
    }
    all.metricSnapshot(gauge("total_collected_requests", "Predictions kept.", requests));
    all.metricSnapshot(gauge("total_collected_feedback", "Feedbacks kept.", feedback));
    all.metricSnapshot(gauge("total_error_tapping", "Entries dropped.", lost));
  }

  private static List<Row> rows(SpoolStatus status) {
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<EntryKind, Map<String, LedgerCounts>> kind : status.counts().entrySet()) {
      for (Map.Entry<String, LedgerCounts> model : kind.getValue().entrySet()) {
        rows.add(
            new Row(
                Labels.of("kind", kind.getKey().word(), "model", model.getKey()),
                model.getValue()));
      }
    }
    return rows;
  }

  private static CounterSnapshot counter(
      String name, String help, List<Row> rows, ToLongFunction<LedgerCounts> count) {
    CounterSnapshot.Builder all = CounterSnapshot.builder().name(name).help(help);
    for (Row row : rows) {
      all.dataPoint(
          CounterDataPointSnapshot.builder()
              .labels(row.labels())
              .value(count.applyAsLong(row.counts()))
              .build());
    }
    return all.build();
  }

  private static CounterSnapshot dropped(List<Row> rows) {
    CounterSnapshot.Builder all =
        CounterSnapshot.builder().name("loopgate_ledger_dropped").help("Not kept, by reason.");
    for (Row row : rows) {
      for (DropReason reason : DropReason.values()) {
        List<Long> counts = row.counts().dropped();
        long count = reason.number() < counts.size() ? counts.get(reason.number()) : 0;
        all.dataPoint(
            CounterDataPointSnapshot.builder()
                .labels(row.labels().add("reason", reason.word()))
                .value(count)
                .build());
      }
    }
    return all.build();
  }

  private static GaugeSnapshot gaugeOf(
      String name, String help, List<Row> rows, ToLongFunction<LedgerCounts> count) {
    GaugeSnapshot.Builder all = GaugeSnapshot.builder().name(name).help(help);
    for (Row row : rows) {
      all.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(row.labels())
              .value(count.applyAsLong(row.counts()))
              .build());
    }
    return all.build();
  }

  private static GaugeSnapshot gauge(String name, String help, double value) {
    return GaugeSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
        .build();
  }

  private static CounterSnapshot total(String name, String help, double value) {
    return CounterSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(CounterDataPointSnapshot.builder().value(value).build())
        .build();
  }
}
