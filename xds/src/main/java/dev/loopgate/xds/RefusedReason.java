package dev.loopgate.xds;

/// Why somebody gets no configuration.
public enum RefusedReason {
  /// The first request says no node with an id and a cluster that can stand in a line.
  NO_NODE("no_node"),
  /// The node's cluster is not the group that is served.
  UNKNOWN_GROUP("unknown_group"),
  /// It asks for a type that is not served.
  UNKNOWN_TYPE("unknown_type"),
  /// One stream or one request too many or too large.
  OVER_BOUNDS("over_bounds"),
  /// It did not take what it asked for in time.
  TOO_SLOW("too_slow");

  private final String word;

  RefusedReason(String word) {
    this.word = word;
  }

  /// As metrics name it.
  public String word() {
    return word;
  }
}
