package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The verbs of what is declared, against a server that says what the real one says.
final class DeploymentCommandTest {
  private static final String ALL = "/api/v1/model/deployment";
  private static final String MANIFEST =
      """
      kind: ModelDeployment
      id: wine
      spec:
        image: file:a.jar
        predictor: triton
        minReplicas: 2
        resources:
          limits: {cpu: 1, memory: 256Mi}
      """;
  private static final String NOT_FOUND = "{\"message\": \"entity \\\"wine\\\" is not found\"}";
  private static final String HINT = "For more information rerun command with --verbose flag\n";

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private ScriptedApi api;

  DeploymentCommandTest() throws IOException {
    api = new ScriptedApi();
  }

  @BeforeEach
  void setHome() {
    rig = new ClientRig(home);
    rig.environment.put("API_URL", api.url());
  }

  @AfterEach
  void close() {
    api.close();
  }

  private static String entity(String state, int available) {
    return "{\"id\":\"wine\",\"spec\":{\"minReplicas\":2},\"status\":{\"state\":\"%s\",\"replicas\":2,\"availableReplicas\":%d}}"
        .formatted(state, available);
  }

  @Test
  void creatingWaitsUntilAllReplicasAreThere() throws IOException {
    api.answers("POST " + ALL, 201, entity("", 0))
        .answers("GET " + ALL + "/wine", 200, entity("", 0))
        .answers("GET " + ALL + "/wine", 200, entity("Processing", 0))
        .answers("GET " + ALL + "/wine", 503, "")
        .answers("GET " + ALL + "/wine", 200, entity("Ready", 1))
        .answers("GET " + ALL + "/wine", 200, entity("Ready", 2));
    rig.environment.put("RETRY_ATTEMPTS", "0");

    Run run = rig.run("deployment", "create", "-f", rig.file("md.yaml", MANIFEST));

    assertThat(run.out()).isEqualTo("Model wine was deployed. Deployment process took 3 seconds\n");
    assertThat(run.code()).isZero();
    assertThat(rig.pauses)
        .containsExactly(
            Duration.ofMillis(250),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2));
    assertThat(run.err())
        .contains(
            "wine: declared, 0 available",
            "wine: Processing, 0 available",
            "returned: 503",
            "wine: Ready, 1");
    assertThat(api.asked().getFirst().body())
        .isEqualTo(
            "{\"kind\":\"ModelDeployment\",\"id\":\"wine\",\"spec\":{\"image\":\"file:a.jar\","
                + "\"predictor\":\"triton\",\"minReplicas\":2,\"resources\":{\"limits\":"
                + "{\"cpu\":\"1\",\"memory\":\"256Mi\"}}}}");
  }

  @Test
  void pollsBecomeFiveSecondsApartAndEndInTime() throws IOException {
    api.answers("PUT " + ALL, 200, entity("", 0))
        .answers("GET " + ALL + "/wine", 200, entity("Processing", 0));

    Run run = rig.run("dep", "edit", "-f", rig.file("md.yaml", MANIFEST), "--timeout", "20");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out()).isEqualTo("Error: Time out: operation has not been confirmed\n" + HINT);
    assertThat(rig.pauses).contains(Duration.ofSeconds(5));
    assertThat(rig.pauses.stream().mapToLong(Duration::toMillis).sum()).isEqualTo(20_000);
  }

  @Test
  void aDeploymentThatFailsSaysWhy() throws IOException {
    api.answers("POST " + ALL, 201, entity("", 0))
        .answers(
            "GET " + ALL + "/wine",
            200,
            "{\"id\":\"wine\",\"spec\":{},\"status\":{\"state\":\"Failed\",\"reason\":\"ImagePullFailed\",\"message\":\"no"
                + " such file\\u001b[31m\"}}");

    Run run = rig.run("dep", "create", "-f", rig.file("md.yaml", MANIFEST));

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .isEqualTo(
            "Error: Model deployment wine was failed: ImagePullFailed: no such file?[31m\n" + HINT);
  }

  @Test
  void whoDoesNotWaitAsksNothing() throws IOException {
    api.answers("POST " + ALL, 201, entity("", 0))
        .answers(
            "DELETE " + ALL + "/wine", 200, "{\"message\":\"Model deployment wine was deleted\"}");
    String file = rig.file("md.yaml", MANIFEST);

    assertThat(rig.run("dep", "create", "-f", file, "--no-wait").out())
        .isEqualTo("Model deployment wine was created\n");
    assertThat(rig.run("dep", "delete", "-f", file, "--no-wait").out())
        .isEqualTo("Model deployment wine was deleted\n");
    assertThat(api.lines()).containsExactly("POST " + ALL, "DELETE " + ALL + "/wine");
  }

  @Test
  void deletingWaitsUntilNobodyKnowsIt() {
    api.answers(
            "DELETE " + ALL + "/wine", 200, "{\"message\":\"Model deployment wine was deleted\"}")
        .answers("GET " + ALL + "/wine", 200, entity("Deleting", 1))
        .answers("GET " + ALL + "/wine", 404, NOT_FOUND);

    Run run = rig.run("deployment", "delete", "--md-id", "wine");

    assertThat(run).isEqualTo(new Run(0, "Model deployment wine was deleted\n", run.err()));
    assertThat(api.lines()).hasSize(3);
  }

  @Test
  void deletingWhatIsNotThereIsAnErrorUnlessItMayBe() {
    api.answers("DELETE " + ALL + "/wine", 404, NOT_FOUND)
        .answers("DELETE " + ALL + "/odd", 403, "{\"message\":\"Forbidden\"}");

    Run run = rig.run("deployment", "delete", "--id", "wine");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .isEqualTo(
            "Error: Got error from server: entity \"wine\" is not found (status: 404)\n" + HINT);
    assertThat(rig.run("deployment", "delete", "--id", "wine", "--ignore-not-found"))
        .isEqualTo(new Run(0, "ModelDeployment wine was not found. Ignore\n", ""));
    assertThat(rig.run("deployment", "delete", "--id", "odd", "--ignore-not-found").code())
        .isEqualTo(1);
  }

  @Test
  void whatIsThereIsAnErrorUnlessItMayBe() throws IOException {
    api.answers("POST " + ALL, 409, "{\"message\":\"entity \\\"wine\\\" already exists\"}");
    String file = rig.file("md.yaml", MANIFEST);

    assertThat(rig.run("dep", "create", "-f", file).out())
        .startsWith("Error: Got error from server: entity \"wine\" already exists (status: 409)\n");
    assertThat(rig.run("dep", "create", "-f", file, "--ignore-if-exists"))
        .isEqualTo(new Run(0, "Deployment already exists\n", ""));
  }

  @Test
  void idAndImageTakeThePlaceOfTheManifests() throws IOException {
    api.answers("PUT " + ALL, 200, entity("", 0));

    rig.run(
        "dep",
        "edit",
        "-f",
        rig.file("md.yaml", MANIFEST),
        "--id",
        "other",
        "--image",
        "b",
        "--no-wait");

    assertThat(api.asked().getFirst().body())
        .contains("\"id\":\"other\"", "\"image\":\"b\"")
        .doesNotContain("file:a.jar", "wine");
  }

  @Test
  void aMissingPredictorIsFilledInAndSaid() throws IOException {
    api.answers("POST " + ALL, 201, entity("", 0));
    String file =
        rig.file(
            "md.json", "{\"kind\":\"ModelDeployment\",\"id\":\"wine\",\"spec\":{\"image\":\"i\"}}");

    Run run = rig.run("dep", "create", "-f", file, "--no-wait");

    assertThat(api.asked().getFirst().body()).contains("\"predictor\":\"odahu-ml-server\"");
    assertThat(run.err()).contains("names no predictor, so odahu-ml-server is taken");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-500", "x", "99999999999"})
  void aTimeoutIsAPositiveInteger(String timeout) throws IOException {
    Run run = rig.run("dep", "create", "-f", rig.file("md.yaml", MANIFEST), "--timeout=" + timeout);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "loopgate: timeout must be positive integer (loopgate help deployment create)\n");
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void idAndFileExcludeEachOther() throws IOException {
    String file = rig.file("md.yaml", MANIFEST);

    assertThat(rig.run("dep", "delete").out())
        .isEqualTo("Error: You should provide an ID or file parameter.\n" + HINT);
    assertThat(rig.run("dep", "delete", "--id", "").out())
        .isEqualTo("Error: You should provide an ID or file parameter.\n" + HINT);
    assertThat(rig.run("dep", "delete", "--id", "wine", "-f", file).out())
        .isEqualTo("Error: You should provide an ID or file parameter, not both.\n" + HINT);
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void aManifestIsOneOfItsKind() throws IOException {
    String route = rig.file("route.yaml", "kind: ModelRoute\nid: r\n");
    String two = rig.file("two.yaml", MANIFEST + "---\n" + MANIFEST);
    String what = rig.file("what.yaml", "kind: Training\nid: r\n");

    assertThat(rig.run("dep", "create", "-f", "/no/such").out())
        .isEqualTo("Error: Resource file '/no/such' not found\n" + HINT);
    assertThat(rig.run("dep", "create", "-f", two).out())
        .isEqualTo("Error: '" + two + "' should contain 1 item, but 2 found\n" + HINT);
    assertThat(rig.run("dep", "create", "-f", what).out())
        .isEqualTo("Error: Unknown kind of object: 'Training'\n" + HINT);
    assertThat(rig.run("dep", "create", "-f", route).out())
        .startsWith("Error: ModelDeployment is expected, but '");
    assertThat(rig.run("dep", "create").code()).isEqualTo(2);
    assertThat(api.asked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"a/../b; /a%2F..%2Fb", "..; /%2E%2E", "a b?c#d; /a%20b%3Fc%23d"})
  void anIdIsOneSegmentOfThePath(String id, String path) {
    api.answers("GET " + ALL + path, 404, NOT_FOUND);

    assertThat(rig.run("dep", "get", "--id", id).code()).isEqualTo(1);
    assertThat(api.lines()).containsExactly("GET " + ALL + path);
  }

  @Test
  void aRouteIsReadyAndDeletedAtOnce() throws IOException {
    String routes = "/api/v1/model/route";
    String file = rig.file("r.yaml", "kind: ModelRoute\nid: r\nspec: {urlPrefix: /custom/r}\n");
    api.answers("POST " + routes, 201, "{\"id\":\"r\",\"spec\":{},\"status\":{\"state\":\"\"}}")
        .answers(
            "GET " + routes + "/r", 200, "{\"id\":\"r\",\"status\":{\"state\":\"Processing\"}}")
        .answers("GET " + routes + "/r", 200, "{\"id\":\"r\",\"status\":{\"state\":\"Ready\"}}")
        .answers("DELETE " + routes + "/r", 200, "{\"message\":\"Model route r was deleted\"}");

    assertThat(rig.run("route", "create", "-f", file).out()).isEqualTo("Model Route r is ready\n");
    assertThat(rig.run("route", "delete", "--route-id", "r").out())
        .isEqualTo("Model route r was deleted\n");
    assertThat(api.lines()).hasSize(4);
  }

  @Test
  void aConnectionIsShownAsItIsKept() throws IOException {
    String file = rig.file("c.yaml", "kind: Connection\nid: c\nspec: {type: git, uri: u}\n");
    api.answers("POST /api/v1/connection", 201, "{\"id\":\"c\",\"spec\":{\"password\":\"*****\"}}")
        .answers(
            "GET /api/v1/connection/c/decrypted",
            200,
            "{\"id\":\"c\",\"spec\":{\"password\":\"eA==\"}}");

    assertThat(rig.run("conn", "create", "-f", file, "-o", "json").out()).contains("*****");
    assertThat(
            rig.run("conn", "get", "--conn-id", "c", "-d", "-o", "jsonpath=[0].spec.password")
                .out())
        .isEqualTo("eA==\n");
    assertThat(rig.run("conn", "get", "-d").code()).isEqualTo(1);
  }

  @Test
  void logsWakeAndWaitAskForOneDeployment() {
    api.answers("GET " + ALL + "/wine/logs?bytes=65536", 200, "started\u001b[2J\tnow\nend")
        .answers("POST " + ALL + "/wine:wake", 200, entity("Processing", 0))
        .answers("GET " + ALL + "/wine", 200, entity("Ready", 0))
        .answers("GET " + ALL + "/wine", 200, entity("Ready", 2))
        .answers("GET " + ALL + "/wine", 200, entity("Ready", 2))
        .answers(
            "GET " + ALL + "/wine",
            200,
            "{\"id\":\"wine\",\"status\":{\"state\":\"Ready\",\"replicas\":0,\"availableReplicas\":0}}")
        .answers("GET " + ALL + "/wine", 404, NOT_FOUND);

    assertThat(rig.run("logs", "wine").out()).isEqualTo("started?[2J\tnow\nend\n");
    assertThat(rig.run("wake", "wine", "-o", "name").out()).isEqualTo("wine\n");
    assertThat(rig.run("wait", "wine", "--for", "Awake").out()).isEqualTo("Model wine is awake\n");
    assertThat(rig.run("wait", "wine", "--for", "asleep").out())
        .isEqualTo("Model wine is asleep\n");
    assertThat(rig.run("wait", "wine", "--for=deleted").out())
        .isEqualTo("Model deployment wine is deleted\n");
    assertThat(rig.run("wait", "wine").out())
        .isEqualTo("Error: Model deployment wine is not there\n" + HINT);
    assertThat(rig.run("wait", "wine", "--for", "rain").code()).isEqualTo(2);
    assertThat(rig.run("logs", "wine", "--bytes", "0").code()).isEqualTo(2);
  }

  @Test
  void manyCommandsAndOptionsHaveTheirShortNames() {
    api.answers("GET " + ALL + "?size=500&page=0", 200, "[]");

    for (List<String> words :
        List.of(
            List.of("dep", "get", "-o", "table"),
            List.of("deployment", "get", "--format", "table"),
            List.of("--verbose", "deployment", "--non-verbose", "get", "--output-format=table"))) {
      assertThat(rig.run(words.toArray(String[]::new))).isEqualTo(new Run(0, "Empty!\n", ""));
    }
    assertThat(rig.run("dep", "get", "-o", "xml").err())
        .isEqualTo(
            "loopgate: invalid choice: xml. (choose from json, table, yaml, jsonpath)"
                + " (loopgate help deployment get)\n");
    assertThat(rig.run("dep").code()).isEqualTo(2);
    assertThat(rig.run("help", "dep", "get").out()).contains("--md-id");
  }
}
