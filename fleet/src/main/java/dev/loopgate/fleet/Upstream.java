package dev.loopgate.fleet;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// How the servers of a model are reached.
///
/// @param replicas the servers, 1 to [#REPLICAS_MAX], each once, all with the same scheme and base
///   path: what is asked of one could be asked of any
public record Upstream(List<Replica> replicas) {
  /// A replica is a bit of a long where those that were tried are remembered.
  public static final int REPLICAS_MAX = Long.SIZE;

  public Upstream {
    replicas = List.copyOf(replicas);
    if (replicas.isEmpty()) {
      throw new IllegalArgumentException("model url: none, allowed=one or more");
    }
    if (replicas.size() > REPLICAS_MAX) {
      throw new IllegalArgumentException(
          "model urls: count=" + replicas.size() + ", allowed=1 to " + REPLICAS_MAX);
    }
    Replica first = replicas.getFirst();
    Set<String> authorities = new HashSet<>();
    for (Replica replica : replicas) {
      if (!String.valueOf(first.url().getScheme()).equals(replica.url().getScheme())
          || !first.basePath().equals(replica.basePath())) {
        throw new IllegalArgumentException(
            "model urls: value="
                + replica.url()
                + ", allowed=the scheme and path of "
                + first.url());
      }
      if (!authorities.add(replica.authority())) {
        throw new IllegalArgumentException(
            "model urls: value=" + replica.url() + " stands twice, allowed=each server once");
      }
    }
  }
}
