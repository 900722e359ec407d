package dev.loopgate.app;

import dev.loopgate.logshipper.ShipperStatus;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// How far each sink is, by its name, all of one look.
final class SinkMetrics implements MultiCollector {
  private final Supplier<Map<String, ShipperStatus>> sinks;

  SinkMetrics(Supplier<Map<String, ShipperStatus>> sinks) {
    this.sinks = sinks;
  }

  @Override
  public MetricSnapshots collect() {
    Map<String, ShipperStatus> all = sinks.get();
    return MetricSnapshots.builder()
        .metricSnapshot(
            gauge(
                "loopgate_sink_unshipped_bytes",
                "Bytes of log that the sink has not taken.",
                all,
                ShipperStatus::unshippedBytes))
        .metricSnapshot(
            gauge(
                "loopgate_sink_oldest_unshipped_seconds",
                "Age of the oldest entry that the sink has not taken, 0 for none.",
                all,
                status -> status.oldestUnshippedMillis() / 1e3))
        .metricSnapshot(
            counter(
                "loopgate_sink_entries_committed",
                "Entries that the sink has taken.",
                all,
                ShipperStatus::committedEntries))
        .metricSnapshot(
            counter(
                "loopgate_sink_entries_skipped",
                "Entries that the sink was too far behind for.",
                all,
                ShipperStatus::skippedEntries))
        .build();
  }

  private static GaugeSnapshot gauge(
      String name,
      String help,
      Map<String, ShipperStatus> all,
      ToDoubleFunction<ShipperStatus> value) {
    GaugeSnapshot.Builder points = GaugeSnapshot.builder().name(name).help(help);
    all.forEach((sink, status) ->
        points.dataPoint(
            GaugeDataPointSnapshot.builder()
                .labels(Labels.of("sink", sink))
                .value(value.applyAsDouble(status))
                .build()));
    return points.build();
  }

  private static CounterSnapshot counter(
      String name,
      String help,
      Map<String, ShipperStatus> all,
      ToDoubleFunction<ShipperStatus> value) {
    CounterSnapshot.Builder points = CounterSnapshot.builder().name(name).help(help);
    all.forEach((sink, status) ->
        points.dataPoint(
            CounterDataPointSnapshot.builder()
                .labels(Labels.of("sink", sink))
                .value(value.applyAsDouble(status))
                .build()));
    return points.build();
  }
}
