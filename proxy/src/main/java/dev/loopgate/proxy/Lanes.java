package dev.loopgate.proxy;

import dev.loopgate.spool.SpoolLane;

/// Where the proxy's lanes into the spool come from; `app` takes them from the spool.
public interface Lanes {
  /// A lane for the calling thread: each event loop opens one.
  SpoolLane openLane();

  /// The ledger's slot of a deployment. Asked for each exchange, on event loops: takes no lock. A
  /// deployment has its slot before it is in the fleet.
  int slotOf(String deployment);
}
