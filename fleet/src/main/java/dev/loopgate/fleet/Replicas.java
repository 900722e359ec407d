package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The replicas of a model in service, and which of them gets the next request. Any thread; takes
/// no lock.
///
/// Of two by chance the one with fewer requests is chosen. Those that are left out are passed over;
/// when all are, one of them is chosen all the same: what they have in common may be us, and a
/// refusal costs no less than a look.
public final class Replicas {
  private final List<ReplicaState> states;

  Replicas(Upstream upstream) {
    List<ReplicaState> all = new ArrayList<>();
    for (Replica replica : upstream.replicas()) {
      all.add(new ReplicaState(replica, all.size(), upstream.replicas().size() == 1));
    }
    states = List.copyOf(all);
  }

  /// Whether there is nothing to choose.
  public boolean isOne() {
    return states.size() == 1;
  }

  /// The first one, which stands for all in what they have in common.
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
    int start = random.nextInt(size);
    ReplicaState one = next(start, tried, nowNanos);
    if (one == null) {
      return untried(start, tried);
    }
    int skipped = size == 1 ? 0 : random.nextInt(size - 1);
    ReplicaState other = next(one.index() + 1 + skipped, tried | one.bit(), nowNanos);
    if (other == null) {
      return one; // even if another request looks whether it is back: there is no other
    }
    boolean turned = other.requests() < one.requests();
    ReplicaState less = turned ? other : one;
    return less.admits(nowNanos) ? less : turned ? one : other;
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
