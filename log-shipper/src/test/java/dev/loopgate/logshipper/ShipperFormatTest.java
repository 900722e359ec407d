package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.spool.LogPosition;
import dev.loopgate.testkit.GoldenFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Row 20 of the fault matrix, the shipper's part: a commit log with an open plan, its staged files
/// and what was published before are read by every later version as they were meant.
///
/// A new type of record, or another meaning of one, is another `shipper-format-N.zip` beside those
/// there are; [GoldenFiles] says how it is made.
final class ShipperFormatTest {
  private static final String NEWEST = "shipper-format-1.zip";
  private static final Path COMMITS = ShipperSim.SPOOL.resolve("commit");
  private static final Path STAGING = Path.of("/staging");

  @ParameterizedTest
  @ValueSource(strings = NEWEST)
  void goesOnWhereEachVersionStopped(String resource) throws IOException {
    Map<String, byte[]> left = GoldenFiles.read(ShipperFormatTest.class, resource);
    ShipperSim sim = new ShipperSim(1);
    before(sim);
    after(sim);
    sim.time.setWall(Instant.parse("2026-11-24T12:00:00Z"));
    sim.tree.createDirectory(COMMITS);
    Map<String, byte[]> staged = new TreeMap<>();
    for (Map.Entry<String, byte[]> file : left.entrySet()) {
      String name = file.getKey().substring(file.getKey().indexOf('/') + 1);
      switch (file.getKey().substring(0, file.getKey().indexOf('/'))) {
        case "objects" -> sim.bucket.objects().put(name, file.getValue());
        case "commit" -> put(sim, COMMITS.resolve(name), file.getValue());
        default -> {
          put(sim, STAGING.resolve(name), file.getValue());
          staged.put(name, file.getValue());
        }
      }
    }
    CommitLog.Found found = CommitLog.find(sim.tree, COMMITS, ShipperSim.SPOOL_ID);
    assertThat(found.damaged()).isEmpty();
    assertThat(found.state().cursor()).isEqualTo(new LogPosition(0, 4096 + 64 * 5));
    assertThat(found.state().nextWindow()).isEqualTo(2);
    CommitRecord.WindowPlan plan = Objects.requireNonNull(found.state().plan());
    assertThat(plan.files())
        .extracting(file -> file.key().path())
        .containsExactlyInAnyOrder(
            "request_response/wine/1/year=2026/month=11/day=24/2026112411_0.json",
            "response_body/wine/1/year=2026/month=11/day=24/2026112411_0.json",
            "feedback/wine/1/year=2026/month=11/day=24/2026112410_1.json");

    sim.start();
    sim.workUntilDone();

    assertThat(sim.events.parked).isEmpty();
    for (CommitRecord.PlannedFile file : plan.files()) {
      assertThat(sim.objects().get(file.key().path()))
          .as("published as it was staged: %s", file.key())
          .isEqualTo(staged.get(Staging.nameOf(plan.window(), file.number())));
    }
    sim.assertEachOnce(resource);
    sim.assertManifestsHold(resource);
  }

  @Test
  void whatIsWrittenIsTheNewestFormat() throws IOException {
    Map<String, byte[]> written = write();
    GoldenFiles.writeIfAsked(NEWEST, written);

    Map<String, byte[]> golden = GoldenFiles.read(ShipperFormatTest.class, NEWEST);

    assertThat(written.keySet()).isEqualTo(golden.keySet());
    written.forEach((name, bytes) ->
        assertThat(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1))
            .as("another format is another golden file: file=%s", name)
            .isEqualTo(
                new String(
                    Objects.requireNonNull(golden.get(name)),
                    java.nio.charset.StandardCharsets.ISO_8859_1)));
  }

  private static void before(ShipperSim sim) {
    long at = Instant.parse("2026-11-24T10:30:00Z").toEpochMilli();
    sim.log.append(FakeLog.prediction("published", "wine", "1", at));
    sim.log.append(FakeLog.feedback("published", "wine", "1", at));
    sim.log.lose(2);
  }

  private static void after(ShipperSim sim) {
    long at = Instant.parse("2026-11-24T10:59:59Z").toEpochMilli();
    sim.log.append(FakeLog.feedback("planned", "wine", "1", at));
    sim.log.append(FakeLog.prediction("planned", "wine", "1", at + 1_000));
  }

  /// A window that is committed, its hour's manifest, and a plan that the store refuses.
  private static Map<String, byte[]> write() throws IOException {
    ShipperSim sim = new ShipperSim(1);
    sim.start();
    before(sim);
    sim.workUntilDone();
    sim.memory().refuse(true);
    after(sim);
    sim.work();
    sim.time.advance(sim.config.window());
    sim.work();
    assertThat(sim.events.parked).hasSize(1);
    Map<String, byte[]> files = new TreeMap<>();
    sim.objects().forEach((key, bytes) -> files.put("objects/" + key, bytes));
    for (Path file : sim.tree.files(COMMITS)) {
      files.put("commit/" + file.getFileName(), sim.tree.bytes(file));
    }
    for (Path file : sim.tree.files(STAGING)) {
      files.put("staging/" + file.getFileName(), sim.tree.bytes(file));
    }
    return files;
  }

  private static void put(ShipperSim sim, Path file, byte[] bytes) throws IOException {
    try (FileTree.NewFile made = sim.tree.create(file)) {
      made.write(bytes, 0, bytes.length);
      made.force();
    }
    sim.tree.forceDirectory(Objects.requireNonNull(file.getParent()));
  }
}
