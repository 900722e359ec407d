package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ResourcesTest {
  @ParameterizedTest
  @CsvSource({
    "256Mi, 268435456",
    "1, 1",
    "1.5, 1",
    "1e3, 1000",
    "1e900, 9223372036854775807",
    "0.5,",
    "0,",
    "-1Mi,",
    "much,",
    ","
  })
  void saysHowMuchMemoryAReplicaMayTake(@Nullable String memory, @Nullable Long bytes) {
    Resources resources = new Resources(null, new Resources.Amounts(null, memory, null));

    assertThat(resources.memoryBytesMax())
        .isEqualTo(bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes));
  }

  @ParameterizedTest
  @CsvSource({"250m, 250000000", "2, 2000000000", "1n, 1", "0.1n,", "0,", "much,", ","})
  void saysHowMuchOfAProcessorAReplicaMayTake(@Nullable String cpu, @Nullable Long nanos) {
    Resources resources = new Resources(null, new Resources.Amounts(cpu, null, null));

    assertThat(resources.cpuNanosMax())
        .isEqualTo(nanos == null ? OptionalLong.empty() : OptionalLong.of(nanos));
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 1", ", 2, 2", "1,, 1", "0, 2, 2", ",,"})
  void theLimitOfGpusWins(@Nullable String limit, @Nullable String request, @Nullable Long count) {
    Resources resources =
        new Resources(
            new Resources.Amounts(null, null, request), new Resources.Amounts(null, null, limit));

    assertThat(resources.gpus())
        .isEqualTo(count == null ? OptionalLong.empty() : OptionalLong.of(count));
  }

  @Test
  void withoutLimitsNothingBoundsIt() {
    assertThat(new Resources(null, null).memoryBytesMax()).isEmpty();
    assertThat(new Resources(null, null).cpuNanosMax()).isEmpty();
    assertThat(new Resources(null, null).gpus()).isEmpty();
  }
}
