package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.ModelRoute;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RoutesKindTest {
  private static final String MODELS =
      "[{id: a, url: \"http://h:1\"}, {id: b, url: \"http://h:2\", prefix: /custom/b}]";

  @Test
  void takesAllThatIsSaid() throws UsageException {
    assertThat(
            routes(
                "[{id: ab, prefix: /custom/ab, targets: [{model: a, weight: 90}, {model: b, weight: 10}],"
                    + " mirror: b}, {id: rest, prefix: /, targets: [{model: a}]}]"))
        .containsExactly(
            new ModelRoute(
                "ab",
                "/custom/ab",
                List.of(new ModelRoute.Target("a", 90), new ModelRoute.Target("b", 10)),
                "b"),
            new ModelRoute("rest", "/", List.of(new ModelRoute.Target("a", null)), null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "a; a list of at most",
        "[a]; a list of at most",
        "[{id: ab, prefix: /x, target: []}]; not \"target\"",
        "[{prefix: /x, targets: [{model: a}]}]; routes[0]: ID is not valid",
        "[{id: ab, targets: [{model: a}]}]; routes[0]: Validation of model route is failed: empty URL Prefix",
        "[{id: ab, prefix: /metrics, targets: [{model: a}]}]; may not lie under /metrics",
        "[{id: ab, prefix: /api/v1, targets: [{model: a}]}]; may not lie above /api/v1/feedback",
        "[{id: ab, prefix: /api/model, targets: [{model: a}]}]; may not hold /api/model/ID",
        "[{id: ab, prefix: /x}]; targets must contain at least one element",
        "[{id: ab, prefix: /x, targets: a}]; routes[0].targets is a list",
        "[{id: ab, prefix: /x, targets: [a]}]; a list of at most",
        "[{id: ab, prefix: /x, targets: [{weight: 100}]}]; routes[0].targets[0].model is needed",
        "[{id: ab, prefix: /x, targets: [{model: a, weight: x}]}]; routes[0].targets[0].weight is a whole",
        "[{id: ab, prefix: /x, targets: [{model: a, weight: 1}, {model: b, weight: 1}]}]; does not equal 100",
        "[{id: ab, prefix: /x, targets: [{model: [a]}]}]; routes[0].targets[0].model is a text",
        "[{id: ab, prefix: /x, targets: [{model: c}]}]; entity `c` is not found",
        "[{id: ab, prefix: /x, targets: [{model: a}], mirror: c}]; entity `c` is not found",
        "[{id: ab, prefix: /custom/b, targets: [{model: a}]}]; the URL prefix /custom/b is used by route b",
        "[{id: a, prefix: /x, targets: [{model: a}]}]; entity `a` already exists"
      })
  void refusesARouteThatCanNotBe(String text, String expected) {
    assertThatThrownBy(() -> routes(text))
        .as(text)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(expected.replace('`', '"'))
        .hasMessageContaining("allowed: ")
        .message()
        .doesNotContain("\n");
  }

  private static List<ModelRoute> routes(String text) throws UsageException {
    Settings settings =
        Settings.of(Role.GATEWAY, Map.of("models", MODELS, "routes", text), Map.of());
    settings.checkRoutes();
    return settings.get(SettingsTable.ROUTES);
  }
}
