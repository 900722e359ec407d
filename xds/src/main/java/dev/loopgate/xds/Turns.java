package dev.loopgate.xds;

import java.util.ArrayDeque;
import java.util.Queue;

/// Whose turn it is to be sent something: when a fleet changes, all Envoys are due at once, and
/// what lies in the sockets' buffers must not grow with their number. Confined to the thread `xds`.
final class Turns {
  /// What may be on its way to all Envoys together; a larger message goes alone.
  static final long BYTES_MAX = 16L << 20;

  private final Queue<DiscoveryStream> waiting = new ArrayDeque<>(); // each stream once at most
  private long bytes;

  /// Takes a turn; a stream that gets none is told by [DiscoveryStream#send] when it is due.
  boolean take(DiscoveryStream stream, long wanted) {
    if (bytes > 0 && bytes + wanted > BYTES_MAX) {
      if (!waiting.contains(stream)) {
        waiting.add(stream);
      }
      return false;
    }
    bytes += wanted;
    return true;
  }

  /// Gives a turn back.
  void giveBack(long taken) {
    bytes -= taken;
    // Each once: who finds no room is at the end of the line again. Who is quick gives back at
    // once.
    for (int due = waiting.size(); due > 0 && !waiting.isEmpty(); due--) {
      waiting.remove().send();
    }
  }

  /// The stream is over.
  void forget(DiscoveryStream stream) {
    waiting.remove(stream);
  }
}
