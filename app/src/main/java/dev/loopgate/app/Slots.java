package dev.loopgate.app;

import dev.loopgate.extproc.ObserverLanes;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.proxy.Lanes;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolLane;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The ledger's slots of the fleet, each asked of the spool once, so that event loops take no lock
/// for them. A slot is kept for the life of the process, also when its model is gone: beyond the
/// spool's 1,024 all further models share one. Any thread.
final class Slots implements Lanes, ObserverLanes {
  private final Spool spool;
  private final Fleet fleet;
  private final Map<String, Integer> byDeployment = new ConcurrentHashMap<>();
  private final int other;

  Slots(Spool spool, Fleet fleet) {
    this.spool = spool;
    this.fleet = fleet;
    this.other = spool.slotOf(Spool.OTHER);
    take(fleet.deployments().stream().map(deployment -> deployment.model()).toList());
  }

  /// Takes the slots of models that will be in the fleet; not for event loops.
  void take(List<Model> models) {
    for (Model model : models) {
      int slot = spool.slotOf(model.id());
      if (slot != other) { // what is in this map is bounded as the spool's own slots are
        byDeployment.put(model.id(), slot);
      }
    }
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
