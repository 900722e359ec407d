package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Gateways.Demand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the numbers of replicas do when callers want something, a tick every two seconds.
final class AutoscalerTest {
  private static final int TICK_SECONDS = 2;
  private static final int HOUR_SECONDS = 3_600;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long TICK_NANOS = TICK_SECONDS * SECOND_NANOS;
  private static final Duration IDLE = Duration.ofMinutes(3);

  /// Sizes by tick, of replicas that are there at once.
  private static List<Integer> sizes(
      int seconds, Autoscaler.Limits limits, int begin, IntUnaryOperator demandAt) {
    long origin = -7; // no clock begins at zero
    Autoscaler autoscaler = new Autoscaler(origin);
    List<Integer> sizes = new ArrayList<>();
    int size = begin;
    for (int second = 0; second < seconds; second += TICK_SECONDS) {
      int now = demandAt.applyAsInt(second);
      int peak = now;
      for (int before = Math.max(0, second - TICK_SECONDS + 1); before < second; before++) {
        peak = Math.max(peak, demandAt.applyAsInt(before));
      }
      size =
          autoscaler.decide(origin + second * SECOND_NANOS, size, new Demand(now, 0, peak), limits);
      sizes.add(size);
    }
    return sizes;
  }

  private static Autoscaler.Limits limits(int floor, int max) {
    return new Autoscaler.Limits(floor, max, 10, IDLE);
  }

  private static int changes(List<Integer> sizes) {
    int changes = 0;
    for (int i = 1; i < sizes.size(); i++) {
      changes += sizes.get(i).equals(sizes.get(i - 1)) ? 0 : 1;
    }
    return changes;
  }

  @Test
  void aStepGoesUpAtOnceAndDownByHalvesAMinuteAfterItsEnd() {
    List<Integer> sizes =
        sizes(600, limits(0, 50), 1, second -> second >= 100 && second < 200 ? 95 : 0);

    assertThat(sizes.get(49)).isEqualTo(1);
    assertThat(sizes.get(50)).isEqualTo(10);
    assertThat(sizes.get(129)).isEqualTo(10); // at 258 s: the last at 199 s is in the minute
    assertThat(sizes.subList(130, 136)).containsExactly(5, 3, 2, 1, 1, 1);
    assertThat(sizes.get(189)).isEqualTo(1); // at 378 s
    assertThat(sizes.get(190)).isZero(); // 380 s: three minutes after 200 s, when it was last asked
    assertThat(changes(sizes)).isEqualTo(6);
  }

  @Test
  void aSpikeIsSeenWholeForSixSecondsAndKeptForAMinute() {
    List<Integer> sizes = sizes(200, limits(1, 50), 1, second -> second == 80 ? 200 : 0);

    assertThat(sizes.get(40)).isEqualTo(11); // ten more at once
    assertThat(sizes.get(41)).isEqualTo(20);
    assertThat(sizes.get(69)).isEqualTo(20);
    assertThat(sizes.get(70)).isEqualTo(10);
    assertThat(changes(sizes)).isEqualTo(7);
  }

  @Test
  void itGrowsTenfoldOrByTenATick() {
    assertThat(sizes(8, limits(0, 1_000_000), 1, _ -> 1_000_000).subList(0, 4))
        .containsExactly(11, 110, 1_100, 11_000);
    assertThat(sizes(2, limits(0, 1_000_000), 0, _ -> 1_000)).containsExactly(10);
    assertThat(sizes(2, limits(0, 4), 1, _ -> Integer.MAX_VALUE)).containsExactly(4);
  }

  @Test
  void aRequestInSeventySecondsKeepsOneAwakeForEver() {
    List<Integer> sizes =
        sizes(2 * HOUR_SECONDS, limits(0, 5), 1, second -> second % 70 == 1 ? 1 : 0);

    assertThat(sizes).containsOnly(1);
  }

  @Test
  void aSineGoesUpAndDownNoMoreOftenThanItMust() {
    int period = 600;
    List<Integer> sizes =
        sizes(
            HOUR_SECONDS,
            limits(1, 50),
            1,
            second -> (int) (100 - 90 * Math.cos(2 * Math.PI * second / period)));

    assertThat(sizes).allSatisfy(size -> assertThat(size).isBetween(1, 19));
    // Nineteen levels, each passed at most once up and once down in a period.
    assertThat(changes(sizes)).isLessThanOrEqualTo(HOUR_SECONDS / period * 2 * 19);
    // A faster one than the minute stays at its top.
    List<Integer> fast =
        sizes(
            HOUR_SECONDS,
            limits(1, 50),
            1,
            second -> (int) (100 - 90 * Math.cos(2 * Math.PI * second / 40)));
    assertThat(changes(fast)).isLessThan(12);
  }

