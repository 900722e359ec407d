package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tokens at the door of the real product: who passes, what is kept of who does not, and that no
/// token is anywhere on the disk.
final class TokensIT {
  private static final SigningIssuer ISSUER = new SigningIssuer("first");
  private static final SigningIssuer NEXT = new SigningIssuer("second");

  @TempDir private Path directory;
  private final List<String> heads = Collections.synchronizedList(new ArrayList<>());
  private RawModel model;
  private Rig rig;

  @BeforeEach
  void startModel() throws IOException {
    model =
        RawModel.start(with -> {
          String head = with.readHead();
          while (!head.isEmpty()) {
            if (head.contains("request-id: t-")) { // not a probe's
              heads.add(head);
            }
            byte[] body = with.readBody();
            with.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
            with.send(body);
            head = with.readHead();
          }
        });
    rig =
        Rig.infrontOf(
            directory,
            model.url(),
            "    role: risk\n",
            "  - {id: other, url: \"" + model.url() + "\", predictor: triton}\n");
  }

  @AfterEach
  void stopModel() throws IOException {
    model.close();
  }

  private Rig with(String keys, String... more) {
    return rig.with(
            "--auth.jwks",
            keys,
            "--auth.issuer",
            SigningIssuer.NAME,
            "--auth.audience",
            "loopgate",
            "--redact.headers",
            "cookie") // a list that forgets what must never be kept
        .with(more);
  }

  private Path keysFile(SigningIssuer... issuers) throws IOException {
    return Files.writeString(directory.resolve("keys.json"), SigningIssuer.keys(issuers));
  }

  private static String token(SigningIssuer issuer, String... roles) {
    return issuer.token(System.currentTimeMillis() / 1000 + 600, roles);
  }

  private static Answer post(GatewayProcess gateway, String path, String id, String token)
      throws IOException {
    try (Caller caller = gateway.call()) {
      caller.send(
          "POST %s HTTP/1.1\r\nhost: t\r\nrequest-id: %s\r\n".formatted(path, id)
              + "model-name: m\r\nmodel-version: 1\r\n"
              + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n")
              + "content-length: 2\r\n\r\n{}");
      return caller.receive("POST");
    }
  }

