package dev.loopgate.app;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.proxy.Lanes;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolLane;
import java.util.HashMap;
import java.util.Map;

/// The ledger's slots of the fleet, asked of the spool once, so that event loops take no lock for
/// them.
final class Slots implements Lanes {
  private final Spool spool;
  private final Fleet fleet;
  private final Map<String, Integer> byDeployment = new HashMap<>();
  private final int other;

  Slots(Spool spool, Fleet fleet) {
    this.spool = spool;
    this.fleet = fleet;
    for (Deployment deployment : fleet.deployments()) {
      String id = deployment.model().id();
      byDeployment.put(id, spool.slotOf(id));
    }
    this.other = spool.slotOf(Spool.OTHER);
  }

  @Override
  public SpoolLane openLane() {
    return spool.openLane();
  }

  @Override
  public int slotOf(String deployment) {
    return byDeployment.getOrDefault(deployment, other);
  }

  /// The slot for what a feedback calls its model.
  int slotOfModel(String name) {
    return fleet
        .deploymentOfModel(name)
        .map(deployment -> slotOf(deployment.model().id()))
        .orElse(other);
  }
}
