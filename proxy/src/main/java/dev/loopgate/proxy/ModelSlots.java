package dev.loopgate.proxy;

import dev.loopgate.fleet.BoundedCount;
import dev.loopgate.fleet.ReplicaState;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The cap on connections to models over all event loops, and the caps on those to one replica. Any
/// thread; takes no lock.
///
/// A slot that becomes free goes to the longest waiting request of any loop. Who waits is bounded
/// by the exchanges in flight: each gives up by its own deadline, and is forgotten.
final class ModelSlots {
  /// @param granted run once on `loop`: a slot is owned now, and is given back if nobody waits any
  ///   more
  private record Waiting(EventLoop loop, Object owner, Runnable granted) {}

  private final int max;
  private final AtomicInteger taken = new AtomicInteger();
  private final ConcurrentLinkedQueue<Waiting> waiting = new ConcurrentLinkedQueue<>();
  private final Map<ReplicaState, ModelSlots> ofReplicas = new ConcurrentHashMap<>();

  ModelSlots(int max) {
    this.max = max;
  }

  /// The slots of one replica, which are needed beside one of these: the same for all event loops.
  ModelSlots ofReplica(ReplicaState replica, int connectionsMax) {
    ModelSlots slots = ofReplicas.get(replica);
    if (slots == null) {
      // Those of replicas that are gone for good do not add up.
      ofReplicas
          .entrySet()
          .removeIf(each -> each.getKey().isRetired() && each.getValue().isUnused());
      slots = ofReplicas.computeIfAbsent(replica, _ -> new ModelSlots(connectionsMax));
    }
    return slots;
  }

  boolean tryTake() {
    return BoundedCount.take(taken, max);
  }

  /// Waits for a slot; `granted` is run on `loop`, once the slot is there.
  void await(EventLoop loop, Object owner, Runnable granted) {
    waiting.add(new Waiting(loop, owner, granted));
    // A slot may have come back between the try that failed and the line above.
    if (tryTake()) {
      giveBack();
    }
  }

  /// Waits no more. Says whether `owner` was still waiting.
  boolean forget(Object owner) {
    return waiting.removeIf(each -> each.owner().equals(owner));
  }

  /// Whether a connection that nobody needs now should go, for the sake of someone waiting.
  boolean isAwaited() {
    return !waiting.isEmpty();
  }

  /// Takes the owner off the queue who waits the longest, if it waits on `loop`: it can have a
  /// connection as it is. Null otherwise.
  @Nullable Object nextOn(EventLoop loop) {
    Waiting next = waiting.peek();
    return next != null && next.loop().equals(loop) && waiting.remove(next) ? next.owner() : null;
  }

  void giveBack() {
    Waiting next = waiting.poll();
    if (next != null) {
      next.loop().execute(next.granted());
      return;
    }
    taken.decrementAndGet();
    // Somebody may have begun to wait just before: then it is theirs after all.
    if (!waiting.isEmpty() && tryTake()) {
      giveBack();
    }
  }

  private boolean isUnused() {
    return taken.get() == 0 && waiting.isEmpty();
  }

  int taken() {
    return taken.get();
  }
}
