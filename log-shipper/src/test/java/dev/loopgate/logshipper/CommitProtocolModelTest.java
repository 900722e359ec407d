package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.logshipper.ProtocolWorld.Act;
import dev.loopgate.logshipper.ProtocolWorld.Kind;
import dev.loopgate.logshipper.ProtocolWorld.Medium;
import dev.loopgate.logshipper.ProtocolWorld.Planted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The commit protocol, breadth first: all that can happen to two windows within a number of
/// faults, each at every place. So a failure names the fewest acts that lead to it.
///
/// A world can't be copied, so each is made again from its first act on; one that goes on like one
/// seen before is not looked at twice.
final class CommitProtocolModelTest {
  private static final Act STEP = new Act(Kind.STEP, 0);
  private static final int STEPS_MAX = 100; // to the end without a fault

  /// One more fault of each kind with `-Dloopgate.protocol.deeper=1`: an hour.
  private static final int DEEPER = Integer.getInteger("loopgate.protocol.deeper", 0);

  private record Node(@Nullable Node before, @Nullable Act act, int faults, int diskFaults) {
    List<Act> acts() {
      List<Act> acts = before == null ? new ArrayList<>() : before.acts();
      if (act != null) {
        acts.add(act);
      }
      return acts;
    }

    /// A kill between two steps of the shipper costs as little as a lost answer.
    Node then(Act next) {
      return switch (next.kind()) {
        case STEP, APPEND, LAND -> new Node(this, next, faults, diskFaults);
        case FOREIGN, ANSWER_LOST, NEVER_SENT, SENT_LATE, ROTTEN ->
            new Node(this, next, faults + 1, diskFaults);
        case KILLED ->
            next.at() == 0
                ? new Node(this, next, faults + 1, diskFaults)
                : new Node(this, next, faults, diskFaults + 1);
        case POWER_CUT, DISK_FULL -> new Node(this, next, faults, diskFaults + 1);
      };
    }
  }

  /// Where a step without any fault leads.
  private record Step(Node from, UUID to) {}

  private record Outcome(String violation, int worlds, int atRest) {}

  @ParameterizedTest
  @CsvSource({
    "REMOTE, 2, 0",
    "REMOTE, 1, 1",
    "ABREAST, 2, 0",
    "ABREAST, 1, 1",
    "LINKS, 2, 0",
    "LINKS, 1, 1",
    "COPIES, 0, 1"
  })
  void eachEntryIsInOneObjectWhateverHappens(Medium medium, int faults, int diskFaults)
      throws IOException {
    Outcome outcome = explore(medium, Planted.NONE, faults + DEEPER, diskFaults + DEEPER);

    assertThat(outcome.violation()).isEmpty();
    assertThat(outcome.worlds()).isGreaterThan(100);
    assertThat(outcome.atRest()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_JUDGED, a new key without a foreign owner",
    "COMMITTED_BEFORE_PUBLISHED, an entry is in no object",
    "REPLACED, a foreign object was replaced",
    "NAMES_NOT_FORCED, read before what was released",
  })
  void whatIsWrongOnPurposeIsFound(Planted planted, String violation) throws IOException {
    assertThat(explore(Medium.REMOTE, planted, 1, 1).violation()).startsWith(violation);
  }

  private static Outcome explore(Medium medium, Planted planted, int faultsMax, int diskFaultsMax)
      throws IOException {
    Set<UUID> seen = new HashSet<>();
    Map<UUID, Step> honest = new HashMap<>();
    Set<UUID> done = new HashSet<>();
    Deque<Node> queue = new ArrayDeque<>();
    queue.add(new Node(null, null, 0, 0));
    int atRest = 0;
    while (!queue.isEmpty()) {
      Node node = queue.remove();
      List<Act> acts = node.acts();
      ProtocolWorld world = replay(medium, planted, acts);
      UUID here = idOf(world, node);
      if (world.isDone()) {
        done.add(here);
      }
      atRest += world.isAtRest() ? 1 : 0;
      int onTheirWay = world.onTheirWay();
      boolean renumbered = world.endsWithANewNumber();
      world.apply(STEP);
      honest.put(here, new Step(node, idOf(world, node)));
      List<Act> nextActs = next(world, onTheirWay);
      if (renumbered) {
        nextActs.add(new Act(Kind.ROTTEN, 0));
      }
      for (Act act : nextActs) {
        Node next = node.then(act);
        if (next.faults() > faultsMax || next.diskFaults() > diskFaultsMax) {
          continue;
        }
        ProtocolWorld after = world; // it made the step
        if (!act.equals(STEP)) {
          after = replay(medium, planted, acts);
          after.apply(act);
        }
        if (!after.violation().isEmpty()) {
          return new Outcome(after.violation() + " after " + next.acts(), seen.size(), atRest);
        }
        if (seen.add(idOf(after, next))) {
          queue.add(next);
        }
      }
    }
    return new Outcome(stuck(honest, done), seen.size(), atRest);
  }

  /// A world from which steps alone lead in a circle, or nowhere.
  private static String stuck(Map<UUID, Step> honest, Set<UUID> done) {
    for (Map.Entry<UUID, Step> start : honest.entrySet()) {
      UUID at = start.getKey();
      for (int i = 0; i < STEPS_MAX && !done.contains(at); i++) {
        Step step = honest.get(at);
        if (step == null) {
          return "not looked at";
        }
        at = step.to();
      }
      if (!done.contains(at)) {
        return "never ends after " + start.getValue().from().acts();
      }
    }
    return "";
  }

  /// What can happen instead of the step that `after` made.
  private static List<Act> next(ProtocolWorld after, int onTheirWay) {
    List<Act> acts = new ArrayList<>();
    acts.add(STEP);
    if (after.appended() < ProtocolWorld.ENTRIES) {
      acts.add(new Act(Kind.APPEND, 0));
    }
    for (int i = 0; i < onTheirWay; i++) {
      acts.add(new Act(Kind.LAND, i));
    }
    acts.add(new Act(Kind.FOREIGN, 0));
    for (int i = 0; i < after.askedTheStore(); i++) {
      acts.add(new Act(Kind.ANSWER_LOST, i));
      acts.add(new Act(Kind.NEVER_SENT, i));
      acts.add(new Act(Kind.SENT_LATE, i));
    }
    for (int i = 0; i < after.diskSteps(); i++) {
      acts.add(new Act(Kind.KILLED, i));
      acts.add(new Act(Kind.POWER_CUT, i));
      acts.add(new Act(Kind.DISK_FULL, i));
    }
    return acts;
  }

  private static ProtocolWorld replay(Medium medium, Planted planted, List<Act> acts)
      throws IOException {
    ProtocolWorld world = new ProtocolWorld(medium, planted);
    for (Act act : acts) {
      world.apply(act);
    }
    return world;
  }

  private static UUID idOf(ProtocolWorld world, Node node) {
    return UUID.nameUUIDFromBytes(
        (node.faults() + "," + node.diskFaults() + world.fingerprint())
            .getBytes(StandardCharsets.ISO_8859_1));
  }
}
