package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplingTest {
  private static final int IDS = 20_000;
  private static final double POINT_OF_THE_FIRST_DAY = 0.06577081323772549;

  @Test
  void keepsAllByDefaultAndNothingAtZero() {
    RequestIds ids = RequestIds.from(new Random(1));
    for (int i = 0; i < 1_000; i++) {
      RequestId id = ids.next(i);
      assertThat(Sampling.ALL.keeps(id)).isTrue();
      assertThat(new Sampling(0.0).keeps(id)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.001, 0.01, 0.1, 0.5, 0.9})
  void keepsThePartThatTheRateSaysOfFreshIds(double rate) {
    RequestIds ids = RequestIds.from(new Random(2));
    Sampling sampling = new Sampling(rate);
    int kept = 0;
    for (int i = 0; i < IDS; i++) {
      kept += sampling.keeps(ids.next(1_798_106_400_000L + i / 40)) ? 1 : 0;
    }

    // Five standard deviations of a fair coin with this rate.
    double deviation = Math.sqrt(IDS * rate * (1 - rate));
    assertThat((double) kept).isCloseTo(IDS * rate, within(5 * deviation));
  }

  @ParameterizedTest
  @ValueSource(strings = {"order-%d", "%08d", "a%d", "2026-11-24T10:00:00.%06dZ"})
  void keepsThePartThatTheRateSaysOfCallersOwnIds(String format) {
    Sampling sampling = new Sampling(0.1);
    int kept = 0;
    for (int i = 0; i < IDS; i++) {
      kept += sampling.keeps(new RequestId(format.formatted(i))) ? 1 : 0;
    }

    assertThat((double) kept).isCloseTo(IDS * 0.1, within(5 * Math.sqrt(IDS * 0.09)));
  }

  @Test
  void whatALowerRateKeepsAHigherOneKeepsToo() {
    RequestIds ids = RequestIds.from(new Random(3));
    for (int i = 0; i < 10_000; i++) {
      RequestId id = ids.next(i);
      if (new Sampling(0.2).keeps(id)) {
        assertThat(new Sampling(0.6).keeps(id)).isTrue();
      }
    }
  }

  @Test
  void everyGatewayOfEveryVersionDecidesAlike() {
    // Written down on the first day: another number here splits a mesh into two opinions.
    assertThat(Sampling.point("6fa1f636-1111-7222-8333-444444444444"))
        .isEqualTo(POINT_OF_THE_FIRST_DAY);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.0001, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesWhatIsNoPart(double rate) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Sampling(rate))
        .withMessageContaining("allowed=0.0 to 1.0");
  }
}
