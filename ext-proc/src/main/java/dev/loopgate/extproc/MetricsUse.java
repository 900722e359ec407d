package dev.loopgate.extproc;

/// What became of one message of an Envoy's metrics. Counted.
public enum MetricsUse {
  /// Its counters of the side channel were read.
  READ("read"),
  /// The same while another stream of that `node.id` is open, another Envoy's or one that is not
  /// over yet: less is counted.
  SHARED_NODE("shared_node"),
  /// Of a stream that broke before a message of it could be read: one of more than the door takes.
  UNREAD("unread"),
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
