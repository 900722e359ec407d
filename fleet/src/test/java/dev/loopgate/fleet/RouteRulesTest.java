package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Section 6 of the contract, message by message.
final class RouteRulesTest {
  private static final String FAILED = "Validation of model route is failed: ";
  private static final String ONE = "'modelDeployments':[{'mdName':'a'}]";

  private static final RouteRules RULES = new RouteRules("/custom");

  private static final RouteRules.Known KNOWN =
      new RouteRules.Known() {
        private final Set<String> deployments = Set.of("a", "b", "c");
        private final Map<String, String> routes = Map.of("/custom/taken", "other");

        @Override
        public boolean hasDeployment(String id) {
          return deployments.contains(id);
        }

        @Override
        public Optional<String> routeAt(String urlPrefix) {
          return Optional.ofNullable(routes.get(urlPrefix));
        }
      };

  @Test
  void theOnlyTargetGetsAll() {
    Verdict<RouteSpec> verdict = check("r", "{'urlPrefix':'/custom/x'," + ONE + "}");

    assertThat(verdict.isAccepted()).isTrue();
    assertThat(verdict.message()).isEmpty();
    assertThat(verdict.spec().modelDeployments()).containsExactly(new RouteSpec.Target("a", 100));
  }

  @Test
  void whatIsSaidStays() {
    String said =
        "{'urlPrefix':'/custom/x','mirror':'c','modelDeployments':"
            + "[{'mdName':'a','weight':0},{'mdName':'b','weight':100}]}";

    Verdict<RouteSpec> verdict = check("r", said);

    assertThat(verdict.violations()).isEmpty();
    assertThat(verdict.spec()).isEqualTo(Bodies.spec(Kind.ROUTE, said));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | empty URL Prefix",
        "custom/x | the URL prefix must start with slash",
        "/other | custom URL prefix must start with /custom",
        "/customXYZ | custom URL prefix must start with /custom",
        "/model | custom URL prefix must start with /custom; the URL prefix /model is forbidden",
        "/model/x | custom URL prefix must start with /custom; the URL prefix /model is forbidden",
        "/feedback/ | custom URL prefix must start with /custom; the URL prefix /feedback is"
            + " forbidden; the URL prefix must be / or a path like /custom/x",
        "/custom/../x | the URL prefix must be / or a path like /custom/x",
        "/custom/a?b | the URL prefix must be / or a path like /custom/x",
        "/custom/taken | the URL prefix /custom/taken is used by route other"
      })
  void aPrefixIsTold(String prefix, String message) {
    assertThat(check("r", "{'urlPrefix':'" + prefix + "'," + ONE + "}").message())
        .isEqualTo(FAILED + message);
  }

  @Test
  void aPrefixIsBounded() {
    String longest = "/custom" + "/abc".repeat(254) + "x";

    assertThat(longest).hasSize(1024);
    assertThat(check("r", "{'urlPrefix':'" + longest + "'," + ONE + "}").isAccepted()).isTrue();
    assertThat(check("r", "{'urlPrefix':'" + longest + "x'," + ONE + "}").message())
        .isEqualTo(FAILED + "the URL prefix is too long: urlPrefix.length=1025, allowed=1 to 1024");
    Verdict<RouteSpec> verdict =
        check("r", "{'urlPrefix':'/custom" + "/a".repeat(50_000) + "'," + ONE + "}");
    assertThat(verdict.message())
        .isEqualTo(
            FAILED + "the URL prefix is too long: urlPrefix.length=100007, allowed=1 to 1024");
    assertThat(verdict.violations().stream().map(Violation::pointer))
        .containsExactly("/spec/urlPrefix");
  }

  @Test
  void aRouteMayKeepItsOwnPrefix() {
    assertThat(check("other", "{'urlPrefix':'/custom/taken'," + ONE + "}").isAccepted()).isTrue();
  }

  @Test
  void withoutACustomPrefixEveryOtherIsFree() {
    RouteRules free = new RouteRules("");

    assertThat(check(free, "{'urlPrefix':'/any'," + ONE + "}").isAccepted()).isTrue();
    assertThat(check(free, "{'urlPrefix':'/'," + ONE + "}").isAccepted()).isTrue();
    assertThat(check(free, "{'urlPrefix':'/model/x'," + ONE + "}").message())
        .isEqualTo(FAILED + "the URL prefix /model is forbidden");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/model/route, /api",
    "/api, /api",
    "/health, /health",
    "/healthz, /healthz",
    "/readyz, /readyz",
    "/metrics/x, /metrics",
    "/swagger, /swagger",
    "/service-catalog/catalog, /service-catalog"
  })
  void whatTheGatewayServesItselfIsNeverFree(String prefix, String top) {
    RouteRules free = new RouteRules("");

    assertThat(check(free, "{'urlPrefix':'" + prefix + "'," + ONE + "}").message())
        .isEqualTo(FAILED + "the URL prefix " + top + " is forbidden");
    assertThat(check(free, "{'urlPrefix':'" + top + "x'," + ONE + "}").isAccepted()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | model deployment targets must contain at least one element",
        "[{'mdName':'a','weight':99}] | it must have 100 weight or nil value if there is only one"
            + " target",
        "[{'mdName':'x'}] | entity \"x\" is not found",
        "[{'weight':100}] | entity \"\" is not found",
        "[{'mdName':'a'},{'mdName':'b'}] | weights must be present if there are more than one"
            + " model deployment targets; total target weight does not equal 100",
        "[{'mdName':'a','weight':100},{'mdName':'b'}] | weights must be present if there are more"
            + " than one model deployment targets",
        "[{'mdName':'a','weight':50},{'mdName':'b','weight':49}] | total target weight does not"
            + " equal 100",
        "[{'mdName':'a','weight':2147483647},{'mdName':'b','weight':2147483647},"
            + "{'mdName':'c','weight':102}] | total target weight does not equal 100",
        "[{'mdName':'a','weight':-1},{'mdName':'b','weight':101}] | target weight must not be"
            + " negative",
        "[{'mdName':'a','weight':50},{'mdName':'a','weight':50}] | model deployment target a is"
            + " repeated",
        "[{'mdName':'x','weight':-5},{'mdName':'x','weight':5}] | total target weight does not"
            + " equal 100; entity \"x\" is not found; entity \"x\" is not found; target weight"
            + " must not be negative; model deployment target x is repeated"
      })
  void targetsAreTold(String targets, String message) {
    assertThat(check("r", "{'urlPrefix':'/custom/x','modelDeployments':" + targets + "}").message())
        .isEqualTo(message);
  }

  @Test
  void moreTargetsThanWeightsAreTold() {
    String many = "{'mdName':'a','weight':1},".repeat(101);

    assertThat(
            check(
                    "r",
                    "{'urlPrefix':'/custom/x','modelDeployments':["
                        + many.substring(0, many.length() - 1)
                        + "]}")
                .message())
        .isEqualTo("model deployment targets must contain at most 100 elements");
  }

  /// R-U.
  @Test
  void onlyTheMainPartCarriesTheSentence() {
    Verdict<RouteSpec> verdict = check("", "{'urlPrefix':'','mirror':'x'}");

    assertThat(verdict.message())
        .isEqualTo(
            "ID is not valid; empty \"ID\"; "
                + FAILED
                + "empty URL Prefix; entity \"x\" is not found; "
                + "model deployment targets must contain at least one element");
    assertThat(verdict.violations().stream().map(Violation::pointer))
        .containsExactly("/id", "/id", "/spec/urlPrefix", "/spec/mirror", "/spec/modelDeployments");
  }

  @Test
  void anIdIsNeverTooLongInOtherWords() {
    assertThat(check("a".repeat(64), "{'urlPrefix':'/custom/x'," + ONE + "}").message())
        .isEqualTo("ID is not valid");
  }

  @Test
  void aDefaultRouteIsNobodysButItsDeployments() throws MalformedException {
    Instant now = Instant.parse("2026-11-27T10:00:00Z");
    Declared<RouteSpec, RouteStatus> own = Declared.defaultRoute("wine-0a1b2", "wine", now, 1);
    Declared<RouteSpec, RouteStatus> custom = Declared.created(Kind.ROUTE, "r", own.spec(), now, 2);

    assertThat(RouteRules.refusalOfUpdate(own))
        .contains("unable to update default route with ID \"wine-0a1b2\"");
    assertThat(RouteRules.refusalOfDeletion(own))
        .contains("unable to delete default route with ID \"wine-0a1b2\"");
    assertThat(RouteRules.refusalOfUpdate(custom)).isEmpty();
    assertThat(RouteRules.refusalOfDeletion(custom)).isEmpty();
    assertThat(own.spec())
        .isEqualTo(new RouteSpec("/model/wine", null, List.of(new RouteSpec.Target("wine", 100))));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nobodyDeclaresADefaultRoute(boolean isDefault) {
    RouteSpec spec = Bodies.spec(Kind.ROUTE, "{'urlPrefix':'/custom/x'," + ONE + "}");

    assertThat(RouteRules.refusalOfNew(new Declaration<>("r", spec, isDefault)))
        .isEqualTo(isDefault ? Optional.of("unable to create default route") : Optional.empty());
  }

  private static Verdict<RouteSpec> check(String id, String spec) {
    return RULES.check(new Declaration<>(id, Bodies.spec(Kind.ROUTE, spec), false), KNOWN);
  }

  private static Verdict<RouteSpec> check(RouteRules rules, String spec) {
    return rules.check(new Declaration<>("r", Bodies.spec(Kind.ROUTE, spec), false), KNOWN);
  }
}
