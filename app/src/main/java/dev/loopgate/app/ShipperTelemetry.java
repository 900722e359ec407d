package dev.loopgate.app;

import dev.loopgate.logshipper.ShipperEvents;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What the shipper tells, as metrics and lines. Called on `shipper`.
final class ShipperTelemetry implements ShipperEvents {
  private static final String ROOM = "log-shipper";

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
            .register(registry);
  }

  @Override
  public void filePublished(String key, long size, long recordCount, boolean before) {
    files.inc();
    fileBytes.inc(size);
    records.inc(recordCount);
  }

  @Override
  public void keyTaken(String key) {
    taken.inc();
  }

  @Override
  public void windowCommitted(long entries, int fileCount, long bytes) {
    windows.inc();
  }

  @Override
  public void manifestPublished(String key) {
    manifests.inc();
  }

  @Override
  public void retrying(String step, String message, long waitNanos) {
    retries.inc();
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "retrying-" + step,
        step + " failed, again in " + waitNanos / 1_000_000 + " ms, nothing is lost: " + message);
  }

  @Override
  public void parked(String message) {
    parked.set(1);
    log.line(
        LogLines.Level.ERROR,
        ROOM,
        "nothing is shipped until somebody acts, all is kept: " + message);
  }

  @Override
  public void unparked() {
    parked.set(0);
    log.line(LogLines.Level.INFO, ROOM, "shipping goes on");
  }

  @Override
  public void partitionsOverflowed(long entries) {
    overflowed.inc(entries);
    log.repeated(
        LogLines.Level.WARN,
        ROOM,
        "overflowed",
        "more models in an hour than have partitions: entries went to (other)/(other)");
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

  private static Counter counter(PrometheusRegistry registry, String name, String help) {
    return Counter.builder().name(name).help(help).register(registry);
  }
}