  @Test
  void whoBeginsToWatchTakesNothingAwayForAMinute() {
    List<Integer> sizes = sizes(70, new Autoscaler.Limits(0, 50, 10, Duration.ZERO), 16, _ -> 0);

    assertThat(sizes.subList(0, 30)).containsOnly(16);
    assertThat(sizes.subList(30, 35)).containsExactly(8, 4, 2, 1, 0);
  }

  @Test
  void aWindowKnowsTheMostOfItsTimeAndNoMore() {
    DemandWindow window = new DemandWindow(0);
    window.add(0, 3);
    window.add(SECOND_NANOS, 7);
    window.add(2 * SECOND_NANOS - 1, 5);

    assertThat(window.max(6 * SECOND_NANOS - 1, 6 * SECOND_NANOS)).isEqualTo(7);
    assertThat(window.max(6 * SECOND_NANOS, 6 * SECOND_NANOS)).isZero();
    assertThat(window.max(60 * SECOND_NANOS - 1, DemandWindow.NANOS_MAX)).isEqualTo(7);
    assertThat(window.max(60 * SECOND_NANOS, DemandWindow.NANOS_MAX)).isZero();
  }

  @Test
  void whatIsOverWakesNobody() {
    Autoscaler autoscaler = new Autoscaler(0);

    assertThat(autoscaler.decide(0, 0, new Demand(0, 0, 5), limits(0, 5))).isZero();
    assertThat(autoscaler.decide(1, 0, new Demand(0, 1, 5), limits(0, 5))).isEqualTo(1);
  }

  @Test
  void heldRequestsCountAsThoseInFlight() {
    Autoscaler autoscaler = new Autoscaler(0);

    assertThat(autoscaler.decide(0, 1, new Demand(15, 16, 31), limits(0, 5))).isEqualTo(4);
    assertThat(
            autoscaler.decide(
                1, 1, new Demand(Integer.MAX_VALUE, Integer.MAX_VALUE, 0), limits(0, 5)))
        .isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whateverIsWantedTheRulesHold(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      int floor = random.nextInt(3);
      Autoscaler.Limits limits =
          new Autoscaler.Limits(
              floor,
              Math.max(1, floor) + random.nextInt(100),
              1 + random.nextInt(20),
              Duration.ofSeconds(random.nextInt(300)));
      assertRules(random, limits, "seed=" + seed + ", round=" + round + ", limits=" + limits);
    }
  }

  private static void assertRules(Random random, Autoscaler.Limits limits, String where) {
    Autoscaler autoscaler = new Autoscaler(0);
    int begin = limits.floor() + random.nextInt(limits.max() - limits.floor() + 1);
    int size = begin;
    List<Integer> demands = new ArrayList<>();
    int lastActive = -1;
    for (int tick = 0; tick < 300; tick++) {
      int demand = random.nextInt(4) == 0 ? random.nextInt(600) : 0;
      if (tick / 50 % 2 == 1) {
        demand = 0; // long silences, too
      }
      demands.add(demand);
      lastActive = demand > 0 ? tick : lastActive;
      int next = autoscaler.decide(tick * TICK_NANOS, size, new Demand(demand, 0, demand), limits);
      String at = where + ", tick=" + tick + ", size=" + size + ", next=" + next;
      assertThat(next).as(at).isBetween(limits.floor(), limits.max());
      assertThat(next).as(at).isLessThanOrEqualTo(Math.max(size * 10, size + 10));
      assertThat(next).as(at).isGreaterThanOrEqualTo(size == 1 ? 0 : size - size / 2);
      int minute = most(demands, 30);
      if (next > size) {
        assertThat(next).as(at).isLessThanOrEqualTo(replicas(most(demands, 3), limits));
      }
      if (next < size) {
        assertThat(tick).as(at).isGreaterThanOrEqualTo(30);
      }
      if (next < size && next > 0) {
        assertThat(next).as(at).isGreaterThanOrEqualTo(replicas(minute, limits));
      }
      if (next == 0 && size > 0) {
        long idle = (long) (tick - Math.max(0, lastActive)) * TICK_SECONDS;
        assertThat(idle).as(at).isGreaterThanOrEqualTo(limits.idle().toSeconds());
      }
      if (next == size && replicas(demand, limits) > size) {
        assertThat(size).as(at).isEqualTo(limits.max());
      }
      size = next;
    }
  }

  private static int most(List<Integer> demands, int ticks) {
    return demands.subList(Math.max(0, demands.size() - ticks), demands.size()).stream()
        .mapToInt(Integer::intValue)
        .max()
        .orElse(0);
  }

  private static int replicas(int demand, Autoscaler.Limits limits) {
    return Math.ceilDiv(demand, limits.target());
  }
}
