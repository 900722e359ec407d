package dev.loopgate.extproc;

import java.util.List;

/// What is taken of one message of an Envoy's metrics: at most [#COUNTERS_MAX] counters of
/// [ToldLoss].
///
/// @param node the Envoy's `node.id`, as it came; empty where the message does not name it
/// @param malformed it is no such message; then nothing of it is taken
record MetricsMessage(String node, List<Counter> counters, boolean malformed) {
  static final int COUNTERS_MAX = 64;
  static final MetricsMessage MALFORMED = new MetricsMessage("", List.of(), true);

  /// @param name Envoy's, of at most [MetricsMarshaller#NAME_BYTES_MAX] bytes
  /// @param value at least 0; a total since its start, or what was counted since the last message
  record Counter(String name, ToldLoss what, long value) {}
}
