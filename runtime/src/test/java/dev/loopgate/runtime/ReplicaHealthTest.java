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
  void asksNotBeforeTheDelaysAndThenEachPeriod() {
    ReplicaHealth health = health(5, 2);
    assertThat(health.nextAt()).isEqualTo(102 * SECOND);
    assertThat(health.asksReady(102 * SECOND - 1)).isFalse();
    assertThat(health.asksReady(102 * SECOND)).isTrue();
    assertThat(health.asksLive(105 * SECOND - 1)).isFalse();
    assertThat(health.asksLive(105 * SECOND)).isTrue();

    health.heard(Answer.NO, Answer.NONE, 102 * SECOND);

    assertThat(health.nextAt()).isEqualTo(103 * SECOND);
    assertThat(health(0, 7).nextAt()).isEqualTo(100 * SECOND);
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
