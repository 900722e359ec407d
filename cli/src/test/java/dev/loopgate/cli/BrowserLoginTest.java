package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A person logs in with a browser, which this test is.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class BrowserLoginTest {
  private static final Pattern URL = Pattern.compile("open this in a browser: (\\S+)\\?(\\S+)\n");

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private final ScriptedApi issuer;
  private final HttpClient browser = HttpClient.newHttpClient();

  BrowserLoginTest() throws IOException {
    issuer = new ScriptedApi();
  }

  @BeforeEach
  void setHome() {
    rig = new ClientRig(home);
    rig.environment.put("ISSUER_URL", issuer.url());
    rig.environment.put("ODAHUFLOWCTL_OAUTH_CLIENT_ID", "loopgate");
    issuer.answers(
        "GET /.well-known/openid-configuration",
        200,
        "{\"authorization_endpoint\":\"http://issuer/auth\",\"token_endpoint\":\""
            + issuer.url()
            + "/token\"}");
  }

  @AfterEach
  void close() {
    browser.close();
    issuer.close();
  }

  /// The query that the browser is sent with.
  private Map<String, String> opened() {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    Matcher url = URL.matcher(rig.err());
    while (!url.find() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      url = URL.matcher(rig.err());
    }
    assertThat(url.reset().find()).as(rig.err()).isTrue();
    assertThat(url.group(1)).isEqualTo("http://issuer/auth");
    return UrlText.fields(url.group(2));
  }

  private String comeBack(Map<String, String> query, String answer) throws Exception {
    return browser
        .send(
            HttpRequest.newBuilder(URI.create(query.get("redirect_uri") + "?" + answer)).build(),
            BodyHandlers.ofString())
        .body();
  }

  @Test
  void theCodeIsExchangedByWhoAskedForIt() throws Exception {
    issuer
        .answers("POST /token", 200, "{\"access_token\":\"mine\",\"refresh_token\":\"more\"}")
        .answers("GET /health", 200, "{}");
    CompletableFuture<Run> login =
        CompletableFuture.supplyAsync(() -> rig.run("login", "--url", issuer.url()));

    Map<String, String> query = opened();
    assertThat(query)
        .containsEntry("response_type", "code")
        .containsEntry("client_id", "loopgate")
        .containsEntry("code_challenge_method", "S256");
    assertThat(query.get("redirect_uri")).startsWith("http://127.0.0.1:");
    comeBack(query, "code=forged&state=guessed");
    // The one before may not have been looked at yet.
    String state = "state=" + query.get("state");
    while (!comeBack(query, "code=c%26d&" + state).startsWith("You may close")) {
      Thread.onSpinWait();
    }

    assertThat(login.get().out()).isEqualTo("Success! Credentials have been saved.\n");
    Map<String, String> form = UrlText.fields(issuer.asked().get(1).body());
    assertThat(form)
        .containsEntry("code", "c&d")
        .containsEntry("grant_type", "authorization_code")
        .containsEntry("redirect_uri", query.get("redirect_uri"));
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(form.getOrDefault("code_verifier", "").getBytes(StandardCharsets.US_ASCII));
    assertThat(query)
        .containsEntry(
            "code_challenge", Base64.getUrlEncoder().withoutPadding().encodeToString(digest));
    assertThat(Files.readString(home.resolve(".loopgate/config")))
        .contains("API_TOKEN = mine", "API_REFRESH_TOKEN = more");
  }

  @Test
  void whoRefusesIsNamed() throws Exception {
    CompletableFuture<Run> login =
        CompletableFuture.supplyAsync(() -> rig.run("login", "--url", issuer.url()));

    Map<String, String> query = opened();
    comeBack(query, "error=access_denied&state=" + query.get("state"));

    assertThat(login.get().out()).startsWith("Error: Login was refused: access_denied\n");
  }
}
