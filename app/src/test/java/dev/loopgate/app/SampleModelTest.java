package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.Kind;
import dev.loopgate.testkit.MemoryDeclaredStore;
import java.time.Instant;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class SampleModelTest {
  private static final String OF_ANOTHER_JAR =
      "exec:/old/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m -XX:-CreateCoredumpOnCrash"
          + " -cp '/old clone/loopgate.jar' dev.loopgate.examples.WineModel";

  private final MemoryDeclaredStore store = new MemoryDeclaredStore(() -> Instant.EPOCH);

  private DeploymentSpec wine() {
    return store.get(Kind.DEPLOYMENT, SampleModel.ID).orElseThrow().spec();
  }

  private void change(String image) throws Exception {
    DeploymentSpec now = wine();
    DeploymentSpec changed =
        new DeploymentSpec(
            image,
            now.predictor(),
            now.resources(),
            now.annotations(),
            now.minReplicas(),
            3,
            now.livenessProbeInitialDelay(),
            now.readinessProbeInitialDelay(),
            "mine",
            now.imagePullConnID(),
            now.nodeSelector(),
            now.serving());
    store.replace(Kind.DEPLOYMENT, SampleModel.ID, changed, OptionalLong.empty());
  }

  @Test
  void anotherJarsIsRunFromThisOneAndWhatTheUserMadeOfItStays() throws Exception {
    SampleModel.declare(store);
    String ours = wine().image();
    change(OF_ANOTHER_JAR);

    SampleModel.declare(store);

    assertThat(wine().image()).isEqualTo(ours).startsWith("exec:").doesNotContain("/old");
    assertThat(wine().roleName()).isEqualTo("mine");
    assertThat(wine().maxReplicas()).isEqualTo(3);
  }

  @Test
  void anImageThatTheUserWroteIsLeftAlone() throws Exception {
    SampleModel.declare(store);
    String changed = OF_ANOTHER_JAR.replace("-Xmx48m", "-Xmx96m");
    change(changed);

    SampleModel.declare(store);

    assertThat(wine().image()).isEqualTo(changed);
  }

  @Test
  void oneThatWasDeletedDoesNotComeBack() throws Exception {
    SampleModel.declare(store);
    store.delete(Kind.DEPLOYMENT, SampleModel.ID, OptionalLong.empty());

    SampleModel.declare(store);

    assertThat(store.list(Kind.DEPLOYMENT)).isEmpty();
  }
}
