package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FramedLogTest {
  private static final String ONE = "2026-11-28T05:42:27.257250709Z ";
  private static final String TWO = "2026-11-28T05:42:28.000000001Z ";

  private @TempDir Path folder = Path.of("");

  @Test
  void takesOutWhatWasPrintedHoweverItComes() throws Exception {
    String large = "x".repeat(20_000);
    byte[] frames = frames(ONE + "a\n", TWO + large, TWO + "\n", "no time\n", TWO, "");

    assertThat(written(new SlowStream(frames))).isEqualTo("a\n" + large + "\nno time\n");
  }

  @Test
  void leavesOutWhatAnEarlierConnectionHadShown() throws Exception {
    try (RotatingLog log = RotatingLog.open(folder.resolve("log"), 1 << 20)) {
      FramedLog framed = new FramedLog(log);
      assertThat(framed.since()).isEqualTo("0");
      assertThatThrownBy(() ->
              framed.copy(
                  new ByteArrayInputStream(cut(frames(ONE + "a", ONE + "b\n", TWO + "c\n")))))
          .isInstanceOf(IOException.class);
      assertThat(framed.since()).isEqualTo("1795844547.257250709");
      framed.copy(new ByteArrayInputStream(frames(ONE + "a", ONE + "b\n", TWO + "c\n")));
      framed.copy(new ByteArrayInputStream(frames(TWO.replace("01Z", "02Z") + "d\n")));
    }
    assertThat(Files.readString(folder.resolve("log"))).isEqualTo("ab\nc\nd\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\3\0\0\0\0\0\0\1a", "HTTP/1.1 200", "\1\0\0\0\0\0\0\2a", "\1\0\0"})
  void whatIsNoFrameIsAnError(String bytes) {
    assertThatThrownBy(() -> written(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1))))
        .isInstanceOf(IOException.class);
  }

  private String written(InputStream frames) throws Exception {
    try (RotatingLog log = RotatingLog.open(folder.resolve("log"), 1 << 20)) {
      new FramedLog(log).copy(frames);
    }
    return Files.readString(folder.resolve("log"));
  }

  private static byte[] cut(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length - 1);
  }

  private static byte[] frames(String... texts) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int stream = 1;
    for (String text : texts) {
      byte[] bytes = text.getBytes(ISO_8859_1);
      out.write(new byte[] {(byte) stream, 0, 0, 0});
      out.write(ByteBuffer.allocate(4).putInt(bytes.length).array());
      out.write(bytes);
      stream = 3 - stream;
    }
    return out.toByteArray();
  }

  /// One byte at a time.
  private static final class SlowStream extends InputStream {
    private final ByteArrayInputStream from;

    SlowStream(byte[] bytes) {
      from = new ByteArrayInputStream(bytes);
    }

    @Override
    public int read() {
      return from.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      return from.read(into, offset, Math.min(length, 1));
    }
  }
}
