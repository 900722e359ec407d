package dev.loopgate.extproc;

import dev.loopgate.capture.TimeSource;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// By how much the counters of each Envoy have grown, across the streams on which it tells of them.
/// Never more than was counted. Any thread; a short lock, on the door's own loops only.
///
/// On one stream totals only grow; what is less there was counted since the last message. What a
/// new stream begins with counts as far as it is more than all that was heard of its node, and only
/// where no other stream of that name is open: that one tells the rest, or is another Envoy's. So
/// an Envoy that has started again is counted from its first message on.
final class EnvoyCounters {
  /// Envoys that are told apart.
  static final int NODES_MAX = 256;

  /// How long one is remembered that has no stream, even if room is wanted.
  static final Duration SILENT = Duration.ofMinutes(10);

  /// Counters of one Envoy: it has one of each name, and those of its filters by each connection
  /// manager.
  static final int COUNTERS_MAX = 64;

  /// What is kept, bytes on the heap, about.
  static final int BYTES_MAX =
      NODES_MAX
          * (MetricsMarshaller.NODE_BYTES_MAX
              + COUNTERS_MAX * (MetricsMarshaller.NAME_BYTES_MAX + 192));

  private static final class Node {
    final Map<String, Long> highest = new HashMap<>();
    int streams;
    long silentNanos;
  }

  /// One stream of an Envoy.
  static final class Teller {
    private final Node node;
    private final Map<String, Long> last = new HashMap<>();

    private Teller(Node node) {
      this.node = node;
    }
  }

  /// @param growth at least 1 each; nothing for what has not grown
  /// @param shared another stream of that name is open
  record Told(Map<ToldLoss, Long> growth, boolean shared) {}

  private final TimeSource time;
  private final Map<String, Node> nodes = new LinkedHashMap<>(); // in the order of their coming

  EnvoyCounters(TimeSource time) {
    this.time = time;
  }

  /// A stream of this Envoy begins. To be given back by [#closed].
  ///
  /// @return null when there is no room for one more Envoy
  synchronized @Nullable Teller opened(String nodeId) {
    Node node = nodes.get(nodeId);
    if (node == null) {
      if (nodes.size() >= NODES_MAX && !forgetOne()) {
        return null;
      }
      node = new Node();
      nodes.put(nodeId, node);
    }
    node.streams++;
    return new Teller(node);
  }

  /// What the Envoy has counted since.
  synchronized Told told(Teller teller, List<MetricsMessage.Counter> counters) {
    Map<ToldLoss, Long> growth = new EnumMap<>(ToldLoss.class);
    for (MetricsMessage.Counter counter : counters) {
      long grown = grown(teller, counter);
      if (grown > 0) {
        growth.merge(counter.what(), grown, Long::sum);
      }
    }
    return new Told(growth, teller.node.streams > 1);
  }

  private static long grown(Teller teller, MetricsMessage.Counter counter) {
    Node node = teller.node;
    String name = counter.name();
    long value = counter.value();
    Long highest = node.highest.get(name);
    if (highest == null && node.highest.size() >= COUNTERS_MAX) {
      return 0;
    }
    node.highest.merge(name, value, Math::max);
    Long before = teller.last.put(name, value);
    if (before != null) {
      return value < before ? value : value - before;
    }
    if (highest == null) {
      return value;
    }
    return node.streams > 1 ? 0 : Math.max(0, value - highest);
  }

  /// That stream is over.
  synchronized void closed(Teller teller) {
    teller.node.streams--;
    teller.node.silentNanos = time.nanos();
  }

  // It is most likely gone. One that comes again counts from its start again.
  private boolean forgetOne() {
    long now = time.nanos();
    for (Iterator<Node> all = nodes.values().iterator(); all.hasNext(); ) {
      Node node = all.next();
      if (node.streams == 0 && now - node.silentNanos >= SILENT.toNanos()) {
        all.remove();
        return true;
      }
    }
    return false;
  }
}
