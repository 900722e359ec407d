package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NameSetTest {
  private static final long SEED = 7;

  @ParameterizedTest
  @CsvSource({
    "x-secret, x-secret, true",
    "X-Secret, x-secret, true",
    "x-secret, x-secrets, false",
    "x-secret-*, x-secret-a, true",
    "X-SECRET-*, x-secret-a, true",
    "x-secret-*, x-secret-, true",
    "x-secret-*, x-secret, false",
    "x-secret-*, ax-secret-a, false",
    "*-token, a-token, true",
    "*-token, -token, true",
    "*-token, a-tokens, false",
    "x-*-key, x-api-key, true",
    "x-*-key, x--key, true",
    "x-*-key, x-key, false",
    "*, anything, true",
    "a**b, axb, true",
    "a*b*c, abbcbc, true",
    "a*b*c, abbcb, false",
    "x.y, xzy, false",
  })
  void matchesExactNamesAndPatterns(String in, String name, boolean matches) {
    assertThat(new NameSet(Set.of(in, "other")).contains(name)).isEqualTo(matches);
  }

  @Test
  void agreesWithARegularExpression() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      String pattern = word(random, "ab*", 6);
      String name = word(random, "ab", 8);
      assertThat(new NameSet(Set.of(pattern)).contains(name))
          .as("seed=%d, pattern=%s, name=%s", SEED, pattern, name)
          .isEqualTo(name.matches(pattern.replace("*", ".*")));
    }
  }

  @Test
  void aLongHostileNameTakesNoTimeToSpeakOf() {
    NameSet names = new NameSet(Set.of("*a*a*a*a*a*a*a*a*b"));

    assertThat(names.contains("a".repeat(65_536))).isFalse();
  }

  @Test
  void nothingIsInTheEmptySet() {
    assertThat(NameSet.NONE.isEmpty()).isTrue();
    assertThat(NameSet.NONE.contains("")).isFalse();
  }

  private static String word(Random random, String letters, int lengthMax) {
    StringBuilder word = new StringBuilder();
    int length = random.nextInt(lengthMax);
    for (int i = 0; i < length; i++) {
      word.append(letters.charAt(random.nextInt(letters.length())));
    }
    return word.toString();
  }
}
