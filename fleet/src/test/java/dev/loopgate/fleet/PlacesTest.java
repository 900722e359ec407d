package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A model where its callers wanted to go by themselves.
final class PlacesTest {
  private static final Model MODEL =
      Model.of("m", URI.create("http://127.0.0.1:8080"), Predictor.NONE, "/model/m", null, null, 9);

  private final Fleet fleet = Fleet.of(List.of(MODEL));

  @Test
  void thePortSaysWhichModelAndTheCallerSaysTheRest() {
    Fleet.Match match = at("http://10.0.0.7:8080", Protocol.H2C, "/../v1//x");

    assertThat(match.route()).isEqualTo("m");
    assertThat(match.path()).isEqualTo("/../v1//x");
    assertThat(match.climbsOut()).isFalse();
    Deployment there = match.deployment();
    assertThat(there.isElsewhere()).isTrue();
    assertThat(there.model().upstream().protocol()).isEqualTo(Protocol.H2C);
    assertThat(there.model().replica().authority()).isEqualTo("10.0.0.7:8080");
    assertThat(there.hostAt(there.model().replica(), "said.example")).isEqualTo("said.example");
    assertThat(there.hostAt(there.model().replica(), "")).isEqualTo("10.0.0.7:8080");
    assertThat(fleet.isAtPort(8081)).isFalse();
    assertThat(fleet.matchPort(replica("http://10.0.0.7:8081"), Protocol.HTTP1, "/")).isEmpty();
  }

  @Test
  void atItsOwnUrlItIsAskedByItsOwnName() {
    Deployment own = fleet.deployment("m").orElseThrow();

    assertThat(own.hostAt(MODEL.replica(), "said.example")).isEqualTo("127.0.0.1:8080");
  }

  @Test
  void onePlaceIsOneDeploymentAndWhatIsLearnedThereIsLearned() {
    Deployment first = at("http://10.0.0.7:8080", Protocol.HTTP1, "/").deployment();

    first.learn("wine", "7");

    assertThat(at("http://10.0.0.7:8080", Protocol.HTTP1, "/x").deployment()).isSameAs(first);
    assertThat(at("http://10.0.0.7:8080", Protocol.H2C, "/").deployment()).isNotSameAs(first);
    assertThat(fleet.deployment("m").orElseThrow().name()).isEqualTo("wine");
    assertThat(at("http://[::1]:8080", Protocol.HTTP1, "/").deployment().version()).isEqualTo("7");
  }

  @Test
  void connectionsAreKeptToSoManyPlacesAndNoMore() {
    for (int i = 0; i < Deployment.PLACES_MAX; i++) {
      assertThat(isKept("http://10.0.0." + i + ":8080")).isTrue();
    }
    assertThat(isKept("http://10.0.1.1:8080")).isFalse();
    assertThat(isKept("http://10.0.0.1:8080")).isTrue();
  }

  @Test
  void whatIsInServiceNoMoreIsSoAtAllItsPlaces() {
    Deployment before = at("http://10.0.0.7:8080", Protocol.HTTP1, "/").deployment();

    fleet.replace(List.of(), List.of());

    assertThat(before.replicas().first().isRetired()).isTrue();
  }

  private boolean isKept(String url) {
    return !at(url, Protocol.HTTP1, "/").deployment().replicas().first().isRetired();
  }

  private Fleet.Match at(String url, Protocol protocol, String path) {
    return fleet.matchPort(replica(url), protocol, path).orElseThrow();
  }

  private static Replica replica(String url) {
    return new Replica(URI.create(url));
  }
}
