package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Row 24 of the fault matrix: of a plan's staged files each is lost, rotten or cut, before or
/// after a start. The sink is parked, all is kept, and nothing is rendered a second time; when the
/// file is back as it was, it goes on.
final class StagedFileTest {
  private static final Path STAGING = Path.of("/staging");
  private static final int FILES = 6;

  @ParameterizedTest
  @CsvSource({"LOST,false", "LOST,true", "ROTTEN,false", "ROTTEN,true", "CUT,false", "CUT,true"})
  void parksTheSinkAndGoesOnWhenItIsBack(String fault, boolean restarts) throws IOException {
    for (int which = 0; which < FILES; which++) {
      ShipperSim one = new ShipperSim(1);
      parksAndGoesOn(one, fault, restarts, which);
    }
  }

  private static void parksAndGoesOn(ShipperSim sim, String fault, boolean restarts, int which)
      throws IOException {
    String as = fault + ", restarts=" + restarts + ", file=" + which;
    Map<String, byte[]> staged = plan(sim);
    List<String> names = new ArrayList<>(staged.keySet());
    String name = names.get(which);
    Path file = STAGING.resolve(name);
    byte[] good = Objects.requireNonNull(staged.get(name));
    switch (fault) {
      case "LOST" -> sim.tree.lose(file);
      case "ROTTEN" -> sim.tree.rot(file);
      default -> replace(sim, file, Arrays.copyOf(good, good.length - 1));
    }
    sim.refuses = false;
    sim.memory().refuse(false);
    if (restarts) {
      sim.start();
    }
    sim.memory().uploadsMax(1); // one after the other: it is known which were asked for
    sim.log.append(FakeLog.prediction("later", "m0", "1", sim.time.epochMillis()));
    for (int i = 0; i < 10; i++) {
      sim.time.advance(Duration.ofHours(1));
      sim.work();
    }

    assertThat(sim.events.parked.getLast())
        .as(as)
        .startsWith("staged file: lost or altered: file=" + name);
    assertThat(sim.shipper().status().parked()).as(as).isNotEmpty();
    // Those before it, byte for byte. To this process the first one, which was refused, comes last.
    int before = restarts ? which : (which + staged.size() - 1) % staged.size();
    assertThat(sim.objects().values()).as(as).hasSize(before);
    for (byte[] object : sim.objects().values()) {
      assertThat(staged.values()).as(as).anyMatch(bytes -> Arrays.equals(bytes, object));
    }
    assertThat(sim.log.released()).as(as).isEqualTo(dev.loopgate.spool.LogPosition.START);
    Map<String, byte[]> left = stagedFiles(sim);
    left.forEach((other, bytes) -> {
      if (!other.equals(name)) {
        assertThat(bytes).as("%s: %s", as, other).isEqualTo(staged.get(other));
      }
    });
    assertThat(staged.keySet()).as(as).containsAll(left.keySet());

    if (!fault.equals("LOST")) {
      sim.tree.lose(file);
    }
    replace(sim, file, good);
    sim.start(); // somebody put it back
    sim.workUntilDone();
    sim.time.advance(Duration.ofHours(2));
    sim.workUntilDone();
    sim.assertEachOnce(as);
    sim.assertManifestsHold(as);
  }

  private static void replace(ShipperSim sim, Path file, byte[] bytes) throws IOException {
    sim.tree.lose(file);
    try (FileTree.NewFile made = sim.tree.create(file)) {
      made.write(bytes, 0, bytes.length);
      made.force();
    }
    sim.tree.forceDirectory(STAGING);
  }

  /// A plan of several files that the store has refused so far.
  private static Map<String, byte[]> plan(ShipperSim sim) throws IOException {
    sim.refuses = true;
    for (int i = 0; i < FILES / 2; i++) {
      sim.log.append(FakeLog.prediction("id-" + i, "m" + i, "1", sim.time.epochMillis()));
    }
    sim.start();
    sim.memory().uploadsMax(1); // one after the other: it is known which were asked for
    sim.work();
    assertThat(sim.events.parked).hasSize(1);
    Map<String, byte[]> staged = stagedFiles(sim);
    assertThat(staged).hasSize(FILES);
    return staged;
  }

  private static Map<String, byte[]> stagedFiles(ShipperSim sim) {
    Map<String, byte[]> staged = new TreeMap<>();
    for (Path file : sim.tree.files(STAGING)) {
      staged.put(file.getFileName().toString(), sim.tree.bytes(file));
    }
    return staged;
  }
}
