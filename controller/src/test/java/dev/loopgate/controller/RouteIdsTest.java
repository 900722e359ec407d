package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Model;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RouteIdsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 56, 57, 58, 63})
  void staysWithinAnId(int length) {
    String id = new RouteIds(new Random(1), _ -> false).next("w".repeat(length));

    assertThat(id).matches(Model.ID).matches("w{" + Math.min(length, 57) + "}-[0-9a-f]{5}");
  }

  @Test
  void takesNoneThatIsTaken() {
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      // The same numbers are drawn each time, so all but the last one are taken.
      assertThat(taken.add(new RouteIds(new Random(1), taken::contains).next("wine"))).isTrue();
    }
  }
}
