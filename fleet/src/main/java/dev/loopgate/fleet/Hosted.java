package dev.loopgate.fleet;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What a deployment in service has whose servers come and go: which of them answer at the moment,
/// why none will, and what callers want of it. Any thread; takes no lock.
public final class Hosted {
  /// How requests wait for a replica.
  ///
  /// @param deadline how long at most
  /// @param target requests in flight that each ready replica gets while others wait, so that those
  ///   who waited do not all come at once
  /// @param concurrencyMax requests in flight that a replica may have; 0 for any number
  public record Terms(Duration deadline, int target, int concurrencyMax) {
    /// What holds where a deployment says nothing.
    public static final Terms DEFAULT = new Terms(Duration.ofMinutes(2), 10, 0);

    public Terms {
      if (deadline.isNegative() || deadline.isZero() || target < 1 || concurrencyMax < 0) {
        throw new IllegalArgumentException(
            "terms: deadline="
                + deadline
                + ", target="
                + target
                + ", concurrencyMax="
                + concurrencyMax
                + ", allowed=above 0, 1 or more, 0 or more");
      }
    }

    /// What a deployment says, and [#DEFAULT] where it says nothing.
    static Terms of(DeploymentSpec.Serving serving) {
      Duration deadline = serving.deadline();
      Integer target = serving.target();
      Integer max = serving.maxConcurrency();
      return new Terms(
          deadline == null ? DEFAULT.deadline() : deadline,
          target == null ? DEFAULT.target() : target,
          max == null ? DEFAULT.concurrencyMax() : max);
    }
  }

  private record Now(Replicas replicas, HostedDeployment.@Nullable Problem problem) {}

  private final String id;
  private final Consumer<String> waker;
  private final Set<Runnable> listeners = new CopyOnWriteArraySet<>(); // one for each gateway door
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger held = new AtomicInteger();
  private final AtomicInteger peak = new AtomicInteger();
  private final Set<ReplicaState> leaving =
      ConcurrentHashMap.newKeySet(); // until their last request
  private volatile Terms terms;
  private volatile Now now = new Now(Replicas.NONE, null);
  private volatile boolean gone;

  /// One of which no replica answers yet.
  ///
  /// @param waker told the deployment's id where a replica is to be started; returns at once
  public Hosted(String id, Terms terms, Consumer<String> waker) {
    this.id = id;
    this.terms = terms;
    this.waker = waker;
  }

  /// Exchanges which replicas answer. Those that answered before stay what they are, with their
  /// connections.
  ///
  /// @param answering at most [Upstream#REPLICAS_MAX] of them are used
  /// @param problem why none will answer soon; null while one may
  public void answer(
      List<Gateways.Answering> answering, HostedDeployment.@Nullable Problem problem, Terms by) {
    terms = by;
    exchange(answering, problem);
  }

  /// It is declared no more: nobody may wait for it.
  public void retire() {
    gone = true;
    exchange(List.of(), null);
    listeners.clear();
  }

  /// Whether a replica that answers no more, as far as callers are told, has no request any more:
  /// then its server can be ended, and nobody loses an answer.
  public boolean isQuiet(Replica at) {
    // In this order: one that is exchanged is among those that leave before it is not told any
    // more.
    boolean told = replicas().all().stream().anyMatch(state -> state.replica().equals(at));
    return !told
        && leaving.stream().noneMatch(state -> state.requests() > 0 && state.replica().equals(at));
  }

  /// Requests at replicas that are told no more: they take no place from others.
  public int leavingRequests() {
    int requests = 0;
    for (ReplicaState state : leaving) {
      requests += state.requests();
    }
    return requests;
  }

  /// Whether none of its replicas, present or former, has a request.
  boolean isQuiet() {
    leaving.removeIf(state -> state.requests() == 0);
    return leaving.isEmpty() && replicas().all().stream().allMatch(state -> state.requests() == 0);
  }

  private void exchange(
      List<Gateways.Answering> answering, HostedDeployment.@Nullable Problem problem) {
    Replicas before = now.replicas();
    Replicas next = before.exchanged(answering);
    leaving.removeIf(state -> state.requests() == 0);
    for (ReplicaState state : before.all()) {
      if (state.isRetired()) {
        leaving.add(state);
      }
    }
    now = new Now(next, problem);
    listeners.forEach(Runnable::run);
  }

  /// Whether it is declared no more.
  public boolean isGone() {
    return gone;
  }

  /// Those that answer; maybe none.
  public Replicas replicas() {
    return now.replicas();
  }

  /// Why no replica will answer soon: only where none does.
  public HostedDeployment.@Nullable Problem problem() {
    Now at = now;
    return at.replicas().all().isEmpty() ? at.problem() : null;
  }

  /// How requests wait.
  public Terms terms() {
    return terms;
  }

  /// Asks for a replica where none runs. Returns at once.
  public void wake() {
    waker.accept(id);
  }

  /// Tells from now on whenever what is asked here may be answered otherwise.
  ///
  /// @param changed returns at once; on the thread that changed it
  public void listen(Runnable changed) {
    if (!gone) { // else there is nothing to tell any more
      listeners.add(changed);
    }
  }

  /// A request is given to a replica, if fewer than `max` are; who is given calls [#ended] once.
  public boolean tryStart(int max) {
    return BoundedCount.take(inFlight, max);
  }

  /// A request came, and is given to a replica or waits: for [#demand], which misses none.
  public void came() {
    int wanted = inFlight.get() + held.get();
    int most = peak.get();
    while (wanted > most && !peak.compareAndSet(most, wanted)) {
      most = peak.get();
    }
  }

  /// A request that was given to a replica is over.
  public void ended() {
    inFlight.decrementAndGet();
  }

  /// A request begins to wait, if fewer than `max` do; who does calls [#released] once.
  public boolean tryHold(int max) {
    return BoundedCount.take(held, max);
  }

  /// A request waits no more.
  public void released() {
    held.decrementAndGet();
  }

  /// What callers want at the moment. One asker, for whom the peak begins anew.
  public Gateways.Demand demand() {
    int running = inFlight.get();
    int waiting = held.get();
    return new Gateways.Demand(
        running, waiting, Math.max(peak.getAndSet(running + waiting), running + waiting));
  }
}
