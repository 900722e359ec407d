package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AlwaysKeptTest {
  private static final long NO_BOUND = Long.MAX_VALUE;

  @Test
  void statusesAreOnesOrClasses() {
    AlwaysKept rules = new AlwaysKept(Set.of("404", "5xx"), Set.of(), NO_BOUND, Set.of());

    for (int status : new int[] {404, 500, 503, 599}) {
      assertThat(rules.keeps(status, Ending.COMPLETE, 1)).as("%d", status).isTrue();
    }
    for (int status : new int[] {0, 100, 200, 403, 405, 499, 600, 999}) {
      assertThat(rules.keeps(status, Ending.COMPLETE, 1)).as("%d", status).isFalse();
    }
    assertThat(rules.looksAtEndings()).isTrue();
  }

  @Test
  void anEndingIsEnough() {
    AlwaysKept rules =
        new AlwaysKept(Set.of(), Set.of("timed_out", "client_left"), NO_BOUND, Set.of());

    assertThat(rules.keeps(0, Ending.TIMED_OUT, 1)).isTrue();
    assertThat(rules.keeps(200, Ending.CLIENT_LEFT, 1)).isTrue();
    assertThat(rules.keeps(200, Ending.COMPLETE, 1)).isFalse();
    assertThat(rules.looksAtEndings()).isTrue();
  }

  @Test
  void onlySlowerThanTheBoundIsSlow() {
    AlwaysKept rules = new AlwaysKept(Set.of(), Set.of(), 500, Set.of());

    assertThat(rules.keeps(200, Ending.COMPLETE, 500)).isFalse();
    assertThat(rules.keeps(200, Ending.COMPLETE, 501)).isTrue();
    assertThat(rules.looksAtEndings()).isTrue();
  }

  @Test
  void headersDecideAtTheHead() {
    AlwaysKept rules = new AlwaysKept(Set.of(), Set.of(), NO_BOUND, Set.of("X-Debug", "x-b3-*"));

    assertThat(rules.keeps(List.of(new Header("x-debug", "")))).isTrue();
    assertThat(rules.keeps(List.of(new Header("a", "b"), new Header("X-B3-TraceId", "1"))))
        .isTrue();
    assertThat(rules.keeps(List.of(new Header("x-debugs", "1")))).isFalse();
    assertThat(rules.looksAtEndings()).isFalse();
  }

  @Test
  void withoutRulesNothingIsKept() {
    assertThat(AlwaysKept.NONE.keeps(500, Ending.TIMED_OUT, Long.MAX_VALUE)).isFalse();
    assertThat(AlwaysKept.NONE.keeps(List.of(new Header("a", "b")))).isFalse();
    assertThat(AlwaysKept.NONE.looksAtEndings()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"6xx", "0xx", "5XX", "99", "600", "5x", "", "2000", "-200"})
  void refusesWhatIsNoStatus(String status) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlwaysKept.check(Set.of(status), Set.of()))
        .withMessageContaining("allowed=100 to 599");
  }

  @Test
  void refusesWhatIsNoEnding() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AlwaysKept.check(Set.of(), Set.of("gone")))
        .withMessageContaining("gone");
  }
}
