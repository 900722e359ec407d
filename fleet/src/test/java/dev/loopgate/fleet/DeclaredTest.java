package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class DeclaredTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");
  private static final DeploymentSpec SPEC = Bodies.spec(Kind.DEPLOYMENT, "{'image':'i'}");

  @Test
  void isWrittenLaterEachTimeWhateverTheClockSays() {
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", SPEC, NOW, 1);

    Declared<DeploymentSpec, DeploymentStatus> again = wine.replaced(SPEC, NOW.minusSeconds(60), 2);

    assertThat(again.createdAt()).isEqualTo(NOW);
    assertThat(again.updatedAt()).isAfter(wine.updatedAt());
    assertThat(again.replaced(SPEC, NOW.plusSeconds(60), 3).updatedAt())
        .isEqualTo(NOW.plusSeconds(60));
  }

  @Test
  void anotherSpecEndsMarkAndStatus() {
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", SPEC, NOW, 1)
            .observed(called("Wine", "1.0"), 2)
            .marked(3);

    Declared<DeploymentSpec, DeploymentStatus> again = wine.replaced(SPEC, NOW, 4);

    assertThat(wine.deletionMark()).isTrue();
    assertThat(wine.updatedAt()).isEqualTo(NOW);
    assertThat(again.deletionMark()).isFalse();
    assertThat(again.status()).isEqualTo(DeploymentStatus.NEW);
  }

  @Test
  void nameAndVersionAreNotOverwrittenWithNothing() {
    Declared<DeploymentSpec, DeploymentStatus> wine =
        Declared.created(Kind.DEPLOYMENT, "wine", SPEC, NOW, 1).observed(called("Wine", "1.0"), 2);

    assertThat(wine.observed(called("", ""), 3).status()).isEqualTo(called("Wine", "1.0"));
    assertThat(wine.observed(called("", "1.1"), 3).status()).isEqualTo(called("Wine", "1.1"));
  }

  @Test
  void anIdThatIsNoneNeverGetsHere() {
    assertThatThrownBy(() -> Declared.created(Kind.DEPLOYMENT, "../x", SPEC, NOW, 1))
        .hasMessage("ID is not valid");
  }

  private static DeploymentStatus called(String name, String version) {
    return new DeploymentStatus(
        DeploymentStatus.State.READY, "", "", 1, 1, null, name, version, null, "");
  }
}
