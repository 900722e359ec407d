package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelRoute;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Decision;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A route to two models by turns, with requests among the others that reach neither.
@ExtendWith(LeakFree.class)
final class WeightedExchangesTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  private final AskedPolicy policy = new AskedPolicy();
  private final EmbeddedDoor door = door(Bounds.NONE);

  private EmbeddedDoor door(Bounds ofA) {
    Model a = EmbeddedDoor.model("a", "http://10.0.0.1:1", Predictor.NONE, "/model/a");
    Model b = EmbeddedDoor.model("b", "http://10.0.0.1:2", Predictor.NONE, "/model/b");
    Kept kept = new Kept(true, 1 << 20, 1.0);
    Model bounded = new Model("a", a.upstream(), a.predictor(), a.prefix(), null, null, kept, ofA);
    ModelRoute route =
        new ModelRoute(
            "ab",
            "/ab",
            List.of(new ModelRoute.Target("a", 50), new ModelRoute.Target("b", 50)),
            null);
    policy.atOnce = AskedPolicy.ALLOWED;
    Fleet fleet = Fleet.of(List.of(bounded, b), List.of(route));
    return new EmbeddedDoor(fleet, List.of(), 1 << 20, Edge.DEFAULT, 8, policy);
  }

  @AfterEach
  void close() {
    door.caller.close();
    door.settle();
    assertThat(door.lane.open()).isZero();
  }

  private static void post(EmbeddedDoor to, String path) {
    to.connect();
    to.send("POST /ab" + path + " HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
  }

  private void answered(EmbeddedDoor from) {
    post(from, "/x");
    for (int i = 0; i < from.models.size(); i++) {
      if (!from.asked(i).isEmpty()) {
        from.answer(i, OK);
      }
    }
  }

  private static String deployments(EmbeddedDoor of, int status) {
    return of.lane.kept().stream()
        .filter(kept -> kept.status() == status)
        .map(kept -> kept.prediction().target().deployment())
        .collect(Collectors.joining());
  }

  private void refusedInTurn(Decision decision, String path, int status) {
    for (int i = 0; i < 6; i++) {
      policy.atOnce = decision;
      post(door, path);
      policy.atOnce = AskedPolicy.ALLOWED;
      answered(door);
    }
    assertThat(deployments(door, 200)).isEqualTo("ababab");
    assertThat(deployments(door, status)).hasSize(6);
  }

  @Test
  void aBadTokenIsNoTurn() {
    refusedInTurn(AskedPolicy.BAD_TOKEN, "/x", 401);
  }

  @Test
  void aTokenThatCanNotBeJudgedIsNoTurn() {
    refusedInTurn(AskedPolicy.UNAVAILABLE, "/x", 503);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../x", "/%2e%2e/x"})
  void aPathThatClimbsOutIsNoTurn(String path) {
    refusedInTurn(AskedPolicy.ALLOWED, path, 400);
  }

  @Test
  void whoLeavesBeforeTheDecisionTakesNoTurn() {
    for (int i = 0; i < 4; i++) {
      policy.atOnce = null;
      post(door, "/x");
      door.caller.close();
      door.settle();
      policy.atOnce = AskedPolicy.ALLOWED;
      answered(door);
    }

    assertThat(deployments(door, 200)).isEqualTo("abab");
  }

  // Else who has the role of one target alone would be sent to the other for ever.
  @Test
  void whoMayNotCallOneTargetComesToTheOther() {
    policy.atOnce = AskedPolicy.FORBIDDEN;
    post(door, "/x");
    post(door, "/x");

    assertThat(deployments(door, 403)).isEqualTo("ab");
  }

  // Its share of the requests is what it can't take: the other goes on having its own.
  @Test
  void aFullTargetRefusesItsTurnsAndTheOtherHasItsOwn() {
    Bounds one = new Bounds(null, null, null, null, Bounds.UNBOUNDED, 1, 0);
    EmbeddedDoor full = door(one);
    post(full, "/x"); // stays with a
    for (int i = 0; i < 6; i++) {
      post(full, "/x");
      for (int model = 1; model < full.models.size(); model++) {
        if (!full.asked(model).isEmpty()) {
          full.answer(model, OK);
        }
      }
    }

    assertThat(deployments(full, 200)).isEqualTo("bbb");
    assertThat(deployments(full, 503)).isEqualTo("aaa");
    full.answer(0, OK);
    full.settle();
  }
}
