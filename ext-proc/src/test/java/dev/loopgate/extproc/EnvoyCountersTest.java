package dev.loopgate.extproc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.extproc.EnvoyCounters.Teller;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class EnvoyCountersTest {
  private long nanos = 1;
  private final EnvoyCounters counters =
      new EnvoyCounters(
          new TimeSource() {
            @Override
            public long nanos() {
              return nanos;
            }

            @Override
            public long epochMillis() {
              return 0;
            }
          });

  @Test
  void totalsGrowByWhatIsNew() {
    Teller envoy = opened("a");

    assertThat(told(envoy, 5)).isEqualTo(5);
    assertThat(told(envoy, 5)).isZero();
    assertThat(told(envoy, 8)).isEqualTo(3);
  }

  @Test
  void whoOpensAnotherStreamGoesOnWhereItWas() {
    Teller first = opened("a");
    told(first, 5);
    counters.closed(first);

    assertThat(told(opened("a"), 7)).isEqualTo(2);
  }

  @Test
  void whatIsLateOnAnOldStreamIsCountedOnce() {
    Teller first = opened("a");
    told(first, 100);

    Teller second = opened("a");
    long counted = told(second, 110) + told(first, 105);
    counters.closed(first);
    counted += told(second, 112);

    assertThat(counted).isBetween(2L, 12L);
    counters.closed(second);
    assertThat(told(opened("a"), 115)).isEqualTo(3);
  }

  @Test
  void whoHasStartedAgainCountsFromItsFirstMessage() {
    Teller first = opened("a");
    told(first, 5);
    counters.closed(first);

    Teller again = opened("a");
    assertThat(told(again, 3)).as("maybe another one's, so not counted").isZero();
    assertThat(told(again, 4)).isEqualTo(1);
  }

  @Test
  void eachCounterGrowsByItself() {
    Teller envoy = opened("a");
    counters.told(
        envoy, List.of(counter("one", ToldLoss.BROKEN_OFF, 5), counter("two", ToldLoss.RESET, 1)));

    assertThat(
            counters
                .told(
                    envoy,
                    List.of(
                        counter("one", ToldLoss.BROKEN_OFF, 6),
                        counter("two", ToldLoss.RESET, 1),
                        counter("three", ToldLoss.BROKEN_OFF, 2)))
                .growth())
        .isEqualTo(Map.of(ToldLoss.BROKEN_OFF, 3L));
  }

  /// Whatever comes as what was counted since the last message is never made more of.
  @Test
  void whatWasCountedSinceTheLastMessageIsALowerBoundToo() {
    Random random = new Random(7);
    Teller envoy = opened("a");
    long counted = 0;
    long total = 0;
    for (int i = 0; i < 1000; i++) {
      long since = random.nextInt(10);
      total += since;
      counted += told(envoy, since);
      assertThat(counted).as("seed=7, round=%d", i).isBetween(0L, total);
    }
    assertThat(counted).isPositive();
  }

  @Test
  void twoOfOneNameAreNeverMadeMoreOf() {
    Teller first = opened("a");
    assertThat(told(first, 100)).isEqualTo(100);
    Teller second = opened("a");
    assertThat(told(second, 5)).isZero();
    assertThat(told(first, 101)).isEqualTo(1);
    assertThat(isShared(second)).isTrue();
    for (int i = 0; i < 10; i++) { // they change places, for whatever reason
      counters.closed(first);
      first = opened("a");
      assertThat(told(first, 101)).isZero();
      counters.closed(second);
      second = opened("a");
      assertThat(told(second, 5)).isZero();
    }
    assertThat(told(second, 6)).isEqualTo(1);
    counters.closed(first);
    assertThat(isShared(second)).isFalse();
  }

  @Test
  void twoOfOneNameThatComeByTurnsAreNeverMadeMoreOf() {
    long counted = 0;
    for (int i = 0; i < 10; i++) {
      Teller one = opened("a");
      counted += told(one, 100 + i);
      counters.closed(one);
      Teller other = opened("a");
      counted += told(other, 5 + i);
      counters.closed(other);
    }

    assertThat(counted).isBetween(100L, 109L + 14L);
  }

  @Test
  void noMoreEnvoysAreToldApartThanMayBe() {
    for (int i = 0; i < EnvoyCounters.NODES_MAX; i++) {
      told(opened("node-" + i), 1);
    }
    assertThat(counters.opened("one more")).isNull();
    assertThat(counters.opened("node-1")).isNotNull();
  }

  @Test
  void whoWasSilentForLongGivesWay() {
    Teller gone = opened("gone");
    counters.closed(gone);
    for (int i = 1; i < EnvoyCounters.NODES_MAX; i++) {
      opened("node-" + i);
    }
    nanos += EnvoyCounters.SILENT.toNanos() - 1;
    assertThat(counters.opened("one more")).isNull();
    nanos += TimeUnit.SECONDS.toNanos(1);
    assertThat(counters.opened("one more")).isNotNull();
    assertThat(counters.opened("and one")).isNull();
  }

  @Test
  void anEnvoyHasNoMoreCountersThanMayBe() {
    Teller envoy = opened("a");
    for (int i = 0; i < EnvoyCounters.COUNTERS_MAX; i++) {
      assertThat(told(envoy, "http." + i + ".ext_proc.streams_failed", 1)).isEqualTo(1);
    }
    assertThat(told(envoy, "http.more.ext_proc.streams_failed", 1)).isZero();
    assertThat(told(envoy, "http.0.ext_proc.streams_failed", 3)).isEqualTo(2);
  }

  private Teller opened(String node) {
    return Objects.requireNonNull(counters.opened(node));
  }

  private long told(Teller envoy, long value) {
    return told(envoy, "one", value);
  }

  private long told(Teller envoy, String name, long value) {
    return counters
        .told(envoy, List.of(counter(name, ToldLoss.BROKEN_OFF, value)))
        .growth()
        .getOrDefault(ToldLoss.BROKEN_OFF, 0L);
  }

  private boolean isShared(Teller envoy) {
    return counters.told(envoy, List.of()).shared();
  }

  private static MetricsMessage.Counter counter(String name, ToldLoss what, long value) {
    return new MetricsMessage.Counter(name, what, value);
  }
}
