package dev.loopgate.app;

import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.ShipperEvents;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What the shippers tell, as metrics and lines, by the name of their sink. Any thread.
final class ShipperTelemetry {
  private static final String ROOM = "log-shipper";
  private static final String SINK = "sink";

  private final LogLines log;
  private final Counter files;
  private final Counter fileBytes;
  private final Counter records;
  private final Counter taken;
  private final Counter windows;
  private final Counter manifests;
  private final Counter retries;
  private final Counter overflowed;
  private final Gauge parked;

  ShipperTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    files = counter(registry, "loopgate_files_published", "Files published.");
    fileBytes = counter(registry, "loopgate_files_published_bytes", "Bytes of published files.");
    records = counter(registry, "loopgate_records_published", "Lines of published files.");
    taken = counter(registry, "loopgate_keys_taken", "Names that another gateway had taken.");
    windows =
        counter(registry, "loopgate_windows_committed", "Windows whose files are all published.");
    manifests = counter(registry, "loopgate_manifests_published", "Revisions of manifests.");
    retries = counter(registry, "loopgate_ship_retries", "Steps that failed and were tried again.");
    overflowed =
        counter(
            registry,
            "loopgate_entries_in_other_partition",
            "Entries beyond the bound of models, in (other)/(other).");
    parked =
        Gauge.builder()
            .name("loopgate_ship_parked")
            .help("1 when nothing is shipped until a person acts.")
            .labelNames(SINK)
            .register(registry);
  }

  /// What the shipper of this sink tells.
  ShipperEvents of(String sink) {
    return new OfSink(sink);
  }

  private static Counter counter(PrometheusRegistry registry, String name, String help) {
    return Counter.builder().name(name).help(help).labelNames(SINK).register(registry);
  }

  private final class OfSink implements ShipperEvents {
    private final String sink;

    OfSink(String sink) {
      this.sink = sink;
      parked.labelValues(sink).set(0);
    }

    /// Says which sink, where it is not the one that everybody has.
    private String named(String what) {
      return sink.equals(ShipperConfig.Sink.FILES.name()) ? what : sink + ": " + what;
    }

    @Override
    public void filePublished(String key, long size, long recordCount, boolean before) {
      files.labelValues(sink).inc();
      fileBytes.labelValues(sink).inc(size);
      records.labelValues(sink).inc(recordCount);
    }

    @Override
    public void keyTaken(String key) {
      taken.labelValues(sink).inc();
    }

    @Override
    public void windowCommitted(long entries, int fileCount, long bytes) {
      windows.labelValues(sink).inc();
    }

    @Override
    public void manifestPublished(String key) {
      manifests.labelValues(sink).inc();
    }

    @Override
    public void retrying(String step, String message, long waitNanos) {
      retries.labelValues(sink).inc();
      log.repeated(
          LogLines.Level.WARN,
          ROOM,
          "retrying-" + sink + '-' + step,
          named(step)
              + " failed, again in "
              + waitNanos / 1_000_000
              + " ms, nothing is lost: "
              + message);
    }

    @Override
    public void parked(String message) {
      parked.labelValues(sink).set(1);
      log.line(
          LogLines.Level.ERROR,
          ROOM,
          named("nothing is shipped") + " until somebody acts, all is kept: " + message);
    }

    @Override
    public void unparked() {
      parked.labelValues(sink).set(0);
      log.line(LogLines.Level.INFO, ROOM, named("shipping") + " goes on");
    }

    @Override
    public void partitionsOverflowed(long entries) {
      overflowed.labelValues(sink).inc(entries);
      log.repeated(
          LogLines.Level.WARN,
          ROOM,
          "overflowed",
          "more models in an hour than have partitions: entries went to (other)/(other)");
    }

    @Override
    public void skipped(long entries) {
      log.repeated(
          LogLines.Level.WARN,
          ROOM,
          "skipped-" + sink,
          sink + ": too far behind, entries are skipped and counted: " + entries);
    }

    @Override
    public void quarantined(long entries) {
      log.repeated(
          LogLines.Level.ERROR,
          ROOM,
          "quarantined",
          entries + " entries can't be written as lines; they are counted in the manifest");
    }

    @Override
    public void commitLogDamaged(String file) {
      log.line(LogLines.Level.ERROR, ROOM, "the commit log is damaged, a copy is kept: " + file);
    }
  }
}
