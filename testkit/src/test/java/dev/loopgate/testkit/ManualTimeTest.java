package dev.loopgate.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ManualTimeTest {
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");

  @Test
  void standsStillUntilItIsTurned() {
    assertThat(time.nanos()).isZero();
    assertThat(time.epochMillis()).isEqualTo(Instant.parse("2026-11-24T10:00:00Z").toEpochMilli());
  }

  @Test
  void movesBothClocksAndKeepsWhatIsShortOfAMillisecond() {
    long wall = time.epochMillis();

    time.advanceNanos(999_999);
    assertThat(time.epochMillis()).isEqualTo(wall);
    time.advanceNanos(1);
    assertThat(time.epochMillis()).isEqualTo(wall + 1);
    time.advance(Duration.ofSeconds(2));

    assertThat(time.epochMillis()).isEqualTo(wall + 2001);
    assertThat(time.nanos()).isEqualTo(2_001_000_000L);
  }

  @Test
  void setsTheWallClockBackAndLeavesTheMonotonicOneAlone() {
    time.advanceMillis(5);

    time.setWall(Instant.EPOCH);

    assertThat(time.epochMillis()).isZero();
    assertThat(time.nanos()).isEqualTo(5_000_000);
  }

  @Test
  void theMonotonicClockDoesNotGoBack() {
    time.setNanos(7);

    assertThatIllegalArgumentException().isThrownBy(() -> time.setNanos(6));
    assertThatIllegalArgumentException().isThrownBy(() -> time.advanceNanos(-1));
  }
}
