package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Workload;
import dev.loopgate.runtime.ReplicaHealth.Answer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ReplicaHealthTest {
  private static final long SECOND = 1_000_000_000L;
  private static final HostBounds.Probing PROBING =
      new HostBounds.Probing(Duration.ofSeconds(1), Duration.ofSeconds(1), 3);

  @Test
  void asksNotBeforeTheDelays() {
    ReplicaHealth health = health(5, 3);

    assertThat(health.nextAt()).isEqualTo(103 * SECOND);
    assertThat(health.asksReady(103 * SECOND - 1)).isFalse();
    assertThat(health.asksReady(103 * SECOND)).isTrue();
    assertThat(health.asksLive(105 * SECOND - 1)).isFalse();
    assertThat(health.asksLive(105 * SECOND)).isTrue();
    assertThat(health(0, 7).nextAt()).isEqualTo(100 * SECOND);
  }

  @Test
  void whoDeclaresNoDelayIsAskedAtOnce() {
    ReplicaHealth health = health(Workload.DELAY_SECONDS, Workload.DELAY_SECONDS);

    assertThat(health.asksReady(100 * SECOND)).isTrue();
    assertThat(health.asksLive(102 * SECOND - 1)).isFalse();
  }

  @Test
  void asksOftenUntilItIsReadyAndOnceAPeriodThen() {
    ReplicaHealth health = health(90, 0);
    long now = 100 * SECOND;
    int questions = 0;
    while (now < 110 * SECOND) {
      health.heard(Answer.NO, Answer.NONE, now);
      long pause = health.nextAt() - now;
      assertThat(pause).isBetween(1L, Math.max(5_000_000L, (now - 100 * SECOND) / 16));
      now = health.nextAt();
      questions++;
    }
    assertThat(questions).isLessThan(110);
    for (int i = 0; i < 60; i++) {
      health.heard(Answer.NO, Answer.NONE, now);
      now = health.nextAt();
    }
    assertThat(now - 110 * SECOND).as("no pause is longer than a period").isLessThan(60 * SECOND);

    health.heard(Answer.YES, Answer.NONE, now);

    assertThat(health.nextAt()).isEqualTo(now + SECOND);
    health.heard(Answer.NO, Answer.NONE, now + SECOND);
    assertThat(health.nextAt()).isEqualTo(now + 2 * SECOND);
  }

  // However often it is asked whether it is ready: failures are counted in periods.
  @Test
  void isAskedOnceAPeriodWhetherItLives() {
    ReplicaHealth health = health(0, 0);
    int failures = 0;
    for (long now = 100 * SECOND; !health.isDead(); now = health.nextAt()) {
      boolean asksLive = health.asksLive(now);
      failures += asksLive ? 1 : 0;
      health.heard(Answer.NO, asksLive ? Answer.NO : Answer.NONE, now);
      assertThat(now).isBetween(100 * SECOND, 102 * SECOND);
    }
    assertThat(failures).isEqualTo(3);
  }

  @Test
  void isReadyWhileItSaysSo() {
    ReplicaHealth health = health(0, 0);
    assertThat(health.isReady()).isFalse();
    hear(health, Answer.YES);
    assertThat(health.isReady()).isTrue();
    hear(health, Answer.NO);
    assertThat(health.isReady()).isFalse();
    hear(health, Answer.YES);
    assertThat(health.isReady()).isTrue();
  }

  @Test
  void mayBeSilentForAWhile() {
    ReplicaHealth health = health(0, 0);
    hear(health, Answer.SILENT);
    assertThat(health.isReady()).isFalse();
    hear(health, Answer.YES);
    for (int i = 1; i < ReplicaHealth.SILENT_MAX; i++) {
      hear(health, Answer.SILENT);
      assertThat(health.isReady()).isTrue();
    }
    hear(health, Answer.SILENT);
    assertThat(health.isReady()).isFalse();
    hear(health, Answer.SILENT);
    assertThat(health.isReady()).isFalse();
  }

  @Test
  void isDeadAfterSoManyFailuresInARow() {
    ReplicaHealth health = health(0, 0);
    hear(health, Answer.NO);
    hear(health, Answer.SILENT);
    hear(health, Answer.YES);
    hear(health, Answer.NO);
    hear(health, Answer.NO);
    assertThat(health.isDead()).isFalse();
    assertThat(health.isLate()).isFalse();
    hear(health, Answer.NO);
    assertThat(health.isDead()).isTrue();
    assertThat(health.isLate()).as("it has been ready").isFalse();
  }

  @Test
  void isLateWhereItWasNeverReadyAndDoesNotSayThatItLives() {
    ReplicaHealth health = health(0, 0);
    for (int i = 0; i < 9; i++) {
      health.heard(Answer.NO, Answer.YES, 100 * SECOND);
      assertThat(health.isLate()).as("it loads").isFalse();
    }
    for (int i = 0; i < 3; i++) {
      assertThat(health.isLate()).isFalse();
      health.heard(Answer.NO, Answer.NO, 100 * SECOND);
    }
    assertThat(health.isLate()).isTrue();
  }

  @Test
  void whatWasNotAskedIsNoAnswer() {
    ReplicaHealth health = health(0, 0);
    hear(health, Answer.YES);
    for (int i = 0; i < 9; i++) {
      hear(health, Answer.NONE);
    }
    assertThat(health.isReady()).isTrue();
    assertThat(health.isDead()).isFalse();
  }

  private static void hear(ReplicaHealth health, Answer both) {
    health.heard(both, both, 100 * SECOND);
  }

  private static ReplicaHealth health(int livenessDelay, int readinessDelay) {
    Workload workload =
        new Workload(
            "wine",
            "exec:a",
            Predictor.TRITON,
            Resources.DEFAULT,
            Map.of(),
            Map.of(),
            livenessDelay,
            readinessDelay,
            null);
    return new ReplicaHealth(workload, PROBING, 100 * SECOND);
  }
}
