package dev.loopgate.benchmarks;

import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.RequestIds;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A fresh Request-Id.
///
/// Sketch: two draws of a few ns, 32 hex digits at about 1 ns, 36 characters checked and copied;
/// three small objects, some 150 bytes at 10 GB/s. About 60 to 100 ns, 136 to 200 B/op.
///
/// Command: `./benchmarks/jmh RequestIds -prof gc`
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RequestIdsBenchmark {
  private final RequestIds ids = RequestIds.seeded();
  private long millis = 1_798_106_400_000L;

  /// One id.
  @Benchmark
  public RequestId next() {
    return ids.next(millis++);
  }
}
