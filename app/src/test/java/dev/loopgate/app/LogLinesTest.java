package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.TimeSource;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class LogLinesTest {
  private final AtomicLong nanos = new AtomicLong();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final LogLines log =
      new LogLines(
          new TimeSource() {
            @Override
            public long nanos() {
              return nanos.get();
            }

            @Override
            public long epochMillis() {
              return 1_700_000_000_123L + nanos.get() / 1_000_000;
            }
          },
          new PrintStream(bytes, true, StandardCharsets.UTF_8));

  @Test
  void aLineIsTimeLevelRoomAndMessage() {
    log.line(LogLines.Level.WARN, "spool", "something");

    assertThat(lines()).containsExactly("2023-11-14T22:13:20.123Z WARN spool something");
  }

  @Test
  void aMessageNeverBecomesTwoLines() {
    log.line(LogLines.Level.INFO, "app", "a\r\nb\u001b[31m");

    assertThat(lines()).containsExactly("2023-11-14T22:13:20.123Z INFO app a  b [31m");
  }

  @Test
  void whatRepeatsIsOneLineAMinuteWithHowOften() {
    for (int second = 0; second <= 60; second++) {
      nanos.set(second * 1_000_000_000L);
      log.repeated(LogLines.Level.ERROR, "spool", "dropped", "dropped");
      if (second == 30) {
        log.repeated(LogLines.Level.ERROR, "spool", "other", "other");
      }
    }

    assertThat(lines())
        .containsExactly(
            "2023-11-14T22:13:20.123Z ERROR spool dropped",
            "2023-11-14T22:13:50.123Z ERROR spool other",
            "2023-11-14T22:14:20.123Z ERROR spool dropped (60 times since the last line)");
  }

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