  @Test
  void whoMayPassesAndNoTokenIsKeptAnywhere() throws Exception {
    String admin = token(ISSUER, "odahu_admin");
    String scientist = token(ISSUER, "odahu_data_scientist");
    String viewer = token(ISSUER, "odahu_viewer");
    String risk = token(ISSUER, "risk");
    String expired = ISSUER.token(System.currentTimeMillis() / 1000 - 600, "odahu_admin");
    String forged = token(new SigningIssuer("first"), "odahu_admin");
    String foreign = token(NEXT, "odahu_admin");
    try (GatewayProcess gateway = with(keysFile(ISSUER).toString()).start()) {
      expect(post(gateway, "/model/m/x", "t-admin", admin), 200, "{}");
      expect(post(gateway, "/model/other/v2/models/n/infer?x=1", "t-ds", scientist), 200, "{}");
      expect(post(gateway, "/model/m/x?y=2", "t-risk", risk), 200, "{}");
      assertThat(heads).hasSize(3).noneMatch(head -> head.contains("uthorization"));

      expect(post(gateway, "/model/other/v2/models/n/infer", "t-other", risk), 403, "");
      expect(post(gateway, "/model/other/v2/repository/models/n/load", "t-load", admin), 403, "");
      expect(post(gateway, "/model/other/v2/models/n/../infer", "t-dots", admin), 403, "");
      expect(post(gateway, "/model/m/x", "t-viewer", viewer), 403, "");
      Answer nobody = expect(post(gateway, "/model/m/x", "t-none", ""), 401, "");
      assertThat(nobody.header("www-authenticate")).isEqualTo("Bearer");
      for (String bad : List.of(expired, forged, foreign, admin + "x", "a.b.c")) {
        Answer refused = expect(post(gateway, "/model/m/x", "t-bad", bad), 401, "");
        assertThat(refused.header("www-authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
        assertThat(refused.header("request-id")).isEqualTo("t-bad");
      }
      expect(post(gateway, "/model/m/healthz/%2e%2e/x", "t-path", ""), 401, "");
      expect(post(gateway, "/model/none/x", "t-none", ""), 404, "");
      assertThat(heads).hasSize(3);
      assertThat(gateway.get("/model/m/healthz").status()).isEqualTo(200);
      assertThat(gateway.get("/readyz").status()).isEqualTo(200);

      expect(post(gateway, "/feedback", "t-f1", ""), 401, "{\"message\":\"Unauthorized\"}");
      expect(post(gateway, "/feedback/x", "t-f2", viewer), 403, "{\"message\":\"Forbidden\"}");
      expect(post(gateway, "/api/v1/feedback", "t-f3", risk), 403, "{\"message\":\"Forbidden\"}");
      expect(
          post(gateway, "/api/model/m/1/feedback", "t-f4", ""),
          401,
          "{\"message\":\"Unauthorized\"}");
      assertThat(post(gateway, "/feedback", "t-f5", scientist).status()).isEqualTo(200);
      assertThat(gateway.get("/").status()).isEqualTo(200);

      Map<String, Double> metrics = Rig.metrics(gateway);
      assertThat(metrics.get("loopgate_auth_refusals_total{reason=\"role\"}")).isEqualTo(4);
      assertThat(metrics.get("loopgate_auth_refusals_total{reason=\"path\"}")).isEqualTo(2);
      assertThat(metrics.get("loopgate_auth_refusals_total{reason=\"expired\"}")).isEqualTo(1);
      assertThat(metrics.get("loopgate_auth_refusals_total{reason=\"unknown_key\"}")).isEqualTo(1);
      assertThat(metrics.get("loopgate_auth_keys")).isEqualTo(1);

      FileLine line = rig.awaitLine("request_response", "t-none");
      assertThat(line.text("response_status")).isEqualTo("401");
      assertThat(line.text("ending")).isEqualTo("rejected");
      assertThat(line.text("request_content")).isEqualTo("{}");
      rig.awaitLine("request_response", "t-admin");
      rig.awaitLine("feedback", "t-f5");
      assertThat(rig.linesOf("feedback", "t-f2")).isEmpty();
      assertThat(gateway.stop()).as(gateway.output()).isZero();
      for (String token : List.of(admin, viewer, risk, expired, forged, foreign)) {
        isNowhere(gateway, token);
      }
    }
    assertThat(rig.verify().exit()).isZero();
  }

  private static Answer expect(Answer answer, int status, String body) throws IOException {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.text()).isEqualTo(body);
    return answer;
  }

  // Its signature too, which alone would be worth nothing: no part of it has any business there.
  private void isNowhere(GatewayProcess gateway, String token) throws IOException {
    String claims = token.split("\\.", -1)[1];
    assertThat(gateway.output()).doesNotContain(claims);
    try (Stream<Path> files = Files.walk(rig.data())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file, ISO_8859_1).contains(claims))
            .as("a token in %s", file)
            .isFalse();
      }
    }
  }

  @Test
  void aModelGetsTheTokenIfItIsSaidAndKeysThatChangeAreReadAgain() throws Exception {
    Path file = keysFile(ISSUER);
    String token = token(ISSUER, "odahu_admin");
    try (GatewayProcess gateway = with(file.toString(), "--auth.forward", "true").start()) {
      expect(post(gateway, "/model/m/x", "t-1", token), 200, "{}");
      assertThat(heads.getFirst()).contains("authorization: Bearer " + token + "\r\n");

      Files.writeString(file, SigningIssuer.keys(NEXT));
      Rig.await(
          "the next keys",
          () -> post(gateway, "/model/m/x", "t-2", token(NEXT, "odahu_admin")).status() == 200);
      expect(post(gateway, "/model/m/x", "t-3", token), 401, "");

      Files.writeString(file, "{\"keys\":");
      Rig.await("a line", () -> gateway.output().contains("is no key set in JSON"));
      expect(post(gateway, "/model/m/x", "t-4", token(NEXT, "odahu_admin")), 200, "{}");
      assertThat(gateway.stop()).isZero();
      isNowhere(gateway, token);
    }
  }

  @Test
  void whereTheKeysCanNotBeReadNobodyPassesUntilTheyCan() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String url = "http://127.0.0.1:" + port + "/certs";
    String token = token(ISSUER, "odahu_admin");
    try (GatewayProcess gateway = with(url).start()) {
      Answer unknown = post(gateway, "/model/m/x", "t-1", token);
      assertThat(unknown.status()).isEqualTo(503);
      assertThat(unknown.header("request-id")).isEqualTo("t-1");
      assertThat(unknown.header("retry-after")).isEqualTo("1");
      expect(post(gateway, "/model/m/x", "t-2", ""), 401, "");
      assertThat(gateway.get("/readyz").status()).isEqualTo(200);
      assertThat(heads).isEmpty();

      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
      byte[] keys = SigningIssuer.keys(ISSUER).getBytes(ISO_8859_1);
      server.createContext(
          "/certs",
          exchange -> {
            try (exchange) {
              exchange.sendResponseHeaders(200, keys.length);
              exchange.getResponseBody().write(keys);
            }
          });
      server.start();
      try {
        Rig.await("keys", () -> post(gateway, "/model/m/x", "t-3", token).status() == 200);
      } finally {
        server.stop(0);
      }
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
  }

  @Test
  void keysThatCanNotBeUsedAreOneLine() throws Exception {
    Path secret =
        Files.writeString(
            directory.resolve("secret.json"), "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}");
    String data = directory.resolve("data").toString();
    String[] start = {"gateway", "--listen", "127.0.0.1:0", "--data", data};

    Command symmetric = Command.loopgate(Map.of("LOOPGATE_AUTH_JWKS", secret.toString()), start);
    Command missing = Command.loopgate(Map.of("LOOPGATE_AUTH_JWKS", secret + ".not"), start);
    Command lone = Command.loopgate(Map.of("LOOPGATE_AUTH_ISSUER", "https://i"), start);
    Command tooShort =
        Command.loopgate(
            Map.of("LOOPGATE_AUTH_JWKS", "http://h/k", "LOOPGATE_AUTH_STALE", "1m"), start);

    assertThat(List.of(symmetric, missing, lone, tooShort))
        .allSatisfy(command -> {
          assertThat(command.err()).startsWith("loopgate: ").hasLineCount(1);
          assertThat(command.exit()).isIn(1, 2);
        });
    assertThat(symmetric.err())
        .contains("auth.jwks: file=" + secret + " has a symmetric key")
        .doesNotContain("c2VjcmV0");
    assertThat(missing.err()).contains("is not there or not readable");
    assertThat(lone.err()).contains("auth.issuer stands without auth.jwks");
    assertThat(tooShort.err()).contains("auth.stale=1m is shorter than auth.refresh=5m");
    assertThat(Files.exists(directory.resolve("data"))).isFalse();
  }
}
