package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "+1, 1",
    "-1, -1",
    "1., 1",
    ".5, 0.5",
    "007, 7",
    "250m, 0.25",
    "3u, 0.000003",
    "3n, 0.000000003",
    "1k, 1000",
    "1M, 1000000",
    "1G, 1000000000",
    "1T, 1000000000000",
    "1P, 1000000000000000",
    "1E, 1000000000000000000",
    "1Ki, 1024",
    "1.5Ki, 1536",
    "1Mi, 1048576",
    "1Gi, 1073741824",
    "1Ti, 1099511627776",
    "1Pi, 1125899906842624",
    "1Ei, 1152921504606846976",
    "1e3, 1000",
    "1E3, 1000",
    "1e-3, 0.001",
    "12e+2, 1200"
  })
  void isWhatKubernetesReads(String text, BigDecimal value) {
    assertThat(Quantity.parse(text).value()).isEqualByComparingTo(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " 1", "1 ", "x", "1x", "m", ".", "--1", "1.2.3", "1,5", "0x10"})
  void isNothingElse(String text) {
    assertThatThrownBy(() -> Quantity.parse(text)).hasMessage(Quantity.FORMAT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1K", "1mi", "1ki", "1kk", "1e", "1e1234", "1i", "1m3"})
  void hasNoOtherSuffix(String text) {
    assertThatThrownBy(() -> Quantity.parse(text)).hasMessage("unable to parse quantity's suffix");
  }

  @Test
  void isBounded() {
    assertThatThrownBy(() -> Quantity.parse("1".repeat(65))).hasMessage(Quantity.FORMAT);
  }
}
