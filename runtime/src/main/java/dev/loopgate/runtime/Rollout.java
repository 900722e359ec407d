package dev.loopgate.runtime;

import dev.loopgate.fleet.HostedDeployment.Phase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Which replicas of a deployment are to go and how many are to begin, so that what runs comes to
/// be what is wanted and what serves never gets less on the way: the new revision comes one beside
/// the number wanted, and an old replica goes when there are enough without it. Pure.
///
/// @param ends positions in the list that was given, each once
/// @param starts how many replicas of the wanted revision begin
record Rollout(List<Integer> ends, int starts) {
  /// A replica, as far as it matters here.
  ///
  /// @param isCurrent whether it is of the revision that is wanted
  /// @param hasServed whether it was ready once: what is not at this moment may be again in the
  ///   next, and is not given up for a revision that may never be
  record Stand(boolean isCurrent, Phase phase, boolean hasServed) {
    boolean isLeaving() {
      return phase == Phase.ENDING;
    }

    boolean isReady() {
      return phase == Phase.READY;
    }

    /// Whether it counts among those that serve.
    boolean isCounted() {
      return isReady() || (!isCurrent && hasServed);
    }
  }

  /// The next step.
  ///
  /// @param wanted how many are to run, 0 up
  /// @param stands all there are, the oldest first
  static Rollout next(int wanted, List<Stand> stands) {
    List<Integer> sorted = new ArrayList<>();
    for (int i = 0; i < stands.size(); i++) {
      if (!stands.get(i).isLeaving()) {
        sorted.add(i);
      }
    }
    // What is not ready goes before what is, the newest first.
    sorted.sort(
        Comparator.comparing((Integer i) -> stands.get(i).isReady())
            .thenComparing(Comparator.<Integer>reverseOrder()));
    Set<Integer> staying = new LinkedHashSet<>(sorted);
    List<Integer> ends = new ArrayList<>();
    endOld(wanted, stands, staying, ends);
    endBeyond(wanted, stands, staying, ends);
    return new Rollout(List.copyOf(ends), starts(wanted, stands, staying));
  }

  private static void endOld(
      int wanted, List<Stand> stands, Set<Integer> staying, List<Integer> ends) {
    int counted = (int) staying.stream().filter(i -> stands.get(i).isCounted()).count();
    for (Integer i : List.copyOf(staying)) {
      Stand stand = stands.get(i);
      if (!stand.isCurrent() && (!stand.isCounted() || counted > wanted)) {
        counted -= stand.isCounted() ? 1 : 0;
        staying.remove(i);
        ends.add(i);
      }
    }
  }

  private static void endBeyond(
      int wanted, List<Stand> stands, Set<Integer> staying, List<Integer> ends) {
    boolean exchanges = staying.stream().anyMatch(i -> !stands.get(i).isCurrent());
    long current = staying.stream().filter(i -> stands.get(i).isCurrent()).count();
    int most = exchanges ? wanted + 1 : wanted;
    for (Integer i : List.copyOf(staying)) {
      Stand stand = stands.get(i);
      boolean tooMany = current > wanted || (!stand.isReady() && staying.size() > most);
      if (stand.isCurrent() && tooMany) {
        current--;
        staying.remove(i);
        ends.add(i);
      }
    }
  }

  private static int starts(int wanted, List<Stand> stands, Set<Integer> staying) {
    int current = (int) staying.stream().filter(i -> stands.get(i).isCurrent()).count();
    int missing = Math.max(0, wanted - current);
    // One beside the number wanted is all there is room for, so those that leave count; but nobody
    // waits for them where nothing is exchanged.
    boolean exchanges = stands.stream().anyMatch(stand -> !stand.isCurrent());
    return exchanges ? Math.clamp(wanted + 1L - stands.size(), 0, missing) : missing;
  }
}
