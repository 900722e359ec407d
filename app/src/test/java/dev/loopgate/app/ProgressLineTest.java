package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

final class ProgressLineTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private long nanos = 5;

  private ProgressLine line(boolean shown) {
    return new ProgressLine(shown, () -> nanos, new PrintStream(err, true, UTF_8));
  }

  @Test
  void isWrittenOverAtMostFiveTimesASecondAndTakenAway() {
    try (ProgressLine line = line(true)) {
      line.at("2026112410", 1, 5 << 20);
      nanos += 199_999_999;
      line.at("2026112410", 2, 5 << 20);
      nanos += 1;
      line.at("2026112411", 3, 9 << 20);
    }

    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "\rhour 2026112410, files read: 1, MiB: 5\u001b[K"
                + "\rhour 2026112411, files read: 3, MiB: 9\u001b[K"
                + "\r\u001b[K");
  }

  @Test
  void isNowhereWhereNobodyLooksOn() {
    try (ProgressLine line = line(false)) {
      line.at("2026112410", 1, 0);
    }

    assertThat(err.size()).isZero();
  }
}
