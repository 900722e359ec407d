package dev.loopgate.extproc;

/// What became of one message of an Envoy's metrics. Counted.
public enum MetricsUse {
  /// Its counters of the side channel were read.
  READ("read"),
  /// The same of an Envoy whose `node.id` another one has, too: less is counted.
  SHARED_NODE("shared_node"),
  /// One Envoy more than are told apart; its stream was ended.
  OVER_BOUNDS("over_bounds"),
  /// Not what the protocol allows; its stream was ended.
  MALFORMED("malformed");

  private final String word;

  MetricsUse(String word) {
    this.word = word;
  }

  /// The word in metrics.
  public String word() {
    return word;
  }
}
