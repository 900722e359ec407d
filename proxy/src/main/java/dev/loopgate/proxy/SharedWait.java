package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.ReplicaState;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Exchanges of one event loop that wait for room on a model's shared connections: one connection
/// is made at a time, and streams that end are taken as they come. Confined to its event loop.
///
/// Who waits is bounded by the exchanges in flight: each gives up by its own deadline, and is
/// forgotten.
final class SharedWait implements ModelPool.Borrower {
  /// @param counted by the model's circuit
  private record Waiting(ModelPool.Borrower borrower, boolean counted) {}

  private final ProxyLoop loop;
  private final Deployment deployment;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private boolean searching;
  private boolean serving;
  private boolean ofNoUse;

  SharedWait(ProxyLoop loop, Deployment deployment) {
    this.loop = loop;
    this.deployment = deployment;
  }

  /// The handshake did not agree on a protocol that lets exchanges share a connection.
  boolean isOfNoUse() {
    return ofNoUse;
  }

  /// Whether nobody waits here, and nothing is looked for.
  boolean isIdle() {
    return waiting.isEmpty() && !searching;
  }

  /// @param replica that was chosen and has no room; `started` was told
  void add(ReplicaState replica, ModelPool.Borrower borrower) {
    // Who comes first makes the connection, as in HTTP/1.1; only who finds it so waits.
    boolean counted = searching || !waiting.isEmpty();
    if (counted && !deployment.circuit().await()) {
      replica.ended();
      loop.events().circuitOpen(deployment.model().id());
      loop.models().tellLater(borrower, borrower::tooManyWait);
      return;
    }
    waiting.add(new Waiting(borrower, counted));
    if (searching || loop.models().takesNoCalls(deployment)) {
      replica.ended();
    } else {
      search(replica);
    }
  }

  /// Lends what room there is. Told so while it does, it looks once more.
  void serve() {
    if (serving) {
      return;
    }
    serving = true;
    try {
      Http2ModelConnection room = roomForNext();
      while (room != null) {
        room.replica().started();
        loop.models().reached(deployment, room.replica());
        next().borrower().modelReady(room.newCall());
        room = roomForNext();
      }
    } finally {
      serving = false;
    }
    if (!waiting.isEmpty() && !searching && !loop.models().isReached(deployment)) {
      ReplicaState replica = loop.models().choose(deployment);
      replica.started();
      search(replica);
    }
  }

  // A connection with room for who waits the longest; null when there is none, or nobody waits.
  private @Nullable Http2ModelConnection roomForNext() {
    return isGone() ? null : loop.models().sharedWithRoom(deployment);
  }

  private Waiting next() {
    Waiting first = waiting.remove();
    if (first.counted()) {
      deployment.circuit().waited();
    }
    return first;
  }

  private void search(ReplicaState replica) {
    searching = true;
    loop.models().search(deployment, replica, this);
  }

  /// The borrower gave up. Says whether it waited for room, and not for a model that can't be
  /// reached.
  boolean forget(ModelPool.Borrower borrower) {
    for (Waiting each : waiting) {
      if (each.borrower().equals(borrower)) {
        waiting.remove(each);
        if (each.counted()) {
          deployment.circuit().waited();
        }
        return loop.models().isReached(deployment);
      }
    }
    return false;
  }

  @Override
  public void modelReady(ModelCall call) {
    searching = false;
    ofNoUse = call instanceof ModelConnection;
    if (!ofNoUse) {
      call.replica().ended();
      call.letGo(true); // nothing was sent on it: whoever gets room gets a call of his own
      serve();
      return;
    }
    if (isGone()) {
      call.replica().ended();
      call.letGo(true);
    } else {
      next().borrower().modelReady(call);
    }
    while (!waiting.isEmpty()) {
      loop.models().acquire(deployment, next().borrower());
    }
  }

  @Override
  public void modelUnreachable() {
    searching = false;
    if (loop.models().isReached(deployment)) {
      return; // who waits has a stream's end to wait for
    }
    while (!waiting.isEmpty()) {
      ModelPool.Borrower borrower = next().borrower();
      loop.models().tellLater(borrower, borrower::modelUnreachable);
    }
  }

  @Override
  public void tooManyWait() {
    searching = false; // the same: each of them waits already
  }

  @Override
  public boolean isGone() {
    while (!waiting.isEmpty() && waiting.peek().borrower().isGone()) {
      next();
    }
    return waiting.isEmpty();
  }
}
