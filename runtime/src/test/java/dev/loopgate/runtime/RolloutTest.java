package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.runtime.Rollout.Stand;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RolloutTest {
  /// A word for each replica: `n` of the new revision, `o` of an old one; then `s` starting, `r`
  /// ready, `b` backing off, `e` ending; `+` where it has served.
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "0, '', '', 0",
    "3, '', '', 3",
    "1, nr+, '', 0",
    "3, nr+, '', 2",
    "0, nr+ ns, '1 0', 0",
    // the newest go first, those that are not ready before those that are
    "2, nr+ nr+ nr+, '2', 0",
    "2, ns nr+ nr+, '0', 0",
    "1, ns nb nr+ nr+, '1 0 3', 0",
    "2, nr+ nr+ ne+, '', 0",
    // those that end are waited for only where there is an exchange
    "1, ne+, '', 1",
    "1, oe+, '', 1",
    "3, oe+ oe+ oe+, '', 1",
    // one by one
    "1, or+, '', 1",
    "1, or+ ns, '', 0",
    "1, or+ nr+, '0', 0",
    "1, oe+ nr+, '', 0",
    "3, or+ or+ or+, '', 1",
    "3, or+ or+ or+ nr+, '2', 0",
    "3, or+ or+ oe+ nr+, '', 0",
    "3, or+ or+ nr+, '', 1",
    "2, or+ or+ nb, '', 0",
    // what never served is no loss, and what did may serve again
    "1, os, '0', 1",
    "1, ob, '0', 1",
    "1, ob+, '', 1",
    "1, os+ nb, '', 0",
    "1, os+ nr+, '0', 0",
    "2, or+ ob+ nr+, '1', 0",
    // wanted changes on the way
    "1, or+ or+ or+, '2 1', 0",
    "0, or+ ns, '0 1', 0",
    "3, or+, '', 3",
    "1, or+ ns nr+, '0 1', 0",
    "3, or+ or+ or+ ns ns, '4', 0",
    "1, or+ nr+ nr+, '0 2', 0",
  })
  void takesTheNextStep(int wanted, String stands, String ends, int starts) {
    Rollout next = Rollout.next(wanted, stands(stands));

    assertThat(String.join(" ", next.ends().stream().map(String::valueOf).toList()))
        .isEqualTo(ends);
    assertThat(next.starts()).isEqualTo(starts);
  }

  /// A machine where everything may happen to replicas at any time, until the world is at rest.
  @Test
  void neverTakesAwayWhatServesAndComesToAnEnd() {
    for (int round = 0; round < 5_000; round++) {
      long seed = round * 7919L;
      Random random = new Random(seed);
      int wanted = random.nextInt(5);
      List<Stand> stands = begin(random);
      for (int i = 0; i < 30; i++) {
        if (random.nextInt(10) == 0) {
          wanted = random.nextInt(5);
        }
        stands = stepped(wanted, stands, seed);
        change(stands, random);
      }
      for (int i = 0; i < 40; i++) { // whatever began becomes ready, whatever ends is gone
        stands = stepped(wanted, stands, seed);
        stands.removeIf(stand -> stand.phase() == Phase.ENDING);
        stands.replaceAll(stand -> new Stand(stand.isCurrent(), Phase.READY, true));
      }
      assertThat(stands).as("seed %d", seed).hasSize(wanted).allMatch(Stand::isCurrent);
    }
  }

  private static List<Stand> stepped(int wanted, List<Stand> before, long seed) {
    Rollout next = Rollout.next(wanted, before);
    List<Stand> after = new ArrayList<>(before);
    for (int i : next.ends()) {
      Stand stand = before.get(i);
      assertThat(stand.phase()).as("seed %d", seed).isNotEqualTo(Phase.ENDING);
      after.set(i, new Stand(stand.isCurrent(), Phase.ENDING, stand.hasServed()));
    }
    long readyBefore = ready(before);
    assertThat(ready(after))
        .as("seed %d: %s, wanted=%d: %s", seed, before, wanted, next)
        .isGreaterThanOrEqualTo(Math.min(readyBefore, wanted));
    for (int i = 0; i < next.starts(); i++) {
      after.add(new Stand(true, Phase.STARTING, false));
    }
    if (next.starts() > 0 && after.stream().anyMatch(stand -> !stand.isCurrent())) {
      assertThat(after)
          .as("seed %d: %s, wanted=%d: %s", seed, before, wanted, next)
          .hasSizeLessThanOrEqualTo(wanted + 1);
    }
    assertThat(Rollout.next(wanted, after).ends()).as("seed %d: the same again", seed).isEmpty();
    return after;
  }

  private static long ready(List<Stand> stands) {
    return stands.stream().filter(stand -> stand.phase() == Phase.READY).count();
  }

  private static List<Stand> begin(Random random) {
    List<Stand> stands = new ArrayList<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      boolean ready = random.nextBoolean();
      stands.add(new Stand(random.nextInt(3) == 0, ready ? Phase.READY : Phase.STARTING, ready));
    }
    return stands;
  }

  private static void change(List<Stand> stands, Random random) {
    for (int i = stands.size() - 1; i >= 0; i--) {
      Stand stand = stands.get(i);
      boolean isEnding = stand.phase() == Phase.ENDING;
      int what = random.nextInt(8);
      if (isEnding && what < 4) {
        stands.remove(i);
      } else if (!isEnding && what < 3) {
        Phase phase = List.of(Phase.STARTING, Phase.READY, Phase.BACKING_OFF).get(what);
        boolean hasServed = stand.hasServed() || phase == Phase.READY;
        stands.set(i, new Stand(stand.isCurrent(), phase, hasServed));
      }
    }
    if (random.nextInt(12) == 0) { // another revision is applied
      stands.replaceAll(stand -> new Stand(false, stand.phase(), stand.hasServed()));
    }
  }

  private static List<Stand> stands(String words) {
    List<Stand> stands = new ArrayList<>();
    for (String word : words.isEmpty() ? new String[0] : words.split(" ", -1)) {
      Phase phase =
          switch (word.charAt(1)) {
            case 's' -> Phase.STARTING;
            case 'r' -> Phase.READY;
            case 'b' -> Phase.BACKING_OFF;
            default -> Phase.ENDING;
          };
      stands.add(new Stand(word.charAt(0) == 'n', phase, word.endsWith("+")));
    }
    return stands;
  }
}
