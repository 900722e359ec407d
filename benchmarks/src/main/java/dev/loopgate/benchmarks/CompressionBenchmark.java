package dev.loopgate.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.openjdk.jmh.annotations.AuxCounters;
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

/// 16 MiB of lines of `request_response`, no two alike, through each codec as the shipper has them.
/// A figure is the time of all of them; divide by 16 for ms a MiB. `ratio` is how many times
/// smaller they become, `cpuMillisPerMib` what a MiB takes of a core; JMH adds both up over the
/// measured passes.
///
/// Sketch: zlib's fastest is about 100 MB/s on such text, zstd's 500: 160 ms and 32 ms.
///
/// Command: `./benchmarks/jmh Compression`
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
@Fork(1)
public class CompressionBenchmark {
  private static final int BYTES = 16 << 20;
  private static final int PIECE_BYTES = 64 << 10; // what the shipper's writer flushes

  /// The codec and its level.
  @Param({"none", "gzip-1", "gzip-6", "zstd-1", "zstd-3"})
  public String codec = "none";

  /// Of a body: 257 B; 1 KiB up and down in two streams is as good as 1 KiB; 64 KiB.
  @Param({"257", "1024", "65536"})
  public int bodyBytes;

  private byte[] lines = new byte[0];

  /// What became of the lines.
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Counted {
    /// How many times smaller they are.
    public double ratio;

    /// What a MiB of lines took of a core, whatever else the machine did.
    public double cpuMillisPerMib;
  }

  /// Bodies of random numbers, ids and times that go on, as a busy hour has them.
  @Setup(Level.Trial)
  public void render() {
    SplittableRandom random = new SplittableRandom(7);
    StringBuilder text = new StringBuilder(BYTES + 2 * bodyBytes);
    for (int i = 0; text.length() < BYTES; i++) {
      text.append("{\"request_id\":\"0190163d-8694-739b-")
          .append(Long.toHexString(random.nextLong()))
          .append(
              "\",\"model_name\":\"Wine\",\"model_version\":\"1.0\",\"request_http_method\":\"POST\",")
          .append(
              "\"request_uri\":\"/model/wine/api/model/invoke\",\"request_host\":\"127.0.0.1:8080\",")
          .append("\"request_http_headers\":{\":method\":\"POST\",\":path\":\"/api/model/invoke\",")
          .append(
              "\"content-type\":\"application/json\",\"user-agent\":\"curl/8.5.0\",\"accept\":\"*/*\"},")
          .append("\"request_content\":\"{\\\"columns\\\":[\\\"alcohol\\\"],\\\"data\\\":[[");
      int end = text.length() + bodyBytes - 40;
      while (text.length() < end) {
        text.append(String.format(Locale.ROOT, "%.4f", random.nextDouble(15))).append(", ");
      }
      text.append("1]]}\",\"size\":")
          .append(bodyBytes)
          .append(",\"truncated\":false,\"response_status\":\"200\",")
          .append("\"time\":\"2026-11-24 10:30:")
          .append(10 + i / 500 % 50)
          .append(" +0000\",\"duration_ms\":")
          .append(random.nextInt(9000) / 1000.0)
          .append(",\"ending\":\"complete\",\"route\":\"wine\"}\n");
    }
    lines = text.toString().getBytes(UTF_8);
  }

  /// All lines into a file that is none.
  @Benchmark
  public int compress(Counted counted) throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    ByteArrayOutputStream file = new ByteArrayOutputStream(BYTES + BYTES / 4);
    try (OutputStream out = into(file)) {
      for (int at = 0; at < lines.length; at += PIECE_BYTES) {
        out.write(lines, at, Math.min(PIECE_BYTES, lines.length - at));
      }
    }
    long nanos = threads.getCurrentThreadCpuTime() - before;
    counted.cpuMillisPerMib = nanos / 1e6 / (lines.length / (double) (1 << 20));
    counted.ratio = (double) lines.length / file.size();
    return file.size();
  }

  private OutputStream into(OutputStream file) throws IOException {
    String[] words = codec.split("-", 2);
    return switch (words[0]) {
      case "gzip" -> new Gzip(file, Integer.parseInt(words[1]));
      case "zstd" ->
          new ZstdOutputStreamNoFinalizer(file, Integer.parseInt(words[1])).setChecksum(true);
      default -> file;
    };
  }

  private static final class Gzip extends GZIPOutputStream {
    private Gzip(OutputStream out, int level) throws IOException {
      super(out, 32 << 10);
      def.setLevel(level);
    }
  }
}
