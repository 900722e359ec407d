package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.cli.ClientRig.Run;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many at once.
final class ManifestFileTest {
  private static final String DEPLOYMENTS = "/api/v1/model/deployment";
  private static final String ROUTES = "/api/v1/model/route";
  private static final String BOTH =
      """
      kind: ModelDeployment
      id: a
      spec: {image: i, predictor: triton}
      ---
      kind: ModelRoute
      id: r
      spec: {urlPrefix: /custom/r}
      """;

  @TempDir private Path home;
  private ClientRig rig = new ClientRig(Path.of(""));
  private final ScriptedApi api;

  ManifestFileTest() throws IOException {
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

  private static String summary(String created, String changed, String removed) {
    return "Operation completed, created resources: %s, changed resources: %s, removed resources: %s\n"
        .formatted(created, changed, removed);
  }

  @Test
  void whatIsThereIsChangedAndWhatIsNotIsCreated() throws IOException {
    api.answers("PUT " + DEPLOYMENTS, 200, "{\"id\":\"a\"}")
        .answers("PUT " + ROUTES, 404, "{\"message\":\"x\"}")
        .answers("POST " + ROUTES, 201, "{\"id\":\"r\"}");
    String file = rig.file("all.yaml", BOTH);

    assertThat(rig.run("bulk", "apply", file))
        .isEqualTo(new Run(0, summary("1 (ModelRoute r)", "1 (ModelDeployment a)", "0"), ""));
    rig.input = BOTH;
    assertThat(rig.run("apply", "-f", "-").out())
        .isEqualTo(summary("1 (ModelRoute r)", "1 (ModelDeployment a)", "0"));
    assertThat(api.lines().subList(0, 3))
        .containsExactly("PUT " + DEPLOYMENTS, "PUT " + ROUTES, "POST " + ROUTES);
  }

  @Test
  void whatIsRefusedIsSaidAndTheOthersGoOn() throws IOException {
    api.answers(
            "PUT " + DEPLOYMENTS,
            400,
            "{\"message\":\"Validation of model deployment is failed: x\"}")
        .answers("PUT " + ROUTES, 200, "{\"id\":\"r\"}");

    Run run = rig.run("bulk", "apply", rig.file("all.yaml", BOTH));

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out())
        .isEqualTo(
            "Some errors detected:\n"
                + "\tModelDeployment a: Got error from server: Validation of model deployment is"
                + " failed: x (status: 400)\n"
                + summary("0", "1 (ModelRoute r)", "0"));
  }

  @Test
  void deletingCountsWhatWasThere() throws IOException {
    api.answers("DELETE " + DEPLOYMENTS + "/a", 200, "{\"message\":\"gone\"}")
        .answers("DELETE " + ROUTES + "/r", 404, "{\"message\":\"x\"}");

    assertThat(rig.run("bulk", "delete", rig.file("all.yaml", BOTH)))
        .isEqualTo(new Run(0, summary("0", "0", "1 (ModelDeployment a)"), ""));
    assertThat(api.lines())
        .containsExactly("DELETE " + DEPLOYMENTS + "/a", "DELETE " + ROUTES + "/r");
  }

  @Test
  void aFileThatIsWrongAnywhereDeclaresNothing() throws IOException {
    String syntax = rig.file("syntax.yaml", BOTH + "---\na: [\n");
    String kind = rig.file("kind.yaml", BOTH + "---\nkind: Training\n");

    assertThat(rig.run("bulk", "apply", syntax).out())
        .contains("is not valid JSON or YAML: line 10");
    assertThat(rig.run("bulk", "apply", kind).out())
        .startsWith("Error: Unknown kind of object: 'Training'\n");
    assertThat(rig.run("bulk", "apply", "/no/such").out())
        .startsWith("Error: Resource file '/no/such' not found\n");
    assertThat(rig.run("bulk", "apply").code()).isEqualTo(2);
    assertThat(rig.run("apply").code()).isEqualTo(2);
    assertThat(api.asked()).isEmpty();
  }

  @Test
  void whoIsRefusedAtOnceStopsThere() throws IOException {
    api.answers("PUT " + DEPLOYMENTS, 401, "");

    Run run = rig.run("bulk", "--token", "t", "apply", rig.file("all.yaml", BOTH));

    assertThat(run.out()).startsWith("Error: Credentials are not correct\n");
    assertThat(api.lines()).hasSize(1);
  }
}
