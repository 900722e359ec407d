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

/// By how much the counters of each Envoy have grown, across its restarts and the streams on which
/// it tells of them. Any thread; a short lock, on the door's own loops only.
final class EnvoyCounters {
  /*
   * Never more than was counted. A stream's own values only grow, where they do not they are what was counted since the
   * last message. What a new stream begins with is judged by the last that was heard of its node: at least as much is the
   * same Envoy, or one that has lost as much since; less is one that has started again. Only where two Envoys have one
   * name that says nothing, and what their streams begin with is not counted any more.
   */

  /// Envoys that are told apart.
  static final int NODES_MAX = 1024;

  /// How long one is remembered that has no stream, even if room is wanted.
  static final Duration SILENT = Duration.ofMinutes(10);

  /// Counters of one Envoy: it has one of each name, and those of its filters by each connection
  /// manager.
  static final int COUNTERS_MAX = 16;

  /// What is kept, bytes on the heap, about.
  static final int BYTES_MAX =
      NODES_MAX
          * (MetricsMarshaller.NODE_BYTES_MAX
              + COUNTERS_MAX * (MetricsMarshaller.NAME_BYTES_MAX + 192));

  private static final class Node {
    final Map<String, Long> last = new HashMap<>();
    @Nullable Teller newest;
    int streams;
    boolean shared;
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
  /// @param shared another Envoy has the same name
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
    Teller teller = new Teller(node);
    node.newest = teller;
    return teller;
  }

  /// What the Envoy has counted since.
  synchronized Told told(Teller teller, List<MetricsMessage.Counter> counters) {
    Node node = teller.node;
    node.shared |= node.newest != teller; // who has opened another one says nothing on this one
    Map<ToldLoss, Long> growth = new EnumMap<>(ToldLoss.class);
    for (MetricsMessage.Counter counter : counters) {
      long grown = grown(teller, counter);
      if (grown > 0) {
        growth.merge(counter.what(), grown, Long::sum);
      }
    }
    return new Told(growth, node.shared);
  }

  private static long grown(Teller teller, MetricsMessage.Counter counter) {
    Node node = teller.node;
    String name = counter.name();
    if (!node.last.containsKey(name) && node.last.size() >= COUNTERS_MAX) {
      return 0;
    }
    Long mine = teller.last.put(name, counter.value());
    Long nodes = node.last.put(name, counter.value());
    if (mine == null && node.shared) {
      return 0;
    }
    Long before = mine != null ? mine : nodes;
    return before == null || counter.value() < before ? counter.value() : counter.value() - before;
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
