package dev.loopgate.app;

import dev.loopgate.capture.DropReason;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.SpoolEvents;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/// What the spool tells, as metrics and lines. Called on event loops and on `spool-writer`.
final class SpoolTelemetry implements SpoolEvents {
  private static final double NANOS = 1e9;
  private static final double[] FORCE_SECONDS = {
    .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10
  };

  private final LogLines log;
  private final Counter cut;
  private final Histogram force;
  private final Counter forcedBytes;
  private final Counter forcedEntries;
  private final Counter diskFailures;
  private final Counter damagedRecords;
  private final Gauge watermark;

  SpoolTelemetry(PrometheusRegistry registry, LogLines log) {
    this.log = log;
    cut =
        Counter.builder()
            .name("loopgate_entries_without_bodies")
            .help("Entries kept without their bodies: the ring had no room for these.")
            .register(registry);
    force =
        Histogram.builder()
            .name("loopgate_spool_force_seconds")
            .help("Time of a force of the log.")
            .classicOnly()
            .classicUpperBounds(FORCE_SECONDS)
            .register(registry);
    forcedBytes =
        Counter.builder()
            .name("loopgate_spool_forced_bytes")
            .help("Bytes made durable.")
            .register(registry);
    forcedEntries =
        Counter.builder()
            .name("loopgate_spool_forced_entries")
            .help("Entries made durable.")
            .register(registry);
    diskFailures =
        Counter.builder()
            .name("loopgate_spool_disk_failures")
            .help("Writes and forces that failed.")
            .register(registry);
    damagedRecords =
        Counter.builder()
            .name("loopgate_spool_damaged_records")
            .help("Places of the log that turned bad after the start.")
            .register(registry);
    watermark =
        Gauge.builder()
            .name("loopgate_spool_watermark_percent")
            .help("The highest of 80, 95, 100 that the log's budget has passed, else 0.")
            .register(registry);
  }

  @Override
  public void entryDropped(DropReason reason) {
    log.repeated(
        LogLines.Level.ERROR,
        "spool",
        "dropped-" + reason.word(),
        "an entry was not kept: dropped{" + reason.word() + "}");
  }

  @Override
  public void entryCut() {
    cut.inc();
    log.repeated(
        LogLines.Level.WARN,
        "spool",
        "cut",
        "an entry is kept without its bodies: the ring has no room (spool.ring-bytes)");
  }

  @Override
  public void groupForced(int entries, long bytes, long forceNanos) {
    force.observe(forceNanos / NANOS);
    forcedBytes.inc(bytes);
    forcedEntries.inc(entries);
    if (forceNanos > 1_000_000_000L) {
      log.repeated(
          LogLines.Level.WARN,
          "spool",
          "slow",
          "a force took " + forceNanos / 1_000_000 + " ms: the disk is slow, the ring absorbs it");
    }
  }

  @Override
  public void diskFailed(String step, String message) {
    diskFailures.inc();
    log.repeated(
        LogLines.Level.ERROR,
        "spool",
        "disk-" + step,
        "the disk failed at " + step + ", the group goes to the next segment: " + message);
  }

  @Override
  public void spoolFailed(String message) {
    log.line(
        LogLines.Level.ERROR,
        "spool",
        "the disk failed twice: feedback answers 503, captures are dropped until a probe succeeds: "
            + message);
  }

  @Override
  public void spoolRecovered() {
    log.line(LogLines.Level.INFO, "spool", "the disk takes entries again");
  }

  @Override
  public void watermark(int percent) {
    watermark.set(percent);
    switch (percent) {
      case 0 -> log.line(LogLines.Level.INFO, "spool", "the log is below its watermarks again");
      case 80 ->
          log.line(
              LogLines.Level.WARN, "spool", "the log is at 80 % of its budget: is the store slow?");
      case 95 ->
          log.line(LogLines.Level.ERROR, "spool", "the log is at 95 %: feedback is answered 503");
      default ->
          log.line(
              LogLines.Level.ERROR, "spool", "the log is full: captures are dropped and counted");
    }
  }

  @Override
  public void damaged(LogPosition at, long bytes) {
    damagedRecords.inc();
    log.repeated(
        LogLines.Level.ERROR,
        "spool",
        "damaged",
        "a record of the log is damaged and is stepped over: at=" + at + ", bytes=" + bytes);
  }

  @Override
  public void ringOnDisk(String message) {
    log.line(LogLines.Level.WARN, "spool", message);
  }

  @Override
  public void recovered(String what) {
    log.line(LogLines.Level.INFO, "spool", what);
  }
}
