package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FieldRuleTest {
  @Test
  void aPointerIsItsStepsUnescaped() {
    assertThat(new FieldRule("/user/email", false).steps()).containsExactly("user", "email");
    assertThat(new FieldRule("/", false).steps()).containsExactly("");
    assertThat(new FieldRule("/a~1b/m~0n/~01/*/0", true).steps())
        .containsExactly("a/b", "m~n", "~1", "*", "0");
    assertThat(new FieldRule("/a//", false).steps()).containsExactly("a", "", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "user", "#/user", "/a~", "/a~2b", "/~/b", "$.a"})
  void refusesWhatIsNoPointer(String pointer) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldRule(pointer, false))
        .withMessageContaining("allowed=/ before each of 1 to 32 steps");
  }

  @Test
  void isBounded() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldRule("/a".repeat(FieldRule.DEPTH_MAX + 1), false));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldRule("/" + "a".repeat(FieldRule.LENGTH_MAX), false));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BodyRules(
                Collections.nCopies(BodyRules.COUNT_MAX + 1, new FieldRule("/a", false))));
    assertThat(
            new BodyRules(Collections.nCopies(BodyRules.COUNT_MAX, new FieldRule("/a", false)))
                .all())
        .isEqualTo(-1L);
  }
}
