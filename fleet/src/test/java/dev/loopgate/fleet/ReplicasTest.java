package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ReplicasTest {
  private final Random random = new Random(7);
  private long now = -1; // a monotonic clock may be below 0

  @Test
  void ofTwoByChanceTheOneWithFewerRequestsIsChosen() {
    Replicas replicas = replicas(4);
    List<ReplicaState> all = replicas.all();
    for (int i = 0; i < all.size(); i++) {
      for (int request = 0; request < i * 10; request++) {
        all.get(i).started();
      }
    }

    int[] chosen = new int[4];
    for (int i = 0; i < 6000; i++) {
      chosen[all.indexOf(choose(replicas))]++;
    }

    assertThat(chosen[3]).as("the most asked loses against each other").isZero();
    assertThat(chosen[0]).as("half of the pairs have the least asked").isBetween(2700, 3300);
    assertThat(chosen[1]).isBetween(1700, 2300);
    assertThat(chosen[2]).isBetween(700, 1300);
  }

  @Test
  void equalsShareEvenly() {
    Replicas replicas = replicas(3);

    for (int i = 0; i < 3000; i++) {
      choose(replicas).started();
    }

    assertThat(replicas.all())
        .allSatisfy(replica -> assertThat(replica.requests()).isBetween(980, 1020));
  }

  @Test
  void whatWasTriedIsNotChosenAgainAndThenNoneIsLeft() {
    Replicas replicas = replicas(3);
    long tried = 0;
    Set<ReplicaState> chosen = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      ReplicaState next = Objects.requireNonNull(replicas.choose(random, tried, now));
      tried |= next.bit();
      chosen.add(next);
    }

    assertThat(chosen).hasSize(3);
    assertThat(replicas.choose(random, tried, now)).isNull();
  }

  @Test
  void threeMissesInARowLeaveAReplicaOutUntilOneRequestFoundItBack() {
    Replicas replicas = replicas(2);
    ReplicaState dead = replicas.all().getFirst();
    ReplicaState alive = replicas.all().getLast();
    assertThat(dead.missed(random, now)).isFalse();
    assertThat(dead.missed(random, now)).isFalse();
    assertThat(dead.reached()).as("it was never out").isFalse();
    assertThat(dead.missed(random, now)).as("not in a row").isFalse();
    assertThat(dead.missed(random, now)).isFalse();
    assertThat(dead.missed(random, now)).as("out from now on").isTrue();

    for (int i = 0; i < 100; i++) {
      assertThat(choose(replicas)).isSameAs(alive);
      alive.started();
    }

    now += ReplicaState.OUT_MIN.toNanos();
    assertThat(choices(replicas, 100)).as("one looks whether it is back").containsOnlyOnce(dead);
    assertThat(dead.reached()).isTrue();
    assertThat(choices(replicas, 100)).as("it has fewer requests").containsOnly(dead);
  }

  @Test
  void whoLooksAndNeverTellsIsFollowedByAnother() {
    Replicas replicas = replicas(2);
    ReplicaState dead = replicas.all().getFirst();
    leaveOut(dead);
    replicas.all().getLast().started();
    now += ReplicaState.OUT_MIN.toNanos();
    assertThat(choices(replicas, 100)).containsOnlyOnce(dead);

    now += ReplicaState.PROBE_WITHIN.toNanos() - 1;
    assertThat(choices(replicas, 100)).doesNotContain(dead);
    now += 1;
    assertThat(choices(replicas, 100)).containsOnlyOnce(dead);
  }

  @Test
  void itIsLeftOutLongerEachTimeAndNeverLongerThanTheMost() {
    ReplicaState dead = replicas(2).all().getFirst();
    leaveOut(dead);
    long most = ReplicaState.OUT_MIN.toNanos();
    for (int time = 0; time < 40; time++) {
      long out = outFor(dead);
      assertThat(out).as("time=%d", time).isBetween(most * 3 / 4, most);
      assertThat(dead.admits(now)).isTrue();
      assertThat(dead.admits(now)).as("another one").isFalse();
      assertThat(dead.missed(random, now)).as("it was out before").isFalse();
      most = Math.min(ReplicaState.OUT_MAX.toNanos(), most * 2);
    }
  }

  @Test
  void missesThatWereOnTheirWayWhenItWasLeftOutDoNotCount() {
    ReplicaState dead = replicas(2).all().getFirst();
    leaveOut(dead);
    for (int i = 0; i < 50; i++) {
      assertThat(dead.missed(random, now)).isFalse();
    }

    assertThat(outFor(dead)).isLessThanOrEqualTo(ReplicaState.OUT_MIN.toNanos());
  }

  @Test
  void whenAllAreLeftOutOneIsChosenAllTheSame() {
    Replicas replicas = replicas(3);
    replicas.all().forEach(this::leaveOut);

    Set<ReplicaState> chosen = new HashSet<>(choices(replicas, 100));

    assertThat(chosen).containsExactlyInAnyOrderElementsOf(replicas.all());
  }

  @Test
  void theOnlyOneIsNeverLeftOutAndNothingIsCountedForIt() {
    Replicas one = replicas(1);
    assertThat(one.isOne()).isTrue();
    for (int i = 0; i < 10; i++) {
      one.first().started();
      assertThat(one.first().missed(random, now)).isFalse();
    }

    assertThat(one.first().requests()).isZero();
    assertThat(one.first().isOut(now)).isFalse();
    assertThat(choose(one)).isSameAs(one.first());
  }

  @Test
  void manyThreadsAtOnceLoseNoCountAndSendOneToLook() throws InterruptedException {
    Replicas replicas = replicas(2);
    ReplicaState dead = replicas.all().getFirst();
    leaveOut(dead);
    now += ReplicaState.OUT_MIN.toNanos();
    List<Thread> threads = new ArrayList<>();
    List<ReplicaState> looked = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 4; i++) {
      long seed = i;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                Random own = new Random(seed);
                for (int n = 0; n < 5000; n++) {
                  ReplicaState chosen = Objects.requireNonNull(replicas.choose(own, 0, now));
                  chosen.started();
                  if (chosen == dead) {
                    looked.add(chosen);
                  }
                  chosen.ended();
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(looked).hasSize(1);
    assertThat(replicas.all()).allSatisfy(replica -> assertThat(replica.requests()).isZero());
  }

  @Test
  void aCircuitLetsInAndWaitAsManyAsItMay() {
    Circuit circuit = new Circuit(new Bounds(null, null, null, null, 1, 2, 0));
    assertThat(circuit.enter()).isTrue();
    assertThat(circuit.enter()).isTrue();
    assertThat(circuit.enter()).isFalse();
    circuit.leave();
    assertThat(circuit.enter()).isTrue();
    assertThat(circuit.await()).isFalse();

    Circuit none = new Circuit(Bounds.NONE);
    for (int i = 0; i < 10; i++) {
      assertThat(none.enter()).isTrue();
      assertThat(none.await()).isTrue();
    }
  }

  @Test
  void serversOfAModelAreOfOneSchemeAndPathAndEachOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> upstream("http://a:1/x", "http://b:1/y"))
        .withMessageContaining("http://b:1/y");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> upstream("http://a:80", "http://a"))
        .withMessageContaining("twice");
    assertThat(upstream("http://a:1/x/", "http://b:1/x").replicas()).hasSize(2);
    String[] many = new String[Upstream.REPLICAS_MAX + 1];
    for (int i = 0; i < many.length; i++) {
      many[i] = "http://a:" + (i + 1);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> upstream(many));
  }

  private ReplicaState choose(Replicas replicas) {
    return Objects.requireNonNull(replicas.choose(random, 0, now));
  }

  private List<ReplicaState> choices(Replicas replicas, int count) {
    List<ReplicaState> chosen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      chosen.add(choose(replicas));
    }
    return chosen;
  }

  private void leaveOut(ReplicaState replica) {
    for (int i = 0; i < ReplicaState.MISSES_MAX; i++) {
      replica.missed(random, now);
    }
    assertThat(replica.isOut(now)).isTrue();
  }

  /// Moves the time on until it is due.
  private long outFor(ReplicaState replica) {
    long before = now;
    long step = Duration.ofMillis(1).toNanos();
    while (replica.isOut(now)) {
      now += step;
    }
    return now - before - step;
  }

  private static Replicas replicas(int count) {
    String[] urls = new String[count];
    for (int i = 0; i < count; i++) {
      urls[i] = "http://10.0.0." + (i + 1) + ":5000";
    }
    return new Replicas(upstream(urls));
  }

  private static Upstream upstream(String... urls) {
    return new Upstream(List.of(urls).stream().map(url -> new Replica(URI.create(url))).toList());
  }
}
