package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.ReplicaState;
import java.util.ArrayDeque;
import java.util.Deque;

/// Exchanges of one event loop that wait for room on a model's shared connections: one connection
/// is made at a time, and streams that end are taken as they come. Confined to its event loop.
///
/// Who waits is bounded by the exchanges in flight: each gives up by its own deadline, and is
/// forgotten.
final class SharedWait implements ModelPool.Borrower {
  private final ProxyLoop loop;
  private final Deployment deployment;
  private final Deque<ModelPool.Borrower> waiting = new ArrayDeque<>();
  private boolean searching;
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
    if (!deployment.circuit().await()) {
      replica.ended();
      loop.events().circuitOpen(deployment.model().id());
      tellLater(borrower, borrower::tooManyWait);
      return;
    }
    waiting.add(borrower);
    if (searching) {
      replica.ended();
    } else {
      search(replica);
    }
  }

  /// Lends what room there is.
  void serve() {
    while (!waiting.isEmpty() && lend(waiting.peek())) {
      next();
    }
    if (!waiting.isEmpty() && !searching) {
      ReplicaState replica = loop.models().choose(deployment);
      replica.started();
      search(replica);
    }
  }

  // Whether the borrower waits no more.
  private boolean lend(ModelPool.Borrower borrower) {
    if (borrower.isGone()) {
      return true;
    }
    for (ReplicaState replica : deployment.replicas().all()) {
      replica.started();
      if (loop.models().lend(replica, borrower)) {
        return true;
      }
      replica.ended();
    }
    return false;
  }

  private ModelPool.Borrower next() {
    deployment.circuit().waited();
    return waiting.remove();
  }

  private void search(ReplicaState replica) {
    searching = true;
    loop.models().search(deployment, replica, this);
  }

  /// The borrower gave up. Says whether it waited for room, and not for a model that can't be
  /// reached.
  boolean forget(ModelPool.Borrower borrower) {
    if (!waiting.remove(borrower)) {
      return false;
    }
    deployment.circuit().waited();
    return loop.models().isReached(deployment);
  }

  @Override
  public void modelReady(ModelCall call) {
    searching = false;
    ofNoUse = call instanceof ModelConnection;
    while (!waiting.isEmpty() && waiting.peek().isGone()) {
      next();
    }
    if (waiting.isEmpty()) {
      call.replica().ended();
      call.letGo(true);
      return;
    }
    next().modelReady(call);
    if (ofNoUse) {
      while (!waiting.isEmpty()) {
        loop.models().acquire(deployment, next());
      }
    } else {
      serve();
    }
  }

  @Override
  public void modelUnreachable() {
    searching = false;
    if (loop.models().isReached(deployment)) {
      return; // who waits has a stream's end to wait for
    }
    while (!waiting.isEmpty()) {
      ModelPool.Borrower borrower = next();
      tellLater(borrower, borrower::modelUnreachable);
    }
  }

  @Override
  public void tooManyWait() {
    searching = false; // the same: each of them waits already
  }

  @Override
  public boolean isGone() {
    while (!waiting.isEmpty() && waiting.peek().isGone()) {
      next();
    }
    if (waiting.isEmpty()) {
      searching = false; // whoever asks gives up then
    }
    return waiting.isEmpty();
  }

  private void tellLater(ModelPool.Borrower borrower, Runnable what) {
    loop.eventLoop()
        .execute(() -> {
          if (!borrower.isGone()) {
            what.run();
          }
        });
  }
}
