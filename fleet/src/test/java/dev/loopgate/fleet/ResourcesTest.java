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

  @Test
  void withoutLimitsNothingBoundsIt() {
    assertThat(new Resources(null, null).memoryBytesMax()).isEmpty();
  }
}
