package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Credentials: tried, kept for the user alone, forgotten.
final class LoginCommandTest {
  private static final String SAVED = "Success! Credentials have been saved.\n";

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private final ScriptedApi api;

  LoginCommandTest() throws IOException {
    api = new ScriptedApi();
  }

  @BeforeEach
  void setHome() {
    rig = new ClientRig(home);
  }

  @AfterEach
  void close() {
    api.close();
  }

  private Path kept() {
    return home.resolve(".loopgate").resolve("config");
  }

  @Test
  void aTokenIsTriedAndKeptForTheUserAlone() throws IOException {
    api.answers("GET /health", 200, "{}");

    Run run = rig.run("login", "--url", api.url() + "/", "--token", "secret");

    assertThat(run).isEqualTo(new Run(0, SAVED, ""));
    assertThat(api.asked().getFirst().headers()).containsEntry("authorization", "Bearer secret");
    assertThat(Files.readString(kept()))
        .isEqualTo("[general]\nAPI_URL = " + api.url() + "\nAPI_TOKEN = secret\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept().getParent())))
        .isEqualTo("rwx------");
    assertThat(kept().getParent()).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void aTokenThatIsTypedIsTheOneWhateverIsKeptOfAClient() throws IOException {
    rig.file(
        ".loopgate/config",
        "[general]\nAPI_URL = "
            + api.url()
            + "\nISSUER_URL = "
            + api.url()
            + "\nODAHUFLOWCTL_OAUTH_CLIENT_ID = me\nODAHUFLOWCTL_OAUTH_CLIENT_SECRET = mine\n");
    api.answers("GET /api/v1/model/deployment?size=500&page=0", 401, "{}");

    Run run = rig.run("deployment", "--token", "wrong", "get");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).startsWith("Error: Credentials are not correct\n");
    assertThat(api.asked()).hasSize(1);
  }

  @Test
  void aClientSaysItsIssuerAgainEachTime() throws IOException {
    rig.file(".loopgate/config", "[general]\nISSUER_URL = " + api.url() + "\n");

    Run run = rig.run("login", "--url", api.url(), "--client_id", "me", "--client_secret", "mine");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .startsWith("Error: You must provide --issuer parameter to do client_credentials login\n");
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void aTokenThatNoHeaderCanHaveIsNotShown() {
    Run run = rig.run("login", "--url", api.url(), "--token", "se\ncret");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out() + run.err()).doesNotContain("cret");
  }

  @Test
  void aTokenThatIsRefusedIsNotKept() {
    api.answers("GET /health", 401, "{\"message\":\"x\"}");

    Run run = rig.run("login", "--url", api.url(), "--token", "bad");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).startsWith("Error: Credentials are not correct\n");
    assertThat(kept()).doesNotExist();
  }

  @Test
  void aClientIsTriedWithTheTokenThatItGets() throws IOException {
    api.answers(
            "GET /.well-known/openid-configuration",
            200,
            "{\"token_endpoint\":\"" + api.url() + "/token\"}")
        .answers("POST /token", 200, "{\"access_token\":\"given\"}")
        .answers("GET /health", 200, "{}");

    Run run =
        rig.run(
            "login",
            "--url",
            api.url(),
            "--client_id",
            "me",
            "--client_secret",
            "mine",
            "--issuer",
            api.url());

    assertThat(run.out()).isEqualTo(SAVED);
    assertThat(api.asked().getLast().headers()).containsEntry("authorization", "Bearer given");
    assertThat(Files.readString(kept()))
        .contains("API_TOKEN = given", "ODAHUFLOWCTL_OAUTH_CLIENT_SECRET = mine");
  }

  @Test
  void aClientThatIsRefusedIsSaidToBe() {
    api.answers(
            "GET /.well-known/openid-configuration",
            200,
            "{\"token_endpoint\":\"" + api.url() + "/token\"}")
        .answers("POST /token", 401, "{\"error\":\"invalid_client\"}");

    Run run =
        rig.run(
            "login",
            "--url",
            api.url(),
            "--client-id",
            "me",
            "--client-secret",
            "no",
            "--issuer",
            api.url());

    assertThat(run.out()).startsWith("Error: Credentials are not correct\n");
    assertThat(kept()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--token t; 2; missing option '--url'",
        "--url http://h --token t --client_id a; 1; You should use either --token or"
            + " --client_id/--client_secret to login",
        "--url http://h --client_id a; 1; You must pass both client_id and client_secret to"
            + " client_credentials login",
        "--url http://h --client_secret a; 1; You must pass both client_id and client_secret to"
            + " client_credentials login",
        "--url http://h --client_id a --client_secret b; 1; You must provide --issuer parameter to"
            + " do client_credentials login",
        "--url http://h; 1; Login by browser needs an issuer"
      })
  void whatDoesNotBelongTogetherIsSaid(String words, int code, String text) {
    Run run = rig.run(("login " + words).split(" ", -1));

    assertThat(run.code()).isEqualTo(code);
    assertThat(run.out() + run.err()).contains(text);
  }

  @Test
  void logoutForgetsWhatLetsIn() throws IOException {
    rig.file(
        ".loopgate/config",
        """
        # mine
        [other]
        API_TOKEN = x
        [general]
        api_url: http://h
        API_TOKEN = t
        ODAHUFLOWCTL_OAUTH_CLIENT_SECRET=s
        """);

    assertThat(rig.run("logout").out())
        .isEqualTo("All authorization credentials have been removed\n");
    assertThat(Files.readString(kept()))
        .isEqualTo("# mine\n[other]\nAPI_TOKEN = x\n[general]\napi_url: http://h\n");
  }
}
