package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class RetryScheduleTest {
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration MAX = Duration.ofMinutes(5);

  @Test
  void theBoundDoublesFromFirstToMax() {
    List<Long> seconds = new ArrayList<>();
    for (int failures = 0; failures < 11; failures++) {
      seconds.add(
          RetrySchedule.boundNanos(FIRST.toNanos(), MAX.toNanos(), failures) / 1_000_000_000);
    }

    assertThat(seconds).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 300L, 300L);
    assertThat(RetrySchedule.boundNanos(FIRST.toNanos(), MAX.toNanos(), Integer.MAX_VALUE))
        .isEqualTo(MAX.toNanos());
    assertThat(RetrySchedule.boundNanos(MAX.toNanos(), FIRST.toNanos(), 0))
        .as("a first that is longer than all")
        .isEqualTo(FIRST.toNanos());
  }

  @Test
  void waitsAreSpreadOverAllOfTheBound() {
    Random random = new Random(5);
    int[] byTenth = new int[10];
    for (int gateway = 0; gateway < 2_000; gateway++) {
      RetrySchedule schedule = new RetrySchedule(FIRST, MAX, random);
      long wait = 0;
      for (int i = 0; i < 12; i++) {
        wait = schedule.failed();
        assertThat(wait).as("seed=5").isBetween(100_000_000L, MAX.toNanos());
      }
      byTenth[(int) Math.min(9, wait / (MAX.toNanos() / 10))]++;
    }

    for (int count : byTenth) {
      assertThat(count).as("seed=5, of 2,000 the share of each tenth of 5 min").isBetween(140, 260);
    }
  }

  @Test
  void beginsAnewAfterASuccess() {
    RetrySchedule schedule = new RetrySchedule(FIRST, MAX, new Random(6));
    for (int i = 0; i < 20; i++) {
      schedule.failed();
    }
    assertThat(schedule.failures()).isEqualTo(20);

    schedule.succeeded();
    assertThat(schedule.failures()).isZero();
    assertThat(schedule.failed()).isLessThanOrEqualTo(FIRST.toNanos());
  }
}
