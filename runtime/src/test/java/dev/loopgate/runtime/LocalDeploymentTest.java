package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Workload;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LocalDeploymentTest {
  private static final Problem CRASHED = new Problem(Reason.MODEL_CRASHED, "again");
  private static final Workload ONE = HostedServers.workload("wine", "exec:1", Predictor.NONE);
  private static final Workload OTHER = HostedServers.workload("wine", "exec:2", Predictor.NONE);

  private final List<String> told = new ArrayList<>();
  private final LocalDeployment wine = new LocalDeployment("wine", told::add);

  @Test
  void aProblemStaysUntilAReplicaOfTheRevisionIsReady() {
    wine.apply(ONE);
    LocalReplica replica = replica(ONE, 1);
    LocalReplica old = replica(OTHER, 2);
    replica.problem(CRASHED);
    assertThat(wine.observe().problem()).isEqualTo(CRASHED);

    old.show(Phase.READY, null);
    wine.scale(0);
    wine.apply(ONE);
    replica.show(Phase.BACKING_OFF, null);
    assertThat(wine.observe().problem()).isEqualTo(CRASHED);

    replica.show(Phase.READY, null);
    assertThat(wine.observe().problem()).isNull();
  }

  @Test
  void aProblemStaysUntilAnotherOneIsApplied() {
    wine.apply(ONE);
    replica(ONE, 1).problem(CRASHED);

    wine.apply(OTHER);
    assertThat(wine.observe().problem()).isNull();
    wine.apply(ONE);
    assertThat(wine.observe().problem()).as("it is another time").isNull();
  }

  @Test
  void whoLeavesHasNoProblem() {
    wine.apply(ONE);
    LocalReplica replica = replica(ONE, 1);
    replica.leave();

    replica.problem(CRASHED);

    assertThat(wine.observe().problem()).isNull();
    assertThat(wine.observe().replicas().getFirst().phase()).isEqualTo(Phase.ENDING);
  }

  @Test
  void tellsWhatIsNewAndNothingTwice() {
    wine.apply(ONE);
    LocalReplica replica = replica(ONE, 1);
    for (int i = 0; i < 3; i++) {
      replica.show(Phase.BACKING_OFF, null);
      replica.problem(CRASHED);
    }
    assertThat(told).containsExactly("wine", "wine");
  }

  private LocalReplica replica(Workload workload, long number) {
    ReplicaName name = new ReplicaName("wine", 1, number);
    LocalReplica replica = new LocalReplica(name, workload.revision(), wine);
    wine.add(replica);
    return replica;
  }
}
