package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  void whatIsRefusedForOneFamilyIsPutBackForTheOther(@TempDir Path folder) throws Exception {
    assumeTrue(Iptables.hasRight() && Iptables.speaksIpv6()); // what is tried before a program is
    Path asked = folder.resolve("asked");
    Path there = Files.writeString(folder.resolve("there"), "-P PREROUTING ACCEPT\n");
    program(folder, "iptables", "cat >/dev/null; cat " + there);
    program(folder, "ip6tables", "cat >/dev/null; echo '-P PREROUTING ACCEPT'");
    program(folder, "iptables-restore", "cat >>" + asked + "; echo '-N LOOPGATE_IN' >>" + there);
    program(folder, "ip6tables-restore", "cat >/dev/null; echo no such table; exit 2");
    Iptables refused = new Iptables(Map.of("PATH", folder.toString()), new PrintWriter(out));

    assertThatThrownBy(() -> refused.run(Map.of("ports", "8080"), Set.of("apply")))
        .isInstanceOf(StartException.class)
        .hasMessage("iptables: ip6tables-restore refused, exit=2: no such table");
    assertThat(asked)
        .hasContent(
            RedirectionRules.of(Map.of("ports", "8080")).text()
                + "*nat\n-F LOOPGATE_IN\n-X LOOPGATE_IN\nCOMMIT\n");
    assertThat(out.toString().strip()).isEqualTo("IPv4: as before");
  }

  @Test
  void nothingIsChangedBeforeTheRulesOfAllFamiliesWereRead(@TempDir Path folder) throws Exception {
    assumeTrue(Iptables.hasRight() && Iptables.speaksIpv6());
    Path asked = folder.resolve("asked");
    program(folder, "iptables", "cat >/dev/null");
    program(folder, "ip6tables", "cat >/dev/null; echo no such table; exit 3");
    program(folder, "iptables-restore", "cat >>" + asked);
    Iptables refused = new Iptables(Map.of("PATH", folder.toString()), new PrintWriter(out));

    assertThatThrownBy(() -> refused.run(Map.of("ports", "8080"), Set.of("apply")))
        .hasMessage("iptables: ip6tables refused, exit=3: no such table");
    assertThat(asked).doesNotExist();
  }

  private static void program(Path folder, String name, String does) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + does + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  @Test
  void removalTakesNoOptions() {
    assertThatThrownBy(() -> iptables.run(Map.of("ports", "8080"), Set.of("remove")))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("option --ports is of no use here; allowed: --remove alone");
  }
}
