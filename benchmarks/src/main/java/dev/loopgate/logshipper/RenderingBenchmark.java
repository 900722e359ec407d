package dev.loopgate.logshipper;

import dev.loopgate.benchmarks.Samples;
import dev.loopgate.capture.Prediction;
import java.io.IOException;
import java.io.OutputStream;
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

/// The two lines of one prediction. In the package of what it measures, which is not public.
///
/// Sketch: heads are about 1 KB of text, bodies twice `bytes`; each byte is looked at twice, for
/// UTF-8 and for the escapes, and copied once: about 1 ns a byte. 257 B: about 1.6 us; 64 KiB:
/// about 130 us.
///
/// Command: `./benchmarks/jmh Rendering -prof gc`
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RenderingBenchmark {
  private static final int DECODED_BYTES_MAX = 16 << 20;
  private static final int BUFFER_BYTES = 64 << 10;

  /// Bytes of each body.
  @Param({"257", "65536"})
  public int bytes;

  private final Rendering rendering = new Rendering(DECODED_BYTES_MAX);
  private final JsonWriter json = new JsonWriter(OutputStream.nullOutputStream(), BUFFER_BYTES);
  private Prediction prediction = Samples.prediction(0);

  /// A prediction of this size.
  @Setup(Level.Trial)
  public void size() {
    prediction = Samples.prediction(bytes);
  }

  /// Both lines.
  @Benchmark
  public long lines() throws IOException {
    rendering.requestResponse(prediction, json);
    rendering.responseBody(prediction, json);
    return json.bytesWritten();
  }
}
