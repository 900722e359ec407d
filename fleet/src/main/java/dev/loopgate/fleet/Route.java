package dev.loopgate.fleet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/// A route in service: under which prefix it is reached, whose turn it is, and who gets a copy. Any
/// thread; takes no lock.
public final class Route {
  private final String id;
  private final String prefix;
  private final List<Deployment> turns; // one for one target
  private final AtomicInteger turn = new AtomicInteger();
  private final List<Deployment> targets;
  private final AtomicIntegerArray returned; // turns of each target that were given back
  private final @Nullable Deployment mirror;

  private Route(String id, String prefix, List<Deployment> turns, @Nullable Deployment mirror) {
    this.id = id;
    this.prefix = prefix;
    this.turns = turns;
    this.targets = turns.stream().distinct().toList();
    this.returned = new AtomicIntegerArray(targets.size());
    this.mirror = mirror;
  }

  /// The route that a model has of its own.
  static Route of(Deployment deployment, String id) {
    return new Route(id, deployment.model().prefix(), List.of(deployment), null);
  }

  /// A route by weight.
  ///
  /// @param targets in the order of the route's
  static Route of(ModelRoute route, List<Deployment> targets, @Nullable Deployment mirror) {
    List<Integer> weights = route.targets().stream().map(ModelRoute.Target::share).toList();
    List<Deployment> turns = turns(weights).stream().map(targets::get).toList();
    return new Route(route.id(), route.prefix(), turns, mirror);
  }

  /// Its id, as records name it.
  public String id() {
    return id;
  }

  /// Its prefix without a slash at the end; empty for `/`.
  public String prefix() {
    return prefix;
  }

  /// Who gets a copy of each request, null for nobody.
  public @Nullable Deployment mirror() {
    return mirror;
  }

  /// Who may get its requests, each once; nobody whose weight is 0.
  public List<Deployment> targets() {
    return targets;
  }

  /// How many of so many turns each has, in the order of [#targets].
  public List<Integer> weights() {
    return targets.stream().map(target -> Collections.frequency(turns, target)).toList();
  }

  /// Whether this one leads where `other` does, in the same turns.
  boolean leadsAs(Route other) {
    return id.equals(other.id)
        && prefix.equals(other.prefix)
        && turns.equals(other.turns)
        && Objects.equals(mirror, other.mirror);
  }

  Deployment first() {
    return turns.getFirst();
  }

  boolean hasTurns() {
    return turns.size() > 1;
  }

  /// The next one: after each 100 requests each target had exactly as many as its weight says,
  /// those not counted whose turn was given back.
  Deployment next() {
    for (int i = 0; i < targets.size(); i++) {
      int owed = returned.get(i);
      while (owed > 0) {
        if (returned.compareAndSet(i, owed, owed - 1)) {
          return targets.get(i);
        }
        owed = returned.get(i);
      }
    }
    return turns.get(Math.floorMod(turn.getAndIncrement(), turns.size()));
  }

  /// A turn of `target` was not used; whoever comes next has it. There are never more of them than
  /// requests were in flight at a time.
  void giveBack(Deployment target) {
    returned.incrementAndGet(targets.indexOf(target));
  }

  /// Indexes of targets in the order of their turns, spread as evenly as their weights allow, with
  /// nobody twice where once will do: 50 and 50 are two turns.
  static List<Integer> turns(List<Integer> weights) {
    int divisor = weights.stream().reduce(0, Route::greatestCommonDivisor);
    int total = weights.stream().mapToInt(Integer::intValue).sum() / divisor;
    int[] credit = new int[weights.size()];
    List<Integer> turns = new ArrayList<>(total);
    for (int turn = 0; turn < total; turn++) {
      int most = 0;
      for (int i = 0; i < credit.length; i++) {
        credit[i] += weights.get(i) / divisor;
        most = credit[i] > credit[most] ? i : most;
      }
      credit[most] -= total;
      turns.add(most);
    }
    return List.copyOf(turns);
  }

  private static int greatestCommonDivisor(int one, int other) {
    return other == 0 ? one : greatestCommonDivisor(other, one % other);
  }
}
