package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.RequestId;
import dev.loopgate.logshipper.LocalStore;
import dev.loopgate.logshipper.LogShipper;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolLane;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `accepted = in_ring + pending + committed + quarantined + lost`, whatever an earlier process
/// left.
final class RestartMetricsTest {
  private static final List<String> WHERE =
      List.of(
          "loopgate_ledger_in_ring",
          "loopgate_ledger_pending",
          "loopgate_ledger_committed",
          "loopgate_ledger_quarantined",
          "loopgate_ledger_lost");

  @TempDir Path data;

  private final GuardedClock clock = new GuardedClock(System::nanoTime, () -> 1_700_000_060_000L);
  private final Telemetry telemetry =
      Telemetry.of(
          new LogLines(
              clock,
              new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)));

  @Test
  void holdsOverWhatWasLeftInRingAndLog() throws Exception {
    leave(3);
    Spool spool = open();
    append(spool, "more-", 2);

    try (LogShipper idle = shipper(spool, data.resolve("blocked"))) {
      assertThat(sums(spool, idle)).containsExactly(5.0, 2.0, 3.0, 0.0, 0.0, 0.0);
      spool.closeIntake();
      assertThat(sums(spool, idle)).containsExactly(5.0, 0.0, 5.0, 0.0, 0.0, 0.0);
    }
    Files.delete(data.resolve("blocked").resolve("feedback"));
    try (LogShipper shipper = shipper(spool, data.resolve("blocked"))) {
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
      assertThat(sums(spool, shipper)).containsExactly(5.0, 0.0, 0.0, 5.0, 0.0, 0.0);
    }
    spool.close();
  }

  @Test
  void countsWhatRottedBeforeTheStartAsLost() throws Exception {
    leave(3);
    rot("left-0");
    rot("left-1");

    try (Spool spool = open();
        LogShipper shipper = shipper(spool, data.resolve("files"))) {
      append(spool, "more-", 2);
      spool.closeIntake();
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
      assertThat(sums(spool, shipper)).containsExactly(5.0, 0.0, 0.0, 3.0, 0.0, 2.0);
    }
  }

  @Test
  void countsWhatRotsAfterTheStartAsLost() throws Exception {
    leave(3);
    try (Spool spool = open()) {
      rot("left-1");
      try (LogShipper shipper = shipper(spool, data.resolve("files"))) {
        append(spool, "more-", 2);
        spool.closeIntake();
        assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
        assertThat(sums(spool, shipper)).containsExactly(5.0, 0.0, 0.0, 4.0, 0.0, 1.0);
      }
    }
    assertThat(telemetry.registry().scrape().stream())
        .anyMatch(metric ->
            metric.getMetadata().getName().equals("loopgate_spool_damaged_records")
                && sum(metric) > 0);
  }

  /// Sum of what is accepted, then where it is.
  private List<Double> sums(Spool spool, LogShipper shipper) {
    PrometheusRegistry registry = new PrometheusRegistry();
    registry.register(
        new LedgerMetrics(
            spool::status,
            () -> LedgerMetrics.Shipped.of(shipper.status(), spool.firstSeq()),
            clock));
    return Stream.concat(Stream.of("loopgate_ledger_accepted"), WHERE.stream())
        .map(name ->
            registry.scrape().stream()
                .filter(metric -> metric.getMetadata().getName().equals(name))
                .mapToDouble(RestartMetricsTest::sum)
                .sum())
        .toList();
  }

  private static double sum(MetricSnapshot metric) {
    return switch (metric) {
      case CounterSnapshot counter ->
          counter.getDataPoints().stream()
              .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
              .sum();
      case GaugeSnapshot gauge ->
          gauge.getDataPoints().stream()
              .mapToDouble(GaugeSnapshot.GaugeDataPointSnapshot::getValue)
              .sum();
      default -> 0;
    };
  }

  /// A process that kept so many, and published none of them.
  private void leave(int entries) throws IOException {
    Files.createDirectories(data.resolve("blocked"));
    Files.writeString(data.resolve("blocked").resolve("feedback"), "no directory");
    try (Spool spool = open()) {
      append(spool, "left-", entries);
    }
  }

  private void append(Spool spool, String prefix, int entries) {
    SpoolLane lane = spool.openLane();
    for (int i = 0; i < entries; i++) {
      lane.appendForced(
          new Feedback(
              new RequestId(prefix + i),
              new ModelIdentity("wine", "1"),
              clock.epochMillis(),
              "{}",
              ""),
          spool.slotOf("wine"),
          _ -> {});
    }
    assertThat(spool.status().counts()).containsKey(EntryKind.FEEDBACK);
  }

  private Spool open() throws IOException {
    Path directory = data.resolve("spool");
    SpoolConfig defaults = SpoolConfig.in(directory);
    return Spool.open(
        new SpoolConfig(
            directory,
            data,
            1 << 20,
            2 << 20,
            defaults.logBytesMax(),
            1 << 20,
            2,
            defaults.forceAfter(),
            defaults.forceAfterBytes(),
            defaults.forceTimeout()),
        clock,
        telemetry.spool());
  }

  private LogShipper shipper(Spool spool, Path files) throws IOException {
    return LogShipper.start(
        ShipperConfig.in(data.resolve("spool")).withWindow(Duration.ZERO),
        new LogShipper.Surroundings(
            spool.reader(),
            spool.id(),
            LocalStore.open(files, ShipperConfig.instanceOf(spool.id())),
            _ -> true,
            clock,
            telemetry.shipper().of("files")));
  }

  private void rot(String text) throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("spool").resolve("wal"))) {
      for (Path file : files.toList()) {
        int at = Files.readString(file, StandardCharsets.ISO_8859_1).indexOf(text);
        if (at >= 0) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {'#'}), at);
          }
        }
      }
    }
  }
}
