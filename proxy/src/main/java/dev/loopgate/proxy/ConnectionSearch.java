package dev.loopgate.proxy;

import dev.loopgate.fleet.Bounds;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.ReplicaState;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The way of one request to a connection that has yet to be made: a slot, one address after the
/// other, one replica after the other. Nothing of the request is written meanwhile. Confined to its
/// event loop.
final class ConnectionSearch implements ModelOpening.Owner {
  /// Replicas that are tried for one request, at most.
  static final int REPLICAS_MAX = 3;

  private final ProxyLoop loop;
  private final ModelPool.Means means;
  private final Deployment deployment;
  private final ModelPool.Borrower borrower;
  private final boolean counts; // by the model's circuit, as one that waits
  private ReplicaState replica; // whose `started` is told, and `ended` not yet
  private @Nullable ModelSlots held; // of the replica, where it has its own cap and one is taken
  private @Nullable ModelSlots awaited;
  private long tried;
  private int triesLeft;
  private long deadlineNanos = Long.MIN_VALUE; // not known before the first try

  /// A search that begins at `replica`, which has no idle connection.
  ConnectionSearch(
      ProxyLoop loop,
      ModelPool.Means means,
      Deployment deployment,
      ReplicaState replica,
      ModelPool.Borrower borrower) {
    this.loop = loop;
    this.means = means;
    this.deployment = deployment;
    this.replica = replica;
    this.borrower = borrower;
    this.counts = !(borrower instanceof SharedWait); // for whom each that waits is counted
    Hosted hosted = deployment.hosted();
    this.triesLeft =
        hosted != null && hosted.terms().concurrencyMax() > 0
            ? 1 // another one may have all that it may: the hold knows
            : Math.clamp(deployment.replicas().all().size(), 1, REPLICAS_MAX);
  }

  /// The slots of a replica's own, null where only those of all models bound it.
  static @Nullable ModelSlots capOf(ModelSlots all, Deployment deployment, ReplicaState replica) {
    int max = deployment.model().bounds().connectionsMax();
    return max == Bounds.UNBOUNDED ? null : all.ofReplica(replica, max);
  }

  /// Takes a slot or waits for one, then connects. A replica whose own slots are all taken is
  /// waited for only if no other has one.
  void begin() {
    ModelSlots cap = capOf(means.slots(), deployment, replica);
    if (cap == null || cap.tryTake()) {
      takeOfAll(cap);
      return;
    }
    long full = tried | replica.bit();
    for (ReplicaState next = choose(full); next != null; next = choose(full)) {
      ModelSlots capOfNext = capOf(means.slots(), deployment, next);
      if (capOfNext != null && capOfNext.tryTake()) {
        turnTo(next);
        takeOfAll(capOfNext);
        return;
      }
      full |= next.bit();
    }
    await(cap, () -> takeOfAll(cap));
  }

  /// The borrower gave up. Says whether it still waited for a slot.
  boolean stop() {
    ModelSlots where = awaited;
    if (where == null || !where.forget(this)) {
      return false; // or what it waited for is on its way, and is given back when it comes
    }
    awaited = null;
    uncount();
    giveBackHeld();
    replica.ended();
    return true;
  }

  /// What was waited for is there as it is: a connection that another request needs no more.
  void handed(ModelConnection connection) {
    waited();
    if (borrower.isGone()) {
      replica.ended();
      loop.models().giveBack(connection);
    } else if (loop.models().isQuiet(connection)) {
      borrower.modelReady(connection);
    } else {
      connection.close();
      begin();
    }
  }

  private void takeOfAll(@Nullable ModelSlots cap) {
    held = cap;
    if (means.slots().tryTake()) {
      open();
    } else {
      loop.models().closeOneIdle(); // of another model: its slot may be the one that is missing
      await(means.slots(), this::open);
    }
  }

  private void await(ModelSlots where, Runnable next) {
    if (counts && !deployment.circuit().await()) {
      giveBackHeld();
      replica.ended();
      loop.events().circuitOpen(deployment.model().id());
      loop.models().tellLater(borrower, borrower::tooManyWait);
      return;
    }
    awaited = where;
    loop.models().waits(borrower, this);
    where.await(loop.eventLoop(), this, () -> granted(where, next));
  }

  private void granted(ModelSlots where, Runnable next) {
    waited();
    if (borrower.isGone()) {
      where.giveBack();
      giveBackHeld();
      replica.ended();
    } else {
      next.run();
    }
  }

  private void waited() {
    awaited = null;
    loop.models().waitsNoMore(borrower);
    uncount();
  }

  // Its slots are taken, and are given back with the connection or with the failure.
  private void open() {
    long nowNanos = loop.time().nanos();
    if (deadlineNanos == Long.MIN_VALUE) {
      ModelLimits limits = loop.config().model().within(deployment.model().bounds());
      deadlineNanos = nowNanos + limits.connect().toNanos();
    }
    // Replicas as addresses: one that is silent does not take the time of the others.
    long untilNanos = nowNanos + (deadlineNanos - nowNanos) / triesLeft;
    new ModelOpening(loop, means, deployment, replica, untilNanos, this).start();
  }

  @Override
  public boolean isGone() {
    return borrower.isGone();
  }

  @Override
  public void opened(ModelConnection connection) {
    loop.models().reached(deployment, replica);
    if (borrower.isGone()) {
      replica.ended();
      loop.models().giveBack(connection);
    } else {
      borrower.modelReady(connection);
    }
  }

  @Override
  public void opened(Http2ModelConnection connection) {
    loop.models().reached(deployment, replica);
    loop.models().share(connection);
    if (borrower.isGone()) {
      replica.ended();
    } else if (!connection.hasRoom()) {
      replica.ended(); // it takes no call at all, for now
      loop.models().tellLater(borrower, borrower::modelUnreachable);
    } else {
      borrower.modelReady(connection.newCall());
    }
  }

  @Override
  public void failed(boolean missed) {
    long nowNanos = loop.time().nanos();
    if (missed && replica.missed(ThreadLocalRandom.current(), nowNanos)) {
      loop.events().replicaLeftOut(deployment.model().id(), replica.replica().authority());
    }
    means.slots().giveBack();
    giveBackHeld();
    tried |= replica.bit();
    triesLeft--;
    ReplicaState next =
        triesLeft == 0 || nowNanos - deadlineNanos >= 0 || borrower.isGone() ? null : choose(tried);
    if (next == null) {
      replica.ended();
      // Later, since a connection may be refused while the borrower still begins.
      loop.models().tellLater(borrower, borrower::modelUnreachable);
    } else {
      turnTo(next);
      if (!loop.models().lend(next, borrower)) {
        begin();
      }
    }
  }

  private void turnTo(ReplicaState next) {
    replica.ended();
    replica = next;
    next.started();
  }

  private @Nullable ReplicaState choose(long without) {
    return deployment.replicas().choose(ThreadLocalRandom.current(), without, loop.time().nanos());
  }

  private void uncount() {
    if (counts) {
      deployment.circuit().waited();
    }
  }

  private void giveBackHeld() {
    ModelSlots cap = held;
    held = null;
    if (cap != null) {
      cap.giveBack();
    }
  }
}
