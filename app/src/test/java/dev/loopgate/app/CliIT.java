package dev.loopgate.app;

import static dev.loopgate.app.Rig.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The verbs of the command line as their user types them, against what serves.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class CliIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WINE =
      "{\"columns\": [\"fixed acidity\", \"volatile acidity\", \"citric acid\", \"residual sugar\","
          + " \"chlorides\", \"free sulfur dioxide\", \"total sulfur dioxide\", \"density\","
          + " \"pH\", \"sulphates\", \"alcohol\"], \"data\": [[7, 0.27, 0.36, 20.7, 0.045, 45, 170,"
          + " 1.001, 3, 0.45, 8.8]]}";

  @TempDir private Path directory;
  private final Map<String, String> environment = new TreeMap<>();

  private Rig rig(String... options) {
    return new Rig(directory, List.of("-Xmx256m", "-XX:+UseSerialGC"), List.of(options));
  }

  private void use(GatewayProcess gateway) {
    environment.put("LOOPGATE_CONFIG", directory.resolve("cli.ini").toString());
    environment.put("API_URL", "http://127.0.0.1:" + gateway.address().getPort());
  }

  private Command loopgate(String... words) throws Exception {
    return Command.loopgate(environment, words);
  }

  private String well(String... words) throws Exception {
    Command run = loopgate(words);
    assertThat(run.exit()).as("%s: %s%s", List.of(words), run.out(), run.err()).isZero();
    return run.out();
  }

  private String badly(String... words) throws Exception {
    Command run = loopgate(words);
    assertThat(run.exit()).as("%s: %s%s", List.of(words), run.out(), run.err()).isEqualTo(1);
    return run.out();
  }

  private String manifest(String id, String resources) throws IOException {
    Path file = directory.resolve(id + ".yaml");
    Files.writeString(
        file,
        """
        kind: ModelDeployment
        id: %s
        spec:
          image: "exec:'%s' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m -cp '%s' dev.loopgate.examples.WineModel"
          readinessProbeInitialDelay: 0
          %s
        """
            .formatted(
                id,
                Path.of(System.getProperty("java.home"), "bin", "java"),
                Command.jar(),
                resources));
    return file.toString();
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }

  @Test
  void aModelIsDeployedAskedJudgedChangedAndTakenBack() throws Exception {
    Rig rig = rig();
    try (GatewayProcess gateway = rig.start("up")) {
      use(gateway);
      assertThat(badly("deployment", "delete", "--id", "mine"))
          .startsWith("Error: Got error from server: entity \"mine\" is not found (status: 404)\n");

      String manifest = manifest("mine", "minReplicas: 1");
      Command created = loopgate("deployment", "create", "-f", manifest);
      assertThat(created.out())
          .as(created.err() + gateway.output())
          .matches("Model mine was deployed\\. Deployment process took \\d+ seconds\n");
      assertThat(created.err()).contains("odahu-ml-server is taken");
      assertThat(badly("dep", "create", "-f", manifest)).contains("already exists (status: 409)");
      assertThat(well("dep", "create", "-f", manifest, "--ignore-if-exists"))
          .isEqualTo("Deployment already exists\n");

      JsonNode shown = json(well("dep", "get", "--md-id", "mine", "-o", "json")).path(0);
      assertThat(shown.path("kind").asText()).isEqualTo("ModelDeployment");
      assertThat(shown.at("/spec/resources/limits/cpu").asText()).isEqualTo("250m");
      assertThat(well("dep", "get", "-o", "name").lines()).contains("mine", "wine");
      assertThat(well("dep", "get", "--format", "table")).contains("status.state", "Ready");
      assertThat(well("dep", "get", "--id", "mine", "-o", "jsonpath=[*].status.modelName"))
          .isEqualTo("wine-quality\n");

      predictAndJudge(rig);
      changeAndTakeBack(manifest);
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
    assertThat(rig.verify().exit()).isZero();
  }

  private void predictAndJudge(Rig rig) throws Exception {
    Command asked =
        loopgate("model", "invoke", "--md", "mine", "--json", WINE, "--request-id", "cli-7");
    assertThat(json(asked.out()).at("/prediction/0").asDouble()).isBetween(5.5, 5.6);
    assertThat(asked.err()).isEqualTo("loopgate: request-id: cli-7\n");
    String file = Files.writeString(directory.resolve("wine.json"), WINE).toString();
    assertThat(well("model", "invoke", "--url-prefix", "/model/mine", "--file", file))
        .isEqualTo(asked.out());
    assertThat(json(well("model", "info", "--md", "mine")).at("/info/title").asText())
        .isEqualTo("wine-quality");
    assertThat(
            well(
                "model",
                "feedback",
                "--md",
                "mine",
                "--request-id",
                "cli-7",
                "--json",
                "{\"q\":6}"))
        .contains("\"modelName\" : \"wine-quality\"");
    await("feedback in a file", () -> !rig.linesOf("feedback", "cli-7").isEmpty());
  }

  private void changeAndTakeBack(String manifest) throws Exception {
    String more =
        manifest(
            "mine",
            "minReplicas: 2\n  maxReplicas: 2\n  resources: {limits: {cpu: 333m, memory: 333Mi},"
                + " requests: {cpu: 222m, memory: 222Mi}}");
    assertThat(more).isEqualTo(manifest);
    assertThat(well("deployment", "edit", "-f", more)).startsWith("Model mine was deployed.");
    JsonNode changed = json(well("dep", "get", "--id", "mine", "-o", "json")).path(0);
    assertThat(changed.at("/status/availableReplicas").asInt()).isEqualTo(2);
    assertThat(changed.at("/spec/resources/limits/memory").asText()).isEqualTo("333Mi");
    assertThat(badly("dep", "edit", "-f", manifest("mine", "minReplicas: 2\n  maxReplicas: 1")))
        .contains(
            "maximum number of replicas parameter must not be less than minimum number of"
                + " replicas parameter (status: 400)");

    Path all =
        Files.writeString(
            directory.resolve("all.yaml"),
            """
            kind: ModelRoute
            id: shop
            spec:
              urlPrefix: /custom/shop
              modelDeployments: [{mdName: mine}]
            ---
            kind: Connection
            id: hub
            spec: {type: docker, uri: hub.example.com, username: me, password: c2VjcmV0}
            """);
    assertThat(well("apply", "-f", all.toString()))
        .isEqualTo(
            "Operation completed, created resources: 2 (ModelRoute shop, Connection hub), changed"
                + " resources: 0, removed resources: 0\n");
    assertThat(well("bulk", "apply", all.toString()))
        .contains("changed resources: 2 (ModelRoute shop, Connection hub)");
    assertThat(well("conn", "get", "--id", "hub")).contains("password: '*****'");
    assertThat(well("model", "invoke", "--mr", "shop", "--json", WINE)).contains("prediction");
    assertThat(json(well("wake", "mine", "-o", "json")).at("/0/id").asText()).isEqualTo("mine");
    assertThat(well("wait", "mine", "--for", "Awake")).isEqualTo("Model mine is awake\n");
    assertThat(well("logs", "mine", "--bytes", "100").length()).isLessThanOrEqualTo(101);
    assertThat(well("bulk", "delete", all.toString()))
        .contains("removed resources: 2 (ModelRoute shop, Connection hub)");
    assertThat(well("deployment", "delete", "--id", "mine"))
        .isEqualTo("Model deployment mine was deleted\n");
    assertThat(badly("dep", "get", "--id", "mine")).contains("(status: 404)");
    assertThat(well("wait", "mine", "--for", "deleted")).contains("is deleted");
    assertThat(badly("model", "invoke", "--md", "mine", "--json", "{}"))
        .startsWith("Error: Wrong status code returned: 404. Data: \"\". URL: \"http://127.0.0.1:");
  }

  @Test
  void whoLogsInIsLetInAndNobodyElse() throws Exception {
    SigningIssuer issuer = new SigningIssuer("cli");
    Path keys = Files.writeString(directory.resolve("keys.json"), SigningIssuer.keys(issuer));
    long until = System.currentTimeMillis() / 1000 + 600;
    try (GatewayProcess gateway =
        rig("--auth.jwks", keys.toString(), "--auth.issuer", SigningIssuer.NAME).start("up")) {
      use(gateway);
      String url = environment.getOrDefault("API_URL", "");
      assertThat(badly("dep", "get")).startsWith("Error: Credentials are missed\n");
      assertThat(badly("login", "--url", url, "--token", "a.b.c"))
          .startsWith("Error: Credentials are not correct\n");

      assertThat(well("login", "--url", url, "--token", issuer.token(until, "odahu_viewer")))
          .isEqualTo("Success! Credentials have been saved.\n");
      environment.remove("API_URL");
      assertThat(well("deployment", "get", "-o", "name")).isEqualTo("wine\n");
      assertThat(well("route", "get", "-o", "jsonpath=[*].spec.urlPrefix"))
          .isEqualTo("/model/wine\n");
      assertThat(badly("dep", "delete", "--id", "x")).contains("Forbidden (status: 403)");
      assertThat(badly("dep", "get", "--token", "bad"))
          .startsWith("Error: Credentials are not correct\n");
      assertThat(badly("model", "invoke", "--md", "wine", "--token", "bad", "--json", WINE))
          .startsWith("Error: Wrong status code returned: 401.");
      assertThat(badly("model", "invoke", "--md", "wine", "--json", WINE))
          .startsWith("Error: Wrong status code returned: 403.");
      assertThat(well("logout")).isEqualTo("All authorization credentials have been removed\n");
      assertThat(badly("dep", "get")).startsWith("Error: Credentials are missed\n");
      assertThat(gateway.stop()).as(gateway.output()).isZero();
    }
  }
}
