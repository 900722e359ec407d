package dev.loopgate.spool;

import static dev.loopgate.spool.Entries.prediction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.EntryKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rings whose spools are not where they were.
final class RingPlacesTest {
  private static final int LEFT_MAX = 8;

  @TempDir Path root;

  private SpoolFixture spool(int number) {
    SpoolFixture fixture =
        new SpoolFixture(
            new FileDisk(), root.resolve("spool-" + number), root.resolve("rings"), 64 << 10);
    fixture.random = new Random(number);
    return fixture;
  }

  /// Killed with an entry that its log had not, and then its disk is not mounted.
  private Path lostFromSight(int number) throws IOException {
    SpoolFixture fixture = spool(number);
    Spool killed = fixture.open();
    long now = fixture.time.epochMillis();
    SpoolLane lane = killed.openLane();
    lane.begun(EntryKind.PREDICTION, 0, now);
    assertThat(lane.append(prediction("p-" + number, now, 10, 10), 0)).isEqualTo(Appended.ACCEPTED);
    Path ring = killed.ringFile().path();
    killed.die();
    Files.move(fixture.config.directory(), root.resolve("unmounted-" + number));
    Files.setLastModifiedTime(ring, FileTime.fromMillis(number * 1_000L));
    return ring;
  }

  @Test
  void theNewestThatHoldEntriesAreLeftForASpoolThatComesBack() throws IOException {
    Files.createDirectory(root.resolve("rings"));
    List<Path> rings = new ArrayList<>();
    for (int number = 1; number <= LEFT_MAX + 2; number++) {
      rings.add(lostFromSight(number));
    }

    SpoolFixture other = spool(99);
    other.open().close();

    assertThat(rings.subList(0, 2)).noneMatch(Files::exists);
    assertThat(rings.subList(2, rings.size())).allMatch(Files::exists);
    assertThat(other.heard.recovered)
        .filteredOn(line -> line.startsWith("ring left alone: it holds entries"))
        .hasSize(LEFT_MAX);
    SpoolFixture back = spool(LEFT_MAX);
    Files.move(root.resolve("unmounted-" + LEFT_MAX), back.config.directory());
    try (Spool spool = back.open()) {
      assertThat(SpoolFixture.entries(spool)).containsExactly("p-8:10:10");
      assertThat(SpoolFixture.gaps(spool)).isEmpty();
    }
  }

  @Test
  void aCopyBesideItsOriginalIsRefusedAndCostsItNothing() throws IOException {
    Files.createDirectory(root.resolve("rings"));
    SpoolFixture original = spool(1);
    Spool killed = original.open();
    long now = original.time.epochMillis();
    SpoolLane lane = killed.openLane();
    lane.begun(EntryKind.PREDICTION, 0, now);
    lane.append(prediction("p", now, 10, 10), 0);
    killed.die();
    copy(original.config.directory(), root.resolve("spool-2"));

    SpoolFixture copy = spool(2);
    assertThatThrownBy(copy::open)
        .isInstanceOf(SpoolException.class)
        .hasMessageContaining("it is a copy of the spool in " + original.config.directory());

    Files.createSymbolicLink(root.resolve("spool-3"), original.config.directory());
    try (Spool sameByAnotherName = spool(3).open()) {
      assertThat(SpoolFixture.entries(sameByAnotherName)).containsExactly("p:10:10");
    }
    Files.move(original.config.directory(), root.resolve("elsewhere"));
    copy.open().close();
  }

  @Test
  void whoLooksAtItInThisProcessOpensItForNoOther() throws Exception {
    Files.createDirectory(root.resolve("rings"));
    Files.createDirectory(root.resolve("unmounted"));
    SpoolFixture first = spool(1);
    Path directory = first.config.directory();
    try (Spool spool = first.open()) {
      Path lock = new LogDirectory(directory).lock();
      Path ring = spool.ringFile().path();

      assertThatThrownBy(first::open).hasMessageContaining("held in this process");
      spool(2).open().close(); // looks at all rings there
      assertThat(LockChild.locks(lock, ring)).isZero();

      Files.move(directory, root.resolve("unmounted/spool")); // as if its disk had gone
      spool(3).open().close();
      assertThat(LockChild.locks(ring)).isZero();
      Files.move(root.resolve("unmounted/spool"), directory);
    }
    assertThat(LockChild.locks(new LogDirectory(directory).lock())).isOne();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)));
      }
    }
  }
}
