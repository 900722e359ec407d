package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EnvoyBootstrapTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int print(Map<String, String> options) {
    return EnvoyBootstrap.print(options, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  @Test
  void printsWhatAnEnvoyStartsWith() {
    assertThat(print(Map.of("control", "[::1]:9999", "node-id", "edge-1"))).isZero();

    assertThat(out.toString())
        .contains(
            "node: {id: \"edge-1\", cluster: \"loopgate\"}",
            "{address: \"::1\", port_value: 9999}",
            "{address: \"127.0.0.1\", port_value: 9902}");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          control     | 127.0.0.1   | HOST:PORT
          control     | 127.0.0.1:0 | 1 to 65535
          admin       | localhost:1 | an address
          node-id     | a b         | letters, digits and
          group       | ''          | letters, digits and
          certificate | a.pem       | --certificate, --key and --ca together
          ca          | a.pem       | --certificate, --key and --ca together
          """)
  void whatCannotBeMeantIsOneLine(String option, String value, String allowed) {
    assertThat(print(Map.of(option, value))).isEqualTo(2);

    assertThat(err.toString())
        .startsWith("loopgate: " + option + ": ")
        .contains("allowed: ", allowed)
        .hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }
}
