package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RouteTest {
  @ParameterizedTest
  @CsvSource({
    "50 50, 01",
    "100, 0",
    "100 0, 0",
    "75 25, 0010",
    "40 40 20, 01201",
    "0 100, 1",
  })
  void turnsAreSpreadEvenly(String weights, String turns) {
    List<Integer> of = List.of(weights.split(" ")).stream().map(Integer::valueOf).toList();

    assertThat(String.join("", Route.turns(of).stream().map(String::valueOf).toList()))
        .isEqualTo(turns);
  }

  @Test
  void afterEachHundredEachHadItsWeight() {
    for (int one = 0; one <= 100; one++) {
      for (int other = 0; one + other <= 100; other += 7) {
        List<Integer> weights = List.of(one, other, 100 - one - other);
        List<Integer> turns = Route.turns(weights);

        assertThat(100 % turns.size()).as("%s", weights).isZero();
        for (int i = 0; i < 3; i++) {
          assertThat(Collections.frequency(turns, i) * 100 / turns.size())
              .as("%s", weights)
              .isEqualTo(weights.get(i));
        }
      }
    }
  }

  @Test
  void saysItsWeightsAndTakesATargetThatSomebodyElseChose() {
    Fleet fleet = fleet(route("ab", "/ab", null, target("a", 75), target("b", 25)));
    Fleet.Match match = fleet.match("/ab/x").orElseThrow();

    assertThat(match.through().weights()).containsExactly(3, 1);
    assertThat(match.chosenElsewhere("b").deployment().model().id()).isEqualTo("b");
    assertThat(match.chosenElsewhere("b").path()).isEqualTo("/x");
    assertThat(match.chosenElsewhere("none")).isEqualTo(match);
    assertThat(fleet.routes()).contains(match.through()).hasSize(fleet.routeCount());
  }

  @Test
  void threadsAtOnceShareExactlyAsTheWeightsSay() throws InterruptedException {
    Fleet fleet = fleet(route("ab", "/ab", null, target("a", 90), target("b", 10)));
    Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 2500; n++) {
                  String id = fleet.match("/ab/x").orElseThrow().chosen().deployment().model().id();
                  counts.computeIfAbsent(id, _ -> new AtomicInteger()).incrementAndGet();
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(counts.get("a")).hasValue(9000);
    assertThat(counts.get("b")).hasValue(1000);
  }

  @Test
  void aTurnThatIsGivenBackIsTheNextOnes() {
    Fleet fleet =
        fleet(route("abc", "/x", null, target("a", 40), target("b", 40), target("c", 20)));
    StringBuilder used = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      // A bad one between two good ones, and now and then several.
      for (int bad = 0; bad < 1 + i % 3; bad++) {
        fleet.match("/x").orElseThrow().chosen().giveBack();
      }
      used.append(fleet.match("/x").orElseThrow().chosen().deployment().model().id());
    }

    assertThat(used.toString()).isEqualTo("abcab".repeat(10));
  }

  @Test
  void turnsThatAreGivenBackByManyThreadsShiftNoWeight() throws InterruptedException {
    Fleet fleet = fleet(route("ab", "/ab", null, target("a", 90), target("b", 10)));
    Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 5000; n++) {
                  Fleet.Match match = fleet.match("/ab/x").orElseThrow().chosen();
                  if (n % 2 == 0) {
                    match.giveBack();
                  } else {
                    String id = match.deployment().model().id();
                    counts.computeIfAbsent(id, _ -> new AtomicInteger()).incrementAndGet();
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    // What was given back last is still to be had.
    assertThat(counts.get("a")).hasValueGreaterThanOrEqualTo(8990).hasValueLessThanOrEqualTo(9000);
    assertThat(counts.get("b")).hasValueGreaterThanOrEqualTo(1000).hasValueLessThanOrEqualTo(1010);
  }

  @Test
  void aMatchNamesRouteTargetAndMirror() {
    Fleet fleet = fleet(route("ab", "/custom/ab", "c", target("a", 50), target("b", 50)));

    Fleet.Match first = fleet.match("/custom/ab/x/y").orElseThrow().chosen();
    Fleet.Match second = fleet.match("/custom/ab").orElseThrow().chosen();

    assertThat(first.route()).isEqualTo("ab");
    assertThat(first.deployment().model().id()).isEqualTo("a");
    assertThat(first.path()).isEqualTo("/x/y");
    assertThat(first.through().mirror()).isSameAs(fleet.deployment("c").orElseThrow());
    assertThat(second.deployment().model().id()).isEqualTo("b");
    assertThat(second.path()).isEqualTo("/");
    assertThat(fleet.match("/model/a/x").orElseThrow().route()).isEqualTo("a");
    assertThat(fleet.routeCount()).isEqualTo(4);
  }

  @Test
  void aLookThatIsNoRequestIsNoTurn() {
    Fleet fleet = fleet(route("ab", "/", null, target("a", 50), target("b", 50)));
    for (int i = 0; i < 4; i++) {
      assertThat(fleet.match("/metrics").orElseThrow().isAtRoot()).isTrue();
    }

    assertThat(fleet.match("/x").orElseThrow().chosen().deployment().model().id()).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Ab  | /x       | a:100      | ID is not valid",
        "ab  | ''       | a:100      | Validation of model route is failed: empty URL Prefix",
        "ab  | x        | a:100      | Validation of model route is failed: the URL prefix must start with slash",
        "ab  | /model   | a:100      | Validation of model route is failed: the URL prefix /model is forbidden",
        "ab  | /model/x | a:100      | Validation of model route is failed: the URL prefix /model is forbidden",
        "ab  | /feedback| a:100      | Validation of model route is failed: the URL prefix /feedback is forbidden",
        "ab  | /x/../y  | a:100      | the URL prefix must be / or a path",
        "ab  | /x/      | a:100      | the URL prefix must be / or a path",
        "ab  | /x       | ''         | model deployment targets must contain at least one element",
        "ab  | /x       | a:99       | it must have 100 weight or nil value if there is only one target",
        "ab  | /x       | a: b:50    | weights must be present if there are more than one model deployment targets",
        "ab  | /x       | a:50 b:49  | total target weight does not equal 100",
        "ab  | /x       | a:-1 b:101 | target weight must not be negative",
        "ab  | /x       | a:50 a:50  | model deployment target a is repeated",
        "ab  | /x       | a:50 x:50  | entity \"x\" is not found",
        "a   | /x       | a:100      | entity \"a\" already exists",
        "ab  | /model/b | a:100      | is forbidden",
        "ab  | ''       | a:99       | empty URL Prefix; it must have 100 weight",
      })
  void refusesARouteThatCanNotBe(String id, String prefix, String targets, String expected) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fleet(route(id, prefix, null, targets(targets))))
        .withMessageContaining(expected);
  }

  @Test
  void refusesAnUnknownMirrorAndAPrefixTwice() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fleet(route("ab", "/x", "z", target("a", null))))
        .withMessage("entity \"z\" is not found");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            fleet(
                route("ab", "/x", null, target("a", null)),
                route("ba", "/x", null, target("b", null))))
        .withMessage("the URL prefix /x is used by route ab");
  }

  @Test
  void whatDidNotChangeStaysAsItIsAndTheRestIsNewOrRetired() {
    Fleet fleet = Fleet.of(List.of(model("a", 1), model("b", 2), model("c", 3)));
    Deployment a = fleet.deployment("a").orElseThrow();
    Deployment b = fleet.deployment("b").orElseThrow();
    Deployment c = fleet.deployment("c").orElseThrow();
    a.learn("Wine", "7");
    b.learn("Beer", "8");

    Fleet.Change change =
        fleet.replace(
            List.of(model("a", 1), model("b", 9), model("d", 4)),
            List.of(route("ad", "/ad", null, target("a", 50), target("d", 50))));

    assertThat(fleet.deployment("a")).containsSame(a);
    assertThat(a.name()).isEqualTo("Wine");
    assertThat(a.replicas().first().isRetired()).isFalse();
    assertThat(fleet.deployment("b").orElseThrow()).isNotSameAs(b);
    assertThat(fleet.deployment("b").orElseThrow().name()).as("another server").isEqualTo("b");
    assertThat(fleet.deployment("c")).isEmpty();
    assertThat(fleet.match("/ad/x")).isPresent();
    assertThat(fleet.match("/model/c/x")).isEmpty();
    assertThat(change.added())
        .containsExactly(fleet.deployment("b").orElseThrow(), fleet.deployment("d").orElseThrow());
    assertThat(change.retired()).containsExactly(b, c);
    assertThat(b.replicas().first().isRetired()).isTrue();
  }

  @Test
  void whatWasLearnedOfAServerStaysWithIt() {
    Fleet fleet = Fleet.of(List.of(model("a", 1)));
    fleet.deployment("a").orElseThrow().learn("Wine", "7");
    Model before = model("a", 1);

    fleet.replace(
        List.of(
            new Model(
                "a",
                before.upstream(),
                before.predictor(),
                "/other",
                null,
                null,
                new Kept(true, 5, 0.5))),
        List.of());

    assertThat(fleet.deployment("a").orElseThrow().version()).isEqualTo("7");
    assertThat(fleet.match("/other/x")).isPresent();
  }

  @Test
  void aReplacementThatCanNotBeChangesNothing() {
    Fleet fleet = Fleet.of(List.of(model("a", 1)));
    Deployment a = fleet.deployment("a").orElseThrow();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> fleet.replace(List.of(model("b", 1), model("b", 2)), List.of()));

    assertThat(fleet.deployment("a")).containsSame(a);
    assertThat(a.replicas().first().isRetired()).isFalse();
  }

  private static Fleet fleet(ModelRoute... routes) {
    return Fleet.of(List.of(model("a", 1), model("b", 2), model("c", 3)), List.of(routes));
  }

  private static ModelRoute route(
      String id, String prefix, @Nullable String mirror, ModelRoute.Target... targets) {
    return new ModelRoute(id, prefix, List.of(targets), mirror);
  }

  private static ModelRoute.Target target(String model, @Nullable Integer weight) {
    return new ModelRoute.Target(model, weight);
  }

  private static ModelRoute.Target[] targets(String text) {
    return List.of(text.split(" ")).stream()
        .filter(each -> !each.isEmpty())
        .map(each -> each.split(":", -1))
        .map(each -> target(each[0], each[1].isEmpty() ? null : Integer.valueOf(each[1])))
        .toArray(ModelRoute.Target[]::new);
  }

  private static Model model(String id, int port) {
    URI url = URI.create("http://127.0.0.1:" + port);
    return Model.of(id, url, Predictor.NONE, "/model/" + id, null, null, 1024);
  }
}
