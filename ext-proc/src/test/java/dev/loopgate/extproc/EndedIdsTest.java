package dev.loopgate.extproc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EndedIdsTest {
  private final EndedIds ids = new EndedIds();

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  @Test
  void eachIsTakenAsOftenAsItWasAdded() {
    ids.add("a");
    ids.add("a");

    assertThat(ids.take("a")).isTrue();
    assertThat(ids.has("a")).isTrue();
    assertThat(ids.take("a")).isTrue();
    assertThat(ids.has("a")).isFalse();
    assertThat(ids.take("a")).isFalse();
    assertThat(ids.take("b")).isFalse();
  }

  @Test
  void isForgottenWithTheSecondGenerationAfterItsOwn() {
    ids.add("a");
    ids.age();
    assertThat(ids.has("a")).isTrue();
    ids.age();
    assertThat(ids.has("a")).isFalse();
  }

  @Test
  void saysWhenAGenerationIsFull() {
    int added = 0;
    while (ids.add("id-" + added)) {
      added++;
    }

    assertThat(added).isEqualTo(1 << 16);
    assertThat(ids.has("id-0")).isTrue();
    assertThat(ids.has("id-" + added)).isFalse();
    ids.age();
    assertThat(ids.add("id-" + added)).isTrue();
    assertThat(ids.take("id-" + added)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void holdsWhatAMapWould(long seed) {
    Random random = new Random(seed);
    Map<String, Integer> young = new HashMap<>();
    Map<String, Integer> old = new HashMap<>();
    for (int i = 0; i < 5_000; i++) {
      String id = "id-" + random.nextInt(500);
      switch (random.nextInt(20)) {
        case 0 -> {
          ids.age();
          old = young;
          young = new HashMap<>();
        }
        case 1, 2, 3, 4, 5, 6, 7, 8, 9 -> {
          ids.add(id);
          young.merge(id, 1, Integer::sum);
        }
        default -> {
          Map<String, Integer> from = young.containsKey(id) ? young : old;
          assertThat(ids.take(id)).as("seed=%d", seed).isEqualTo(from.containsKey(id));
          from.computeIfPresent(id, (_, count) -> count == 1 ? null : count - 1);
        }
      }
    }
  }
}
