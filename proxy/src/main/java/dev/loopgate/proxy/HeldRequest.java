package dev.loopgate.proxy;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.HostedDeployment;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What one exchange has to do with the hold of its deployment: it waits for a replica, has its
/// place at one, or is through. Confined to the exchange's event loop.
final class HeldRequest implements Hold.Waiter {
  /// After a connection could not be made: a replica that answered is gone, or not there for a
  /// moment.
  static final long PAUSE_MILLIS = 100;

  /// The exchange.
  interface Owner {
    /// A replica may be asked now; told later, or before [HeldRequest#begin] returns.
    void mayAsk();

    /// No replica will be asked.
    void turnedAway(Ending ending, LocalReply reply);
  }

  private enum State {
    NEW,
    WAITING,
    PAUSING,
    PLACED,
    OVER
  }

  private final ProxyLoop loop;
  private final Deployment deployment;
  private final Hold hold;
  private final Owner owner;
  private final long startNanos;
  private final long deadlineNanos;
  private State state = State.NEW;
  private boolean cold; // when it came, nothing ran
  private long placedNanos;

  private HeldRequest(
      ProxyLoop loop, Deployment deployment, Hosted hosted, CallerRequest request, Owner owner) {
    this.loop = loop;
    this.deployment = deployment;
    this.owner = owner;
    this.startNanos = loop.time().nanos();
    this.placedNanos = startNanos;
    this.hold = loop.holds().of(hosted, startNanos);
    this.deadlineNanos =
        startNanos + Math.min(hosted.terms().deadline().toNanos(), CallerPatience.nanosOf(request));
  }

  /// Null where the deployment's servers do not come and go.
  static @Nullable HeldRequest of(
      ProxyLoop loop, Deployment deployment, CallerRequest request, Owner owner) {
    Hosted hosted = deployment.hosted();
    return hosted == null ? null : new HeldRequest(loop, deployment, hosted, request, owner);
  }

  void begin() {
    cold = hold.hosted().replicas().all().isEmpty();
    become(hold.enter(loop.eventLoop(), this, loop.time().nanos()));
  }

  /// No connection to a replica could be made, and nothing was sent: it waits again.
  void unreachable() {
    if (state == State.PLACED) {
      state = State.PAUSING;
      cold |= hold.hosted().replicas().all().isEmpty();
      hold.pause();
      loop.eventLoop().schedule(this::resume, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /// The exchange is over, or asks no replica any more.
  void end() {
    State before = state;
    state = State.OVER;
    if (before == State.PLACED) {
      hold.ended();
    } else if (before == State.PAUSING) {
      hold.over();
    } else if (before == State.WAITING) {
      hold.forget(this);
    }
  }

  /// Whether it waits for a replica.
  boolean isWaiting() {
    return state == State.WAITING || state == State.PAUSING;
  }

  /// Whether a replica is being asked: not one that waits, nor one whose owner is about to be told
  /// that it is turned away.
  boolean isPlaced() {
    return state == State.PLACED;
  }

  /// Whether it has waited for as long as it may.
  boolean isTooLate(long nowNanos) {
    return isWaiting() && nowNanos - deadlineNanos >= 0;
  }

  /// When a replica could be asked.
  long placedNanos() {
    return placedNanos;
  }

  /// How long it waited for a server to start, in nanoseconds; -1 when one was there.
  long coldStartNanos() {
    return cold ? placedNanos - startNanos : -1;
  }

  @Override
  public void turn(Hold.Entry entry) {
    if (state == State.OVER) {
      if (entry == Hold.Entry.GOES) {
        hold.ended(); // it left at the very moment
      }
      return;
    }
    become(entry);
  }

  private void resume() {
    if (state == State.PAUSING) {
      become(hold.again(loop.eventLoop(), this, loop.time().nanos()));
    }
  }

  private void become(Hold.Entry entry) {
    String id = deployment.model().id();
    switch (entry) {
      case WAITS -> state = State.WAITING;
      case GOES -> {
        state = State.PLACED;
        placedNanos = loop.time().nanos();
        loop.events().released(id, placedNanos - startNanos, cold);
        owner.mayAsk();
      }
      case FULL -> {
        loop.events().holdFull(id);
        turnAway(LocalReplies.tooManyHeld(id));
      }
      case FAILED -> {
        HostedDeployment.Problem problem = hold.hosted().problem();
        turnAway(LocalReplies.modelFailed(id, problem == null ? "" : problem.reason().word()));
      }
      case GONE -> turnAway(LocalReplies.unknownModel());
    }
  }

  private void turnAway(LocalReply reply) {
    state = State.OVER;
    loop.eventLoop().execute(() -> owner.turnedAway(Ending.REJECTED, reply));
  }
}
