package dev.loopgate.extproc;

import dev.loopgate.spool.SpoolLane;

/// Where this room's lanes into the spool come from; `app` takes them from the spool.
public interface ObserverLanes {
  /// A lane for the calling thread: each event loop opens one.
  SpoolLane openLane();

  /// The ledger's slot of a deployment. Asked for each exchange, on event loops: takes no lock.
  int slotOf(String deployment);
}
