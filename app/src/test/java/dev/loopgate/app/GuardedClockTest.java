package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class GuardedClockTest {
  private static final long BOOT_MILLIS = 1_700_000_000_000L;

  private final AtomicLong nanos = new AtomicLong(-5_000_000_000L);
  private final AtomicLong wall = new AtomicLong(BOOT_MILLIS);
  private final GuardedClock clock = new GuardedClock(nanos::get, wall::get);

  @Test
  void startsAtTheWallAndGoesByTheMonotonicClock() {
    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS);

    passes(1_500, 0);

    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS + 1_500);
    assertThat(clock.nanos()).isEqualTo(-3_500_000_000L);
  }

  @Test
  void doesNotJumpWhenTheWallIsCorrectedALittle() {
    passes(1_000, 31_000);

    clock.adjust();

    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS + 1_000); // 0.5 ms of 30 s, rounded down
    assertThat(clock.steps()).isZero();
  }

  @Test
  void followsTheWallByHalfAMillisecondASecond() {
    wall.addAndGet(1_000);
    for (int second = 0; second < 100; second++) {
      passes(1_000, 1_000);
      clock.adjust();
    }

    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS + 100_000 + 50);
  }

  @Test
  void neverGoesBackWhileItFollowsAWallBehindIt() {
    wall.addAndGet(-59_000);
    long before = clock.epochMillis();
    for (int second = 0; second < 1_000; second++) {
      passes(1_000, 1_000);
      clock.adjust();
      assertThat(clock.epochMillis()).isGreaterThan(before);
      before = clock.epochMillis();
    }
  }

  @Test
  void adoptsAStepOfMoreThanAMinuteAtOnceAndCountsIt() {
    passes(1_000, 3_600_000);
    clock.adjust();

    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS + 3_600_000);
    assertThat(clock.steps()).isOne();

    passes(1_000, -7_200_000);
    clock.adjust();

    assertThat(clock.epochMillis()).isEqualTo(BOOT_MILLIS - 3_600_000);
    assertThat(clock.steps()).isEqualTo(2);
  }

  @Test
  void aMinuteIsNoStepYet() {
    wall.addAndGet(60_000);
    clock.adjust();

    assertThat(clock.steps()).isZero();
  }

  private void passes(long monotonicMillis, long wallMillis) {
    nanos.addAndGet(monotonicMillis * 1_000_000);
    wall.addAndGet(wallMillis);
  }
}
