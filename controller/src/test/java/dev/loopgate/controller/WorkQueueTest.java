package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Kind;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is looked at next, and when what failed is tried again.
final class WorkQueueTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void eachStandsOnceAtItsEarliestTime(long seed) {
    Random random = new Random(seed);
    long now = Long.MAX_VALUE - 500; // the clock of a machine may pass its end
    WorkQueue queue = new WorkQueue(now);
    Map<Ref, Long> expected = new HashMap<>();
    for (int i = 0; i < 5_000; i++) {
      String at = "seed=" + seed + ", step=" + i;
      if (random.nextInt(3) > 0) {
        Ref ref = new Ref(random.nextBoolean() ? Kind.ROUTE : Kind.DEPLOYMENT, ref(random));
        long due = now + random.nextInt(50);
        queue.add(ref, due);
        Long before = expected.get(ref);
        if (before == null || due - before < 0) {
          expected.put(ref, due);
        }
      } else {
        now += random.nextInt(10);
        Ref polled = queue.poll(now);
        Long due = polled == null ? null : expected.remove(polled);
        for (long other : expected.values()) {
          assertThat(due == null ? other - now : other - due)
              .as(at)
              .isGreaterThanOrEqualTo(due == null ? 1 : 0);
        }
        assertThat(polled == null || due != null).as(at).isTrue();
      }
      assertThat(queue.size()).as(at).isEqualTo(expected.size());
    }
    long end = now;
    long next = expected.values().stream().mapToLong(due -> due - end).min().orElse(1_000);
    assertThat(queue.next(end + 1_000) - end).as("seed=%s", seed).isEqualTo(next);
  }

  private static String ref(Random random) {
    return "m" + random.nextInt(20);
  }

  @Test
  void pausesDoubleUpToTheLongestAndAreJittered() {
    BackOff backOff =
        new BackOff(Duration.ofMillis(100), Duration.ofSeconds(60), new Random(20_261_127));
    assertThat(backOff.isOpen(0)).isTrue();
    long now = Long.MAX_VALUE - 1;
    long pause = Duration.ofMillis(100).toNanos();
    for (int i = 1; i < 20; i++) {
      backOff.failed(now);

      assertThat(backOff.failures()).isEqualTo(i);
      assertThat(backOff.openAt() - now).isBetween(pause * 8 / 10, pause);
      assertThat(backOff.isOpen(backOff.openAt() - 1)).isFalse();
      assertThat(backOff.isOpen(backOff.openAt())).isTrue();
      now = backOff.openAt();
      pause = Math.min(2 * pause, Duration.ofSeconds(60).toNanos());
    }
    backOff.succeeded();
    assertThat(backOff.isOpen(now)).isTrue();
    backOff.failed(now);
    assertThat(backOff.openAt() - now).isLessThanOrEqualTo(Duration.ofMillis(100).toNanos());
  }
}
