package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FleetTest {
  private final Fleet fleet =
      Fleet.of(
          List.of(
              model("root", ""),
              model("a", "/model/a"),
              model("ab", "/model/ab"),
              model("deep", "/model/a/deep"),
              model("custom", "/custom/x")));

  @ParameterizedTest
  @CsvSource({
    "/model/a, a, /",
    "/model/a/, a, /",
    "/model/a/api/model/invoke, a, /api/model/invoke",
    "/model/a//x, a, //x",
    "/model/ab, ab, /",
    "/model/ab/x, ab, /x",
    "/model/abc/x, root, /model/abc/x",
    "/model/a/deep, deep, /",
    "/model/a/deep/x, deep, /x",
    "/model/a/deeper, a, /deeper",
    "/model/A/x, root, /model/A/x",
    "/model/%61/x, root, /model/%61/x",
    "/custom/x/y, custom, /y",
    "/custom, root, /custom",
    "/, root, /",
  })
  void theLongestPrefixThatThePathLiesUnderWins(String path, String route, String rest) {
    Fleet.Match match = fleet.match(path).orElseThrow();

    assertThat(match.route()).isEqualTo(route);
    assertThat(match.deployment().model().id()).isEqualTo(route);
    assertThat(match.path()).isEqualTo(rest);
  }

  @ParameterizedTest
  @CsvSource({
    "/model/a, false",
    "/model/a/x/../y, false",
    "/model/a/..x/x..;.., false",
    "/model/a/%zz, false",
    "/model/a/.., true",
    "/model/a/x/../.., true",
    "/model/a/%2e%2E, true",
    "/model/a/..%5cx, true",
    "/model/a/..;x, true",
    "/model/a//.., true",
    "/model/x/../.., false",
    "/.., true"
  })
  void aPathThatWouldLeaveItsPrefixIsFound(String path, boolean leaves) {
    assertThat(fleet.match(path).orElseThrow().climbsOut()).isEqualTo(leaves);
  }

  @Test
  void theOrderOfTheConfigurationDoesNotMatter() {
    Fleet reversed = Fleet.of(List.of(model("deep", "/model/a/deep"), model("a", "/model/a")));
    Fleet straight = Fleet.of(List.of(model("a", "/model/a"), model("deep", "/model/a/deep")));

    assertThat(reversed.match("/model/a/deep/x").orElseThrow().route()).isEqualTo("deep");
    assertThat(straight.match("/model/a/deep/x").orElseThrow().route()).isEqualTo("deep");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/model/b", "/model/", "/model", "/", "", "*", "model/a", "//model/a"})
  void aPathUnderNoPrefixMatchesNothing(String path) {
    assertThat(Fleet.of(List.of(model("a", "/model/a"))).match(path)).isEmpty();
  }

  @Test
  void anAsteriskIsNotUnderTheRootPrefix() {
    assertThat(Fleet.of(List.of(model("a", ""))).match("*")).isEmpty();
  }

  @Test
  void deploymentsKeepTheOrderOfTheConfiguration() {
    assertThat(fleet.deployments().stream().map(deployment -> deployment.model().id()))
        .containsExactly("root", "a", "ab", "deep", "custom");
    assertThat(fleet.deployment("ab")).isPresent();
    assertThat(fleet.deployment("none")).isEmpty();
  }

  @Test
  void twoModelsMayNotShareIdOrPrefix() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fleet.of(List.of(model("a", "/x"), model("a", "/y"))))
        .withMessageContaining("id=a");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Fleet.of(List.of(model("a", ""), model("b", ""))))
        .withMessageContaining("prefix=/ of b is used by a");
  }

  @Test
  void aModelIsFoundByItsOwnNameThenByItsId() {
    fleet.deployment("a").orElseThrow().learn("Wine", "1");
    fleet.deployment("ab").orElseThrow().learn("Wine", "2");
    fleet.deployment("deep").orElseThrow().learn("custom", "1");

    assertThat(fleet.deploymentOfModel("Wine").orElseThrow().model().id()).isEqualTo("a");
    assertThat(fleet.deploymentOfModel("custom").orElseThrow().model().id()).isEqualTo("deep");
    assertThat(fleet.deploymentOfModel("a").orElseThrow().model().id()).isEqualTo("a");
    assertThat(fleet.deploymentOfModel("none")).isEmpty();
  }

  @Test
  void nameAndVersionAreConfiguredElseLearnedElseTheIdAndUnknown() {
    Deployment learning = new Deployment(model("a", ""));
    assertThat(learning.name()).isEqualTo("a");
    assertThat(learning.version()).isEqualTo("unknown");
    assertThat(learning.isIdentified()).isFalse();

    learning.learn("", "2");
    assertThat(learning.name()).isEqualTo("a");
    assertThat(learning.version()).isEqualTo("2");
    assertThat(learning.isIdentified()).as("the name is still to be asked for").isFalse();

    learning.learn("Wine", "");
    assertThat(learning.name()).isEqualTo("Wine");
    assertThat(learning.version()).isEqualTo("2");
    assertThat(learning.isIdentified()).isTrue();

    learning.learn("Wine", "3");
    assertThat(learning.version()).isEqualTo("3");

    Deployment configured = new Deployment(model("a", "", "Named", "9"));
    configured.learn("Other", "1");
    assertThat(configured.name()).isEqualTo("Named");
    assertThat(configured.version()).isEqualTo("9");
    assertThat(configured.isIdentified()).isTrue();
  }

  @Test
  void whatAServerSaysWhenAskedGoesBeforeWhatItsAnswersSay() {
    Deployment deployment = new Deployment(model("a", ""));
    deployment.learn("Said", "1");
    deployment.discover("Asked", "");

    assertThat(deployment.name()).isEqualTo("Asked");
    assertThat(deployment.version()).as("discovered nothing of it").isEqualTo("1");

    deployment.learn("Said", "2");
    assertThat(deployment.name() + " " + deployment.version()).isEqualTo("Asked 2");
    deployment.discover("", "3");
    deployment.learn("Said", "4");
    assertThat(deployment.name() + " " + deployment.version()).isEqualTo("Asked 3");
    assertThat(deployment.isIdentified()).isTrue();
  }

  @Test
  void whatAModelSaysOfItselfIsKeptOnlyIfAHeaderCanCarryIt() {
    Deployment deployment = new Deployment(model("a", ""));
    deployment.learn("Wine", "1");

    deployment.learn("Wine\r\nSet-Cookie: a=b", "1\n");
    deployment.learn("   ", "\u0000");
    deployment.learn("x".repeat(257), "x".repeat(257));

    assertThat(deployment.name()).isEqualTo("Wine");
    assertThat(deployment.version()).isEqualTo("1");
  }

  @Test
  void threadsThatLearnDifferentHalvesLoseNeither() throws InterruptedException {
    for (int round = 0; round < 200; round++) {
      Deployment deployment = new Deployment(model("a", ""));
      Thread one = Thread.ofPlatform().start(() -> deployment.learn("Wine", ""));
      Thread other = Thread.ofPlatform().start(() -> deployment.learn("", "2"));
      one.join();
      other.join();

      assertThat(deployment.name() + " " + deployment.version()).isEqualTo("Wine 2");
    }
  }

  private static Model model(String id, String prefix) {
    return model(id, prefix, null, null);
  }

  private static Model model(
      String id, String prefix, @Nullable String name, @Nullable String version) {
    URI url = URI.create("http://127.0.0.1:5000");
    return Model.of(id, url, Predictor.NONE, prefix, name, version, 1024);
  }
}
