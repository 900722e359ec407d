package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the verbs of a client are told by their file.
final class ConfigVerbTest {
  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));

  @BeforeEach
  void setHome() {
    rig = new ClientRig(home);
  }

  @Test
  void whatIsSetIsShownAndSecretsOnlyToWhoAsks() {
    assertThat(rig.run("config", "set", "api_token", "t").out()).isEqualTo("API_TOKEN=****\n");
    assertThat(rig.run("config", "set", "API_URL", "http://h").out())
        .isEqualTo("API_URL=http://h\n");
    assertThat(rig.run("conf", "get", "API_TOKEN").out()).isEqualTo("****\n");
    assertThat(rig.run("conf", "get", "API_TOKEN", "--show-secrets").out()).isEqualTo("t\n");
    assertThat(rig.run("config", "all").out())
        .contains("API_URL=http://h ", "API_TOKEN=**** ", "API_REFRESH_TOKEN= ")
        .doesNotContain("OAUTH_CLIENT_ID");
    assertThat(rig.run("config", "all", "--with-system", "--show-secrets").out())
        .contains("API_TOKEN=t ", "OAUTH_CLIENT_ID=");
    assertThat(rig.run("config", "set", "API_URL", "").code()).isZero();
    assertThat(rig.run("config", "get", "API_URL").out()).isEqualTo("http://localhost:5000\n");
  }

  @Test
  void aloneItIsTheGateways() {
    assertThat(rig.run("config").code()).isEqualTo(99);
    assertThat(rig.run("conf").code()).isEqualTo(99);
    assertThat(rig.run("config", "--data", "path").code()).isEqualTo(99);
    assertThat(rig.run("--verbose", "config", "path").code()).isZero();
  }

  @Test
  void anUnknownVariableIsNone() {
    assertThat(rig.run("config", "get", "NOPE").out())
        .startsWith("Error: Variable 'NOPE' is unknown\n");
    assertThat(rig.run("config", "set", "NOPE", "x").code()).isEqualTo(1);
    assertThat(rig.run("config", "set", "API_URL").code()).isEqualTo(2);
    assertThat(rig.run("config", "set", "API_URL", "a\n[x]").code()).isEqualTo(1);
  }

  @Test
  void theFileIsOursElseTheOriginals() throws IOException {
    assertThat(rig.run("config", "path").out()).isEqualTo(home.resolve(".loopgate/config") + "\n");
    String theirs = rig.file(".odahuflow/config", "[general]\nAPI_URL = http://theirs\n");
    assertThat(rig.run("config", "path").out()).isEqualTo(theirs + "\n");
    assertThat(rig.run("config", "get", "API_URL").out()).isEqualTo("http://theirs\n");
    String elsewhere = rig.file("elsewhere", "[general]\nAPI_URL = http://elsewhere\n");
    rig.environment.put("ODAHUFLOW_CONFIG", elsewhere);
    assertThat(rig.run("config", "path").out()).isEqualTo(elsewhere + "\n");
    String ours = rig.file(".loopgate/config", "[general]\n");
    assertThat(rig.run("config", "path").out()).as("what is said").isEqualTo(elsewhere + "\n");
    rig.environment.put("LOOPGATE_CONFIG", theirs);
    assertThat(rig.run("config", "path").out()).isEqualTo(theirs + "\n");
    rig.environment.clear();
    assertThat(rig.run("config", "path").out()).isEqualTo(ours + "\n");
  }

  @Test
  void aFileOfSomethingElseSaysNothingAndIsLeftAsItIs() throws IOException {
    String yaml = "listen: 127.0.0.1:1\nAPI_URL: http://no\n";
    rig.environment.put("LOOPGATE_CONFIG", rig.file("gateway.yaml", yaml));

    assertThat(rig.run("config", "get", "API_URL").out()).isEqualTo("http://localhost:5000\n");
    Run run = rig.run("config", "set", "API_URL", "http://h");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).contains("is not a file of this command");
    assertThat(Files.readString(home.resolve("gateway.yaml"))).isEqualTo(yaml);
  }

  @Test
  void templatesAndCompletionsArePrinted() {
    assertThat(rig.run("template", "all").out().lines()).contains("deployment", "route");
    assertThat(rig.run("temp", "generate", "--name", "route").out()).contains("kind: ModelRoute");
    assertThat(rig.run("template", "generate", "--name", "../x").out())
        .startsWith("Error: Cannot find ../x template\n");
    String file = home.resolve("new.yaml").toString();
    assertThat(rig.run("template", "generate", "--name", "deployment", "-f", file).code()).isZero();
    assertThat(rig.run("template", "generate", "--name", "deployment", "-f", file).code())
        .isEqualTo(1);

    assertThat(rig.run("completion").out()).contains("complete -F", "deployment", "--md-id");
    assertThat(rig.run("completion", "zsh").out()).contains("bashcompinit");
    assertThat(rig.run("completion", "fish").out())
        .contains(
            "__fish_seen_subcommand_from deployment; and __fish_seen_subcommand_from get' -l md-id"
                + " -r");
    assertThat(rig.run("completion", "tcsh").code()).isEqualTo(2);
  }
}
