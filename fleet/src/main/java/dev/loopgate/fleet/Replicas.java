package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The replicas of a model in service, and which of them gets the next request. Any thread; takes
/// no lock.
///
/// Of two by chance the one with fewer requests is chosen. Those that are left out are passed over;
/// when all are, one of them is chosen all the same: what they have in common may be us, and a
/// refusal costs no less than a look.
public final class Replicas {
  /// None, where servers come and go.
  static final Replicas NONE = new Replicas(List.of(), false);

  private final List<ReplicaState> states;
  private final boolean lasting; // no other ones take their place

  Replicas(Upstream upstream) {
    List<ReplicaState> all = new ArrayList<>();
    for (Replica replica : upstream.replicas()) {
      all.add(new ReplicaState(replica, all.size(), upstream.replicas().size() == 1));
    }
    states = List.copyOf(all);
    lasting = true;
  }

  private Replicas(List<ReplicaState> states, boolean lasting) {
    this.states = List.copyOf(states);
    this.lasting = lasting;
  }

  /// Those that answer now. Who answered before stays what it is; who does no more is retired.
  Replicas exchanged(List<Gateways.Answering> answering) {
    List<ReplicaState> next = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    List<Gateways.Answering> fresh = new ArrayList<>();
    for (Gateways.Answering each : answering) {
      ReplicaState known = known(each);
      if (known == null) {
        fresh.add(each);
      } else {
        next.add(known);
        taken.add(known.index());
      }
    }
    int index = 0;
    for (Gateways.Answering each : fresh) {
      while (taken.contains(index)) {
        index++;
      }
      if (index < Upstream.REPLICAS_MAX) {
        taken.add(index);
        next.add(new ReplicaState(each.at(), index, false, labels(each)));
      }
    }
    for (ReplicaState before : states) {
      if (!next.contains(before)) {
        before.retire();
      }
    }
    return new Replicas(next, false);
  }

  private @Nullable ReplicaState known(Gateways.Answering answering) {
    for (ReplicaState state : states) {
      if (state.replica().equals(answering.at())
          && Objects.equals(state.labels(), labels(answering))) {
        return state;
      }
    }
    return null;
  }

  private static Deployment.@Nullable Labels labels(Gateways.Answering answering) {
    return answering.name().isEmpty() || answering.version().isEmpty()
        ? null
        : new Deployment.Labels(answering.name(), answering.version());
  }

  /// Whether there is nothing to choose, and never will be.
  public boolean isOne() {
    return lasting && states.size() == 1;
  }

  /// The first one, which stands for all in what they have in common; there has to be one.
  public ReplicaState first() {
    return states.getFirst();
  }

  /// All of them.
  public List<ReplicaState> all() {
    return states;
  }

  /// The replica for a request, or for its next try.
  ///
  /// @param tried [ReplicaState#bit] of those that will not do
  /// @return null when none is left
  public @Nullable ReplicaState choose(RandomGenerator random, long tried, long nowNanos) {
    int size = states.size();
    if (size == 0) {
      return null;
    }
    int start = random.nextInt(size);
    ReplicaState one = next(start, tried, nowNanos);
    if (one == null) {
      return untried(start, tried);
    }
    int skipped = size == 1 ? 0 : random.nextInt(size - 1);
    ReplicaState other = next(states.indexOf(one) + 1 + skipped, tried | one.bit(), nowNanos);
    if (other == null) {
      return one; // even if another request looks whether it is back: there is no other
    }
    boolean turned = other.requests() < one.requests();
    ReplicaState less = turned ? other : one;
    return less.admits(nowNanos) ? less : turned ? one : other;
  }

  /// The replica with the fewest requests, started, if it has fewer than `max`.
  ///
  /// @return null when none has
  public @Nullable ReplicaState startedWithin(int max, long nowNanos) {
    while (true) {
      ReplicaState least = null;
      for (ReplicaState state : states) {
        if (!state.isOut(nowNanos) && (least == null || state.requests() < least.requests())) {
          least = state;
        }
      }
      if (least == null && !states.isEmpty()) {
        least = states.getFirst(); // all are left out: a refusal costs no less than a look
      }
      if (least == null || least.requests() >= max) {
        return null;
      }
      if (least.startedWithin(max)) {
        least.admits(nowNanos); // if its time out is over, this is the look whether it is back
        return least;
      }
    }
  }

  // The first from `start` on that is not left out.
  private @Nullable ReplicaState next(int start, long tried, long nowNanos) {
    for (int i = 0; i < states.size(); i++) {
      ReplicaState state = states.get((start + i) % states.size());
      if ((tried & state.bit()) == 0 && !state.isOut(nowNanos)) {
        return state;
      }
    }
    return null;
  }

  private @Nullable ReplicaState untried(int start, long tried) {
    for (int i = 0; i < states.size(); i++) {
      ReplicaState state = states.get((start + i) % states.size());
      if ((tried & state.bit()) == 0) {
        return state;
      }
    }
    return null;
  }

  void retire() {
    states.forEach(ReplicaState::retire);
  }
}
