package dev.loopgate.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Workload;
import dev.loopgate.testkit.ScriptedHost.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The fake host does what the seam says of a host.
final class ScriptedHostTest {
  private final ScriptedHost host = new ScriptedHost();

  @Test
  void whatWasNotAppliedIsNotKnown() {
    assertThat(host.observe("wine")).isEqualTo(HostedDeployment.NONE);
    assertThatIllegalArgumentException().isThrownBy(() -> host.scale("wine", 1));
    assertThatIllegalArgumentException().isThrownBy(() -> host.wake("wine"));
    host.apply(workload("i"));
    assertThatIllegalArgumentException().isThrownBy(() -> host.scale("wine", -1));
    assertThatIllegalStateException().isThrownBy(() -> host.listen(_ -> {}));
  }

  @Test
  void whatIsNewRunsNothingUntilItIsToldAndWakingTwiceIsWakingOnce() {
    host.apply(workload("i"));
    settle();
    assertThat(host.observe("wine").replicas()).isEmpty();

    host.wake("wine");
    host.wake("wine");
    settle();

    assertThat(host.observe("wine").wanted()).isEqualTo(1);
    assertThat(ready()).isEqualTo(1);
    assertThat(host.calls()).isEqualTo(Map.of("apply wine", 1, "wake wine", 2));
    assertThat(host.callCount()).isZero();
  }

  @Test
  void revisionsAreExchangedOneByOne() {
    host.apply(workload("one"));
    host.scale("wine", 3);
    settle();
    host.apply(workload("two"));

    do {
      assertThat(ready()).isGreaterThanOrEqualTo(3);
      assertThat(host.observe("wine").replicas().stream().filter(r -> r.phase() != Phase.ENDING))
          .hasSizeLessThanOrEqualTo(4);
    } while (host.step());

    assertThat(host.observe("wine").ready(workload("two").revision())).hasSize(3);
    assertThat(host.observe("wine").replicas()).hasSize(3);
  }

  @Test
  void aBadRevisionLeavesTheOneThatServesAndItsProblemEndsWithIt() {
    host.apply(workload("one"));
    host.scale("wine", 2);
    settle();
    host.fate("two", Fate.CRASHES);
    host.apply(workload("two"));
    settle();

    assertThat(host.observe("wine").ready(workload("one").revision())).hasSize(2);
    assertThat(host.observe("wine").problem()).isNotNull();
    host.scale("wine", 0);
    assertThat(host.observe("wine").problem()).isNull();
    settle();
    assertThat(host.observe("wine").replicas()).isEmpty();
    host.scale("wine", 1);
    settle();
    assertThat(host.observe("wine").problem()).isNotNull();
    host.apply(workload("one"));
    assertThat(host.observe("wine").problem()).isNull();
  }

  @Test
  void whatIsRemovedEndsAndIsNotKnownAnyMore() {
    List<String> told = new ArrayList<>();
    host.listen(told::add);
    host.apply(workload("i"));
    host.scale("wine", 1);
    host.leftOver("beer");
    settle();
    assertThat(host.deployments()).contains("beer");
    told.clear();

    host.remove("wine");
    host.remove("beer");
    assertThat(host.observe("wine").replicas())
        .extracting(r -> r.phase())
        .containsOnly(Phase.ENDING);
    settle();

    assertThat(host.deployments()).isEmpty();
    assertThat(told).contains("wine", "beer");
    assertThat(host.observe("wine")).isEqualTo(HostedDeployment.NONE);
  }

  private long ready() {
    return host.observe("wine").replicas().stream().filter(r -> r.phase() == Phase.READY).count();
  }

  private void settle() {
    while (host.step()) {
      assertThat(host.observe("wine").replicas()).hasSizeLessThan(10);
    }
  }

  private static Workload workload(String image) {
    return new Workload(
        "wine", image, Predictor.NONE, Resources.DEFAULT, Map.of(), Map.of(), 2, 2, null);
  }
}
