package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RedirectionRulesTest {
  private static final String APPLIED =
      """
      -P PREROUTING ACCEPT
      -N LOOPGATE_IN
      -N LOOPGATE_OUT
      -A PREROUTING -p tcp -m tcp --dport 9 -j ACCEPT
      -A PREROUTING -p tcp -j LOOPGATE_IN
      -A OUTPUT -p tcp -j LOOPGATE_OUT
      -A LOOPGATE_IN -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
      """;

  @Test
  void redirectsThePortsOfModels() throws UsageException {
    assertThat(rules("ports", "9000, 8080").text())
        .isEqualTo(
            """
            *nat
            :LOOPGATE_IN - [0:0]
            :LOOPGATE_OUT - [0:0]
            -A LOOPGATE_OUT -m owner --uid-owner 16006 -j RETURN
            -A LOOPGATE_IN -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
            -A LOOPGATE_IN -p tcp -m tcp --dport 9000 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
            -A PREROUTING -p tcp -j LOOPGATE_IN
            -A LOOPGATE_OUT -o lo -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
            -A LOOPGATE_OUT -o lo -p tcp -m tcp --dport 9000 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
            -A OUTPUT -p tcp -j LOOPGATE_OUT
            COMMIT
            """);
  }

  @Test
  void redirectsAllButWhatIsExcludedAndTheSidecarsOwn() throws UsageException {
    assertThat(
            rules(
                    "ports",
                    "all",
                    "exclude-ports",
                    "22,16020",
                    "sidecar-port",
                    "15106",
                    "uid",
                    "1337",
                    "callers",
                    "outside")
                .text())
        .isEqualTo(
            """
            *nat
            :LOOPGATE_IN - [0:0]
            -A LOOPGATE_IN -p tcp -m tcp --dport 22 -j RETURN
            -A LOOPGATE_IN -p tcp -m tcp --dport 15106 -j RETURN
            -A LOOPGATE_IN -p tcp -m tcp --dport 16020 -j RETURN
            -A LOOPGATE_IN -p tcp -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 15106
            -A PREROUTING -p tcp -j LOOPGATE_IN
            COMMIT
            """);
  }

  @Test
  void allSparesLoginsAndTheSidecarsDoorUnlessToldOtherwise() throws UsageException {
    assertThat(rules("ports", "all").text())
        .contains(
            "-A LOOPGATE_IN -p tcp -m tcp --dport 22 -j RETURN\n",
            "-A LOOPGATE_IN -p tcp -m tcp --dport 16020 -j RETURN\n");
    assertThat(rules("ports", "all", "exclude-ports", "9").text())
        .contains("--dport 9 -j RETURN")
        .doesNotContain("--dport 22 ", "--dport 16020 ");
  }

  @Test
  void callersInsideAreRedirectedButForTheSidecarsUser() throws UsageException {
    assertThat(rules("ports", "8080", "uid", "0", "callers", "inside").text())
        .isEqualTo(
            """
            *nat
            :LOOPGATE_OUT - [0:0]
            -A LOOPGATE_OUT -m owner --uid-owner 0 -j RETURN
            -A LOOPGATE_OUT -o lo -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 16006
            -A OUTPUT -p tcp -j LOOPGATE_OUT
            COMMIT
            """);
  }

  @Test
  void whatStandsThereAlreadyIsNotMadeTwice() throws UsageException {
    String twice = APPLIED + "-A PREROUTING -p tcp -j LOOPGATE_IN\n";

    assertThat(rules("ports", "8080").textOver(APPLIED))
        .contains(":LOOPGATE_IN - [0:0]")
        .doesNotContain("-A PREROUTING", "-A OUTPUT", "-D ");
    assertThat(rules("ports", "8080").textOver(twice))
        .containsOnlyOnce("-D PREROUTING -p tcp -j LOOPGATE_IN")
        .doesNotContain("-A PREROUTING");
  }

  @Test
  void callersThatAreNotMeantAnyMoreAreLeftAlone() throws UsageException {
    assertThat(rules("ports", "8080", "callers", "outside").textOver(APPLIED))
        .contains("-D OUTPUT -p tcp -j LOOPGATE_OUT\n-F LOOPGATE_OUT\n-X LOOPGATE_OUT\n")
        .doesNotContain(":LOOPGATE_OUT");
  }

  @Test
  void removalTakesAwayAllThatIsOursAndNothingElse() {
    assertThat(RedirectionRules.removal(APPLIED))
        .isEqualTo(
            """
            *nat
            -D PREROUTING -p tcp -j LOOPGATE_IN
            -D OUTPUT -p tcp -j LOOPGATE_OUT
            -F LOOPGATE_IN
            -X LOOPGATE_IN
            -F LOOPGATE_OUT
            -X LOOPGATE_OUT
            COMMIT
            """);
    assertThat(RedirectionRules.removal("-P PREROUTING ACCEPT\n-A OUTPUT -j DOCKER\n")).isEmpty();
  }

  @Test
  void whatWasThereBeforeIsPutBack() throws UsageException {
    String before =
        """
        -P PREROUTING ACCEPT
        -N LOOPGATE_IN
        -A PREROUTING -p tcp -j LOOPGATE_IN
        -A LOOPGATE_IN -p tcp -m tcp --dport 9000 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 15106
        """;

    assertThat(RedirectionRules.backTo(before, APPLIED))
        .isEqualTo(
            """
            *nat
            :LOOPGATE_IN - [0:0]
            -A LOOPGATE_IN -p tcp -m tcp --dport 9000 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 15106
            -D OUTPUT -p tcp -j LOOPGATE_OUT
            -F LOOPGATE_OUT
            -X LOOPGATE_OUT
            COMMIT
            """);
    assertThat(RedirectionRules.backTo(before, "-P PREROUTING ACCEPT\n"))
        .endsWith("REDIRECT --to-ports 15106\n-A PREROUTING -p tcp -j LOOPGATE_IN\nCOMMIT\n");
    assertThat(RedirectionRules.backTo("-P PREROUTING ACCEPT\n", APPLIED))
        .contains("-D PREROUTING", "-D OUTPUT", "-X LOOPGATE_IN", "-X LOOPGATE_OUT")
        .doesNotContain("-A ", ":LOOPGATE");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          uid=1                           | option --ports is needed; allowed: all, or 1 to 64 ports like 8080,9000
          ports=                          | option --ports: value "" is not allowed; allowed: all, or 1 to 64 ports
          ports=0                         | option --ports: value "0" is not allowed
          ports=65536                     | option --ports: value "65536" is not allowed
          ports=80 -j ACCEPT              | option --ports: value "80 -j ACCEPT" is not allowed
          ports=8080,16006                | 16006 is the sidecar's own (--sidecar-port); allowed: the ports of models
          ports=1 sidecar-port=0          | option --sidecar-port: value "0" is not allowed; allowed: 1 to 65535
          ports=1 uid=root                | option --uid: value "root" is not allowed; allowed: 0 to 4294967294
          ports=1 uid=4294967295          | option --uid: value "4294967295" is not allowed
          ports=1 callers=me              | option --callers: value "me" is not allowed; allowed: all, outside, inside
          ports=1 exclude-ports=x         | option --exclude-ports: value "x" is not allowed
          ports=1,2 exclude-ports=2       | option --exclude-ports: 2 stands in --ports, too; allowed: others
          """)
  void whatIsNotAllowedIsOneLine(String given, String message) {
    assertThatThrownBy(() -> RedirectionRules.of(options(given)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private static Map<String, String> options(String given) {
    Map<String, String> options = new HashMap<>();
    for (String each : given.split(" (?=[a-z-]+=)", -1)) {
      options.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
    }
    return options;
  }

  private static RedirectionRules rules(String... options) throws UsageException {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      given.put(options[i], options[i + 1]);
    }
    return RedirectionRules.of(given);
  }
}
