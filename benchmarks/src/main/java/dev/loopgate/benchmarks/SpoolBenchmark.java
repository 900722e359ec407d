package dev.loopgate.benchmarks;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Prediction;
import dev.loopgate.spool.Appended;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolConfig;
import dev.loopgate.spool.SpoolEvents;
import dev.loopgate.spool.SpoolException;
import dev.loopgate.spool.SpoolLane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/// 10,000 entries of 1 KiB each way into the ring, and from the ring into the log. A figure is the
/// time of all of them; a round has a spool of its own.
///
/// Sketch: an entry is about 2.8 KB. Append: encode and copy at about 2 GB/s and a claim, about 2
/// us each, 20 ms for all. Write: 28 MB, checksummed at 5 GB/s, written in groups of at most 4 MiB,
/// at a disk's 500 MB/s about 60 ms and some ten forces of 1 to 5 ms.
///
/// Command: `./benchmarks/jmh Spool`; `-Djava.io.tmpdir=DIR` in `-jvmArgsAppend` chooses the disk.
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
@Fork(1)
public class SpoolBenchmark {
  private static final int ENTRIES = 10_000;
  private static final int BODY_BYTES = 1 << 10;

  private final Prediction entry = Samples.prediction(BODY_BYTES);
  private @Nullable Round round;

  /// A spool whose writer does not run yet, in a directory of its own.
  private record Round(Path directory, Spool spool, SpoolLane lane, int slot) {
    static Round open() throws IOException, SpoolException {
      Path directory = Files.createTempDirectory("loopgate-benchmark");
      Spool spool =
          Spool.open(
              SpoolConfig.in(directory.resolve("spool")), new SystemTime(), SpoolEvents.SILENT);
      return new Round(directory, spool, spool.openLane(), spool.slotOf("wine"));
    }

    int fill(Prediction entry) {
      for (int i = 0; i < ENTRIES; i++) {
        lane.begun(EntryKind.PREDICTION, slot, entry.timing().startMillis());
        Appended appended = lane.append(entry, slot);
        if (appended != Appended.ACCEPTED) {
          throw new IllegalStateException("benchmark: entry=" + i + ", appended=" + appended);
        }
      }
      return ENTRIES;
    }
  }

  /// An empty spool for [#ringAppend], a full ring for [#spoolWrite].
  @Setup(Level.Iteration)
  public void open(BenchmarkParams benchmark) throws IOException, SpoolException {
    round = Round.open();
    if (benchmark.getBenchmark().endsWith("spoolWrite")) {
      round.fill(entry);
    }
  }

  /// Closes and removes the round's spool.
  @TearDown(Level.Iteration)
  public void close() throws IOException {
    Round over = Objects.requireNonNull(round);
    over.spool().close();
    try (Stream<Path> files = Files.walk(over.directory())) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /// What an event loop pays.
  @Benchmark
  public int ringAppend() {
    return Objects.requireNonNull(round).fill(entry);
  }

  /// What the thread `spool-writer` pays, until all is forced.
  @Benchmark
  public Spool spoolWrite() {
    Spool spool = Objects.requireNonNull(round).spool();
    spool.start();
    spool.closeIntake();
    return spool;
  }
}
