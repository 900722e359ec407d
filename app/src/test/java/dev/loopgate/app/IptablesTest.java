package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class IptablesTest {
  private final StringWriter out = new StringWriter();
  private final Iptables iptables = new Iptables(Map.of("PATH", ""), new PrintWriter(out));

  @Test
  void printsTheRulesOfBothFamilies() throws Exception {
    int exit = iptables.run(Map.of("ports", "8080"), Set.of("print"));

    String rules = RedirectionRules.of(Map.of("ports", "8080")).text();
    assertThat(exit).isZero();
    assertThat(out.toString())
        .isEqualTo(
            "# iptables-restore --noflush\n" + rules + "# ip6tables-restore --noflush\n" + rules);
  }

  @Test
  void thereIsOneThingToDo() {
    assertThatThrownBy(() -> iptables.run(Map.of("ports", "8080"), Set.of()))
        .hasMessage("iptables: nothing to do; allowed: one of --apply, --print, --remove");
    assertThatThrownBy(() -> iptables.run(Map.of("ports", "8080"), Set.of("apply", "remove")))
        .hasMessage(
            "iptables: more than one thing to do; allowed: one of --apply, --print, --remove");
  }

  @Test
  void removalTakesNoOptions() {
    assertThatThrownBy(() -> iptables.run(Map.of("ports", "8080"), Set.of("remove")))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("option --ports is of no use here; allowed: --remove alone");
  }
}
