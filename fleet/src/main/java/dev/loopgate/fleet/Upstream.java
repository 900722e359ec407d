package dev.loopgate.fleet;

import java.util.List;

/// How the servers of a model are reached.
///
/// @param replicas the servers, at least one; what is asked of one could be asked of any
public record Upstream(List<Replica> replicas) {
  public Upstream {
    replicas = List.copyOf(replicas);
    if (replicas.isEmpty()) {
      throw new IllegalArgumentException("model url: none, allowed=one or more");
    }
  }
}
