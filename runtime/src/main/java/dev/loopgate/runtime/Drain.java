package dev.loopgate.runtime;

import dev.loopgate.fleet.Replica;

/// Knows whether a replica that is on its way out still has something to do.
@FunctionalInterface
public interface Drain {
  /// Whoever calls servers by themselves is nobody's to wait for.
  Drain NOTHING = (_, _) -> true;

  /// Whether no request is in flight at the replica, and none will go there any more. Asked again
  /// and again on a thread of the replica, after [dev.loopgate.fleet.ModelHost#observe] has shown
  /// it as ending and who listens was told; its server gets its signal when this is true, or after
  /// [HostBounds#drain]. Returns at once.
  boolean isDrained(String deployment, Replica at);
}
