package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What becomes of answers that are none, late, or wrong; and as whom the API is asked.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ApiClientTest {
  private static final String PAGE = "GET /api/v1/model/deployment?size=500&page=";
  private static final String HINT = "For more information rerun command with --verbose flag\n";

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private final ScriptedApi api;

  ApiClientTest() throws IOException {
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

  private Run get(String... more) {
    rig.environment.putIfAbsent("API_URL", api.url());
    String[] words = new String[3 + more.length];
    words[0] = "dep";
    words[1] = "get";
    words[2] = "-ojson";
    System.arraycopy(more, 0, words, 3, more.length);
    return rig.run(words);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503, 599})
  void whatMayPassIsAskedAgainThreeTimes(int status) {
    api.answers(PAGE + 0, status, "{\"message\":\"busy\"}");

    Run run = get();

    assertThat(run.out())
        .isEqualTo("Error: Got error from server: busy (status: " + status + ")\n" + HINT);
    assertThat(run.code()).isEqualTo(1);
    assertThat(api.lines()).hasSize(4);
    assertThat(rig.pauses)
        .containsExactly(Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2));
  }

  @Test
  void whatPassesIsNoError() {
    api.answers(PAGE + 0, 503, "", Map.of("Retry-After", "3"))
        .answers(PAGE + 0, 429, "", Map.of("Retry-After", "9999"))
        .answers(PAGE + 0, 200, "[]");

    assertThat(get()).isEqualTo(new Run(0, "[ ]\n", ""));
    assertThat(rig.pauses).containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(10));
  }

  @Test
  void whatCreatesIsSentOnce() throws IOException {
    api.answers("POST /api/v1/connection", 503, "{\"message\":\"later\"}");
    rig.environment.put("API_URL", api.url());

    Run run = rig.run("conn", "create", "-f", rig.file("c.yaml", "kind: Connection\nid: c\n"));

    assertThat(run.out()).contains("later (status: 503)");
    assertThat(api.lines()).hasSize(1);
  }

  @Test
  void whatIsNoAnswerOfOursIsShownInOneBoundedLine() {
    api.answers(PAGE + 0, 404, "<html>\u001b[31m\n" + "x".repeat(5_000));

    Run run = get();

    assertThat(run.out())
        .startsWith("Error: Wrong status code returned: 404. Data: \"<html>?[31m?xxx")
        .contains("...\". URL: \"" + api.url() + "/api/v1/model/deployment?size=500&page=0\"\n")
        .hasSizeLessThan(1_500);
    assertThat(run.out().lines()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ok", "{\"a\":1}", "[1]", "[{]", "[{\"a\":1,\"a\":2}]"})
  void anAnswerThatIsNotUnderstoodIsSaidToBe(String body) {
    api.answers(PAGE + 0, 200, body);

    Run run = get();

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).startsWith("Error: Got an answer that is not understood: ");
  }

  @Test
  void allPagesAreAsked() {
    String full =
        IntStream.range(0, 500)
            .mapToObj(i -> "{\"id\":\"d" + i + "\"}")
            .collect(Collectors.joining(",", "[", "]"));
    api.answers(PAGE + 0, 200, full).answers(PAGE + 1, 200, "[{\"id\":\"last\"}]");

    Run run = get("-o=name");
    assertThat(run.code()).isEqualTo(2); // -o twice
    run = rig.run("dep", "get", "-o", "name");

    assertThat(run.out().lines()).hasSize(501).endsWith("last");
  }

  @Test
  void withoutAnythingSetItIsLocalhost() {
    assertThat(rig.run("config", "get", "API_URL").out()).isEqualTo("http://localhost:5000\n");
  }

  @Test
  void whoCanNotBeReachedIsNamed() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    rig.environment.put("API_URL", "http://127.0.0.1:" + port + "/");

    assertThat(get().out())
        .isEqualTo("Error: Can not reach http://127.0.0.1:" + port + "\n" + HINT);
    assertThat(rig.pauses).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://h", "localhost:5000", "http://", "http://h/?q", "http://u:p@h", "h\n"})
  void aUrlIsCheckedBeforeAnythingIsSent(String url) {
    rig.environment.put("API_URL", url);

    assertThat(get().out()).startsWith("Error: URL \"").contains("is not valid");
  }

  @Test
  void credentialsAreMissedOrNotCorrect() {
    api.answers(PAGE + 0, 401, "");

    assertThat(get().out()).isEqualTo("Error: Credentials are missed\n" + HINT);
    assertThat(get("--token", "bad").out())
        .isEqualTo("Error: Credentials are not correct\n" + HINT);
    assertThat(get("--token", "bad\nheader").out()).startsWith("Error: ");
    assertThat(api.lines()).hasSize(2);
  }

  @Test
  void verboseTellsMoreOnTheOtherStream() {
    api.answers(PAGE + 0, 401, "");

    Run run = get("--verbose");

    assertThat(run.out()).isEqualTo("Error: Credentials are missed\n");
    assertThat(run.err()).contains("Credentials are missed", "ClientException", "\tat ");
  }

  @Test
  void optionsComeBeforeVariablesBeforeTheFile() throws IOException {
    api.answers(PAGE + 0, 200, "[]");
    rig.file(".loopgate/config", "[general]\nAPI_URL = http://127.0.0.1:1\nAPI_TOKEN = file\n");

    rig.run("dep", "--url", api.url(), "get");
    rig.run("dep", "--url", api.url(), "--token", "typed", "get");
    rig.run("dep", "--token", "group", "get", "--url", api.url(), "--token", "verb");
    rig.environment.put("API_URL", api.url());
    rig.environment.put("API_TOKEN", "variable");
    rig.run("dep", "get");

    assertThat(api.asked().stream().map(asked -> asked.headers().get("authorization")))
        .containsExactly("Bearer file", "Bearer typed", "Bearer verb", "Bearer variable");
  }

  @Test
  void aClientGetsItsTokenAndAFreshOneOnce() throws IOException {
    api.answers(
            "GET /.well-known/openid-configuration",
            200,
            "{\"token_endpoint\":\"" + api.url() + "/token\"}")
        .answers("POST /token", 200, "{\"access_token\":\"fresh\"}")
        .answers(PAGE + 0, 401, "")
        .answers(PAGE + 0, 200, "[]");
    rig.file(
        ".loopgate/config",
        "[general]\nAPI_TOKEN=old\nISSUER_URL=%s\nODAHUFLOWCTL_OAUTH_CLIENT_ID=me\nODAHUFLOWCTL_OAUTH_CLIENT_SECRET=s&t\n"
            .formatted(api.url()));

    assertThat(get().code()).isZero();

    assertThat(api.asked().getFirst().headers()).containsEntry("authorization", "Bearer old");
    assertThat(api.asked().getLast().headers()).containsEntry("authorization", "Bearer fresh");
    assertThat(api.asked().get(2).body())
        .isEqualTo("grant_type=client_credentials&client_id=me&client_secret=s%26t");
  }

  @Test
  void aTokenThatHasEndedIsExchangedAndTheNextIsKept() throws IOException {
    api.answers("POST /token", 200, "{\"access_token\":\"fresh\",\"refresh_token\":\"next\"}")
        .answers(PAGE + 0, 401, "")
        .answers(PAGE + 0, 401, "")
        .answers(PAGE + 0, 200, "[]");
    String file =
        rig.file(".loopgate/config", "[general]\nAPI_TOKEN = old\nAPI_REFRESH_TOKEN = refresh\n");
    rig.environment.put("ODAHUFLOWCTL_OAUTH_TOKEN_URL", api.url() + "/token");
    rig.environment.put("ODAHUFLOWCTL_OAUTH_CLIENT_ID", "loopgate");

    assertThat(get("--token", "typed").code()).isEqualTo(1);
    assertThat(api.lines()).containsExactly(PAGE + 0);
    assertThat(get().code()).isZero();

    assertThat(api.asked().get(api.asked().size() - 2).body())
        .isEqualTo("grant_type=refresh_token&client_id=loopgate&refresh_token=refresh");
    assertThat(Files.readString(Path.of(file)))
        .isEqualTo("[general]\nAPI_TOKEN = fresh\nAPI_REFRESH_TOKEN = next\n");
  }

  @Test
  void aRedirectIsNotFollowed() {
    api.answers(PAGE + 0, 302, "", Map.of("Location", api.url() + "/elsewhere"));

    assertThat(get("--token", "t").out()).contains("Wrong status code returned: 302");
    assertThat(api.lines()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"})
  void whoAnswersLateOrHalfIsNotWaitedForLong(String said) throws Exception {
    ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread server = Thread.ofVirtual().start(() -> say(door, said));
    HttpCalls.Ask ask =
        new HttpCalls.Ask(
            "GET",
            "http://127.0.0.1:" + door.getLocalPort() + "/",
            Map.of(),
            "",
            Duration.ofMillis(200));
    try (HttpCalls calls = new HttpCalls()) {
      assertThatThrownBy(() -> calls.ask(ask, "it"))
          .isInstanceOf(ClientException.class)
          .hasMessageStartingWith("Can not reach it");
    } finally {
      door.close(); // the time may have been over before it was reached
    }
    assertThat(server.join(Duration.ofSeconds(20))).as("the client has left").isTrue();
  }

  /// Says it, and listens until the client leaves.
  private static void say(ServerSocket door, String said) {
    try (Socket socket = door.accept()) {
      OutputStream out = socket.getOutputStream();
      out.write(said.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException _) {
      // it left abruptly
    }
  }
}
