package dev.loopgate.proxy;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Decision;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The way of one exchange to its model, before a byte is written: whether it may ask, whether the
/// model may have one more, a replica that is ready, a connection to it. Ends by the first that
/// says no. Confined to the exchange's event loop.
final class WayToModel implements ModelPool.Borrower, HeldRequest.Owner {
  /// The policy has the same deadline: it should be the first to know.
  static final Duration DECISION_WITHIN = Duration.ofSeconds(15);

  /// The connector has the same deadline: it should be the first to know.
  private static final Duration CONNECT_GRACE = Duration.ofMillis(200);

  /// The exchange.
  interface Traveller {
    /// The call is the exchange's now.
    void arrived(ModelCall call);

    /// There is no model to ask.
    void turnedAway(Ending ending, LocalReply reply);

    /// Whether it is over, or asks no model any more.
    boolean isGone();
  }

  private final ProxyLoop loop;
  private final Fleet.Match match;
  private final Deployment deployment;
  private final Traveller traveller;
  private final @Nullable Admission admission; // null: it needs none
  private final @Nullable HeldRequest held; // null: its model's servers are always the same
  private final ModelLimits limits;
  private final long startNanos;
  private long askedNanos; // for a connection to the model
  private boolean turnUsed; // of the route: it was the target that was asked, or that refused
  private boolean entered; // and has to leave the model's circuit

  WayToModel(
      ProxyLoop loop,
      CallerRequest request,
      Fleet.Match match,
      ModelLimits limits,
      Traveller traveller) {
    this.loop = loop;
    this.match = match;
    this.deployment = match.deployment();
    this.limits = limits;
    this.traveller = traveller;
    this.admission = Admission.toModel(loop, request, match);
    this.held = HeldRequest.of(loop, deployment, request, this);
    this.startNanos = loop.time().nanos();
    this.askedNanos = startNanos;
  }

  /// What it has to ask the policy with; null where it needs not.
  @Nullable Admission admission() {
    return admission;
  }

  void begin() {
    if (admission == null) {
      enter();
    } else {
      admission.ask(this::decided);
    }
  }

  /// When the model's time begins: where a deployment has requests wait, not before they did.
  long sinceNanos() {
    return held == null ? startNanos : held.placedNanos();
  }

  /// How long it was waited for a server to start, in nanoseconds; -1 when one was there.
  long coldStartNanos() {
    return held == null ? -1 : held.coldStartNanos();
  }

  /// Whether it waits for a replica, which has a deadline of its own.
  boolean isHeld() {
    return held != null && held.isWaiting();
  }

  /// A look at the deadlines, as long as it has not arrived.
  void tick(long nowNanos) {
    String id = deployment.model().id();
    if (admission != null && admission.isPending()) {
      if (nowNanos - startNanos >= DECISION_WITHIN.toNanos()) {
        traveller.turnedAway(Ending.REJECTED, LocalReplies.notDecided());
      }
    } else if (held != null && !held.isPlaced()) { // nobody was asked for a connection
      if (held.isTooLate(nowNanos)) {
        traveller.turnedAway(Ending.HELD_TOO_LONG, LocalReplies.heldTooLong(id));
      }
    } else if (nowNanos - askedNanos >= limits.connect().plus(CONNECT_GRACE).toNanos()) {
      boolean waited = loop.models().forget(this);
      traveller.turnedAway(
          Ending.MODEL_UNREACHABLE,
          waited ? LocalReplies.noConnectionFree(id) : LocalReplies.modelUnreachable(id));
    }
  }

  /// The exchange takes no connection any more.
  void leave() {
    loop.models().forget(this);
  }

  /// The exchange has ended; told once.
  void end() {
    if (held != null) {
      held.end();
    }
    if (entered) {
      entered = false;
      deployment.circuit().leave();
    }
    if (!turnUsed) {
      match.giveBack();
    }
  }

  private void decided(Decision decision) {
    if (traveller.isGone()) {
      return; // the caller left meanwhile, or time was up
    }
    turnUsed = decision instanceof Decision.Forbidden; // by this target, and maybe not by another
    LocalReply refusal = LocalReplies.refusalOfModel(decision);
    if (refusal == null) {
      askedNanos = loop.time().nanos();
      enter();
    } else {
      traveller.turnedAway(Ending.REJECTED, refusal);
    }
  }

  private void enter() {
    turnUsed = true;
    entered = deployment.circuit().enter();
    if (!entered) {
      loop.events().circuitOpen(deployment.model().id());
      LocalReply reply = LocalReplies.tooManyRequests(deployment.model().id());
      loop.eventLoop().execute(() -> traveller.turnedAway(Ending.REJECTED, reply));
    } else if (held == null) {
      loop.models().acquire(deployment, this);
    } else {
      held.begin();
    }
  }

  @Override
  public void mayAsk() {
    askedNanos = loop.time().nanos();
    loop.models().acquire(deployment, this);
  }

  @Override
  public void turnedAway(Ending ending, LocalReply reply) {
    traveller.turnedAway(ending, reply);
  }

  @Override
  public void modelReady(ModelCall call) {
    if (held != null && call.replica().isRetired()) {
      // Nothing is written yet, and its server may be ended at any moment, not counting on us.
      call.replica().ended();
      call.close();
      held.unreachable();
      return;
    }
    traveller.arrived(call);
  }

  @Override
  public void modelUnreachable() {
    if (held == null) {
      traveller.turnedAway(
          Ending.MODEL_UNREACHABLE, LocalReplies.modelUnreachable(deployment.model().id()));
    } else {
      held.unreachable();
    }
  }

  @Override
  public void tooManyWait() {
    traveller.turnedAway(Ending.REJECTED, LocalReplies.tooManyWait(deployment.model().id()));
  }

  @Override
  public boolean isGone() {
    return traveller.isGone();
  }
}
