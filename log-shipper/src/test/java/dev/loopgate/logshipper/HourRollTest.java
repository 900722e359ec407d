package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class HourRollTest {
  private static final long HOUR = 498_000;
  private static final long END = Partition.startOf(HOUR + 1);

  @Test
  void gatewaysAreSpreadOverFifteenSeconds() {
    Random random = new Random(3);
    TreeMap<Long, Integer> bySecond = new TreeMap<>();
    for (int i = 0; i < 3_000; i++) {
      String spoolId = "%016x%016x".formatted(random.nextLong(), random.nextLong());
      long delay = HourRoll.delayMillis(spoolId);
      assertThat(delay).as("seed=3, spool=%s", spoolId).isBetween(0L, 15_000L);
      assertThat(HourRoll.delayMillis(spoolId)).isEqualTo(delay);
      bySecond.merge(Math.min(delay, 14_999) / 1_000, 1, Integer::sum);
    }

    assertThat(bySecond).as("seed=3").hasSize(15);
    assertThat(bySecond.values()).as("seed=3").allMatch(count -> count > 130 && count < 270);
  }

  @Test
  void anHourIsOverAfterItsDelayAndWhereverTheClockSteps() {
    HourRoll roll = new HourRoll(4_000);
    roll.opened(END - 90_000);

    assertThat(roll.isOver(END - 1)).isFalse();
    assertThat(roll.isOver(END + 3_999)).isFalse();
    assertThat(roll.isOver(END + 4_000)).isTrue();
    assertThat(roll.isOver(Partition.startOf(HOUR))).isFalse();
    assertThat(roll.isOver(Partition.startOf(HOUR) - 1)).isTrue();
    assertThat(roll.isOver(END + 7_200_000)).isTrue();
  }

  @Test
  void withoutADelayTheHoursEndIsIt() {
    HourRoll roll = new HourRoll(0);
    roll.opened(END - 1);

    assertThat(roll.isOver(END - 1)).isFalse();
    assertThat(roll.isOver(END)).isTrue();
  }
}
