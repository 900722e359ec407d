package dev.loopgate.benchmarks;

import dev.loopgate.capture.Body;
import dev.loopgate.capture.BodyCapture;
import dev.loopgate.capture.CaptureBuffers;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A body copied as it passes, in chunks as a socket gives them, seen once and released.
///
/// Sketch: 257 B: one pooled piece, one copy, a view: about 50 ns, some 200 B of small objects. 64
/// KiB in four chunks, warm in the cache, at 10 GB/s and up: about 7 us; no byte of it is
/// allocated.
///
/// Command: `./benchmarks/jmh BodyCapture -prof gc`
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BodyCaptureBenchmark {
  private static final int CHUNK_BYTES = 16 << 10;
  private static final int KEPT_MAX = 4 << 20;

  /// Bytes of the body.
  @Param({"257", "65536"})
  public int bytes;

  private final CaptureBuffers buffers = new CaptureBuffers(8 << 20);
  private ByteBuffer chunk = ByteBuffer.allocateDirect(0);

  /// A receive buffer.
  @Setup(Level.Trial)
  public void receive() {
    chunk = ByteBuffer.allocateDirect(Math.min(bytes, CHUNK_BYTES));
  }

  /// One body.
  @Benchmark
  public Body copy() {
    BodyCapture capture = new BodyCapture(buffers, KEPT_MAX);
    for (int left = bytes; left > 0; left -= chunk.capacity()) {
      capture.copyFrom(chunk);
    }
    Body body = capture.view(true, "");
    capture.release();
    return body;
  }
}
