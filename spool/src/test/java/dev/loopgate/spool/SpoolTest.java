package dev.loopgate.spool;

import static dev.loopgate.capture.EntryKind.FEEDBACK;
import static dev.loopgate.capture.EntryKind.PREDICTION;
import static dev.loopgate.spool.Entries.feedback;
import static dev.loopgate.spool.Entries.prediction;
import static dev.loopgate.spool.SpoolFixture.entries;
import static dev.loopgate.spool.SpoolFixture.gaps;
import static dev.loopgate.spool.SpoolFixture.noted;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The spool as its users see it, on a real file system, its writer turned by hand.
final class SpoolTest {
  @TempDir Path root;
  private SpoolFixture fixture;
  private long now;

  @BeforeEach
  void prepare() throws IOException {
    fixture = fixtureWithRing(64 << 10);
    now = SpoolFixture.START_MILLIS;
  }

  @Test
  void readsBackWhatWasAppended() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      int wine = spool.slotOf("wine");
      begin(lane, wine);
      assertThat(lane.append(prediction("p-1", now, 100, 2000), wine)).isEqualTo(Appended.ACCEPTED);
      List<ForceListener.Outcome> told = new ArrayList<>();
      assertThat(lane.appendForced(feedback("f-1", now), wine, told::add))
          .isEqualTo(Appended.ACCEPTED);

      assertThat(told).isEmpty();
      assertThat(spool.doWork()).isEqualTo(2);
      assertThat(told).containsExactly(ForceListener.Outcome.DURABLE);
      assertThat(entries(spool)).containsExactly("p-1:100:2000", "f-1");
      assertThat(noted(spool, PREDICTION).accepted()).isEqualTo(1);
      assertThat(noted(spool, PREDICTION).open()).isZero();
      assertThat(noted(spool, FEEDBACK).accepted()).isEqualTo(1);
      assertThat(spool.status().logged()).isEqualTo(2);
      assertThat(spool.status().inRing()).isZero();
      assertThat(spool.status().ringBytesUsed()).isZero();
    }
  }

  @Test
  void forcesACaptureWhenItIsTenMillisecondsOld() throws IOException {
    try (Spool spool = fixture.open()) {
      spool.doWork();
      SpoolLane lane = spool.openLane();
      append(lane, "p-1");

      assertThat(spool.doWork()).isZero();
      fixture.time.advance(Duration.ofMillis(9));
      assertThat(spool.doWork()).isZero();
      assertThat(spool.status().inRing()).isEqualTo(1);
      fixture.time.advance(Duration.ofMillis(1));
      assertThat(spool.doWork()).isEqualTo(1);
    }
  }

  @Test
  void findsInTheRingWhatAKilledProcessLeft() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    int wine = killed.slotOf("wine");
    lane.begun(PREDICTION, wine, now);
    lane.append(prediction("p-1", now, 10, 10), wine);
    lane.begun(PREDICTION, wine, now); // never ends
    lane.begun(PREDICTION, wine, now);
    lane.sampledOut(PREDICTION, wine, now);
    kill(killed);

    try (Spool spool = fixture.open()) {
      assertThat(entries(spool)).containsExactly("p-1:10:10");
      LedgerCounts counts = noted(spool, PREDICTION);
      assertThat(counts.begun()).isEqualTo(3);
      assertThat(counts.accepted()).isEqualTo(1);
      assertThat(counts.sampledOut()).isEqualTo(1);
      assertThat(counts.dropped().get(DropReason.GATEWAY_KILLED.number())).isEqualTo(1);
      assertThat(gaps(spool)).isEmpty();
    }
  }

  @Test
  void storesNothingTwiceWhenKilledBetweenTheLogAndTheRing() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "p-1");
    append(lane, "p-2");
    byte[] before = Files.readAllBytes(killed.ringFile().path());
    fixture.time.advance(Duration.ofMillis(10));
    killed.doWork();
    fixture.time.advance(Duration.ofMillis(10));
    killed.doWork();
    append(lane, "p-3");
    // As if the kill had come before the ring was released: head and zeros are not there yet.
    Files.write(killed.ringFile().path(), before);
    kill(killed);

    try (Spool spool = fixture.open()) {
      assertThat(entries(spool)).containsExactly("p-1:10:10", "p-2:10:10");
      assertThat(noted(spool, PREDICTION).accepted()).isEqualTo(2);
    }
  }

  @Test
  void stepsOverOpenClaimsAndTakesWhatIsBehindThem() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "p-1");
    killed.ringFile().ring().claim(1, 500, 500, 0);
    append(lane, "p-2");
    killed.ringFile().ring().claim(3, 500, 20, 0);
    append(lane, "p-3");
    kill(killed);

    try (Spool spool = fixture.open()) {
      assertThat(entries(spool)).containsExactly("p-1:10:10", "p-2:10:10", "p-3:10:10");
    }
  }

  @Test
  void keepsAnEntryInPartsWholeAndCountsItOnce() throws IOException {
    fixture = fixtureWithRing(16 << 20);
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      int each = (9 << 20) / 2 - 100_000;
      for (int[] bodies : new int[][] {{10, 10}, {1 << 20, 500_000}, {each, each}}) {
        begin(lane, 0);
        assertThat(lane.append(prediction("p", now, bodies[0], bodies[1]), 0))
            .isEqualTo(Appended.ACCEPTED);
      }
      drain(spool);

      assertThat(entries(spool))
          .containsExactly("p:10:10", "p:1048576:500000", "p:" + each + ":" + each);
      assertThat(noted(spool, PREDICTION).accepted()).isEqualTo(3);
      LogRecord.EntryAt last =
          (LogRecord.EntryAt)
              SpoolFixture.records(spool).stream()
                  .filter(LogRecord.EntryAt.class::isInstance)
                  .toList()
                  .getLast();
      var read = (dev.loopgate.capture.Prediction) spool.reader().read(last);
      assertThat(read.responseBody().copyKept())
          .isEqualTo(prediction("p", now, each, each).responseBody().copyKept());
    }
  }

  @Test
  void keepsNoPartOfAnEntryThatWasNotWholeWhenKilled() throws IOException {
    Spool killed = fixture.open();
    SpoolLane lane = killed.openLane();
    append(lane, "p-1");
    append(lane, "p-2", 20_000);
    append(lane, "p-3");
    // The first part is committed last: without it the others were never accepted.
    Ring ring = killed.ringFile().ring();
    long second = ring.skip(0);
    ring.memory().set(java.lang.foreign.ValueLayout.JAVA_INT, second, -ring.peek(second) - 8);
    kill(killed);

    try (Spool spool = fixture.open()) {
      assertThat(entries(spool)).containsExactly("p-1:10:10", "p-3:10:10");
      assertThat(noted(spool, PREDICTION).accepted()).isEqualTo(2);
      assertThat(noted(spool, PREDICTION).droppedTotal()).isEqualTo(1);
    }
  }

  @Test
  void countsExactlyWhatFoundNoRoom() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      int accepted = 0;
      int cut = 0;
      int full = 0;
      for (int i = 0; i < 300; i++) {
        begin(lane, 0);
        switch (lane.append(prediction("p-" + i, now, 1000, 1000), 0)) {
          case ACCEPTED -> accepted++;
          case ACCEPTED_WITHOUT_BODIES -> cut++;
          case FULL -> full++;
          case CLOSED -> throw new AssertionError();
        }
      }
      assertThat(accepted).isPositive();
      assertThat(cut).isPositive();
      assertThat(full).isPositive();
      assertThat(fixture.heard.cut).isEqualTo(cut);
      assertThat(fixture.heard.dropped).hasSize(full).containsOnly(DropReason.RING_FULL);
      // The last eighth is for feedback.
      assertThat(lane.appendForced(feedback("f-1", now), 0, _ -> {})).isEqualTo(Appended.ACCEPTED);

      drain(spool);
      assertThat(entries(spool)).hasSize(accepted + cut + 1);
      LedgerCounts counts = noted(spool, PREDICTION);
      assertThat(counts.begun()).isEqualTo(300);
      assertThat(counts.accepted()).isEqualTo(accepted + cut);
      assertThat(counts.dropped().get(DropReason.RING_FULL.number())).isEqualTo(full);
      assertThat(row(spool.status().counts(), PREDICTION)).isEqualTo(counts);
    }
  }

  @Test
  void leavesNoHalfEntryWhenTheRingHasNoRoomForAllParts() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      append(lane, "p-1", 30_000);
      begin(lane, 0);
      assertThat(lane.append(prediction("p-2", now, 40_000, 0), 0))
          .isEqualTo(Appended.ACCEPTED_WITHOUT_BODIES);
      drain(spool);

      assertThat(entries(spool)).containsExactly("p-1:10:30000", "p-2:0:0");
    }
  }

  @Test
  void dropsWhatIsLargerThanAnEntryMayBe() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      begin(lane, 0);

      assertThat(lane.append(prediction("p", now, 17 << 20, 17 << 20), 0)).isEqualTo(Appended.FULL);
      assertThat(fixture.heard.dropped).containsExactly(DropReason.TOO_LARGE);
    }
  }

  @Test
  void countsEachHourForItself() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      lane.begun(PREDICTION, 0, now);
      spool.doWork();
      Duration hour = Duration.ofHours(1);
      for (int i = 1; i <= 3; i++) {
        fixture.time.advance(hour);
        now += hour.toMillis();
        lane.append(prediction("p-" + i, now, 1, 1), 0);
        lane.begun(PREDICTION, 0, now);
        drain(spool);
      }
      long first = Ledger.hourOf(SpoolFixture.START_MILLIS);

      assertThat(noted(spool).keySet())
          .containsExactly(
              first + "/0/(other)",
              first + 1 + "/0/(other)",
              first + 2 + "/0/(other)",
              first + 3 + "/0/(other)");
      assertThat(noted(spool).values())
          .extracting(LedgerCounts::begun, LedgerCounts::accepted)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple(1L, 0L),
              org.assertj.core.groups.Tuple.tuple(1L, 1L),
              org.assertj.core.groups.Tuple.tuple(1L, 1L),
              org.assertj.core.groups.Tuple.tuple(1L, 1L));
    }
  }

  @Test
  void tellsUnknownToWhoeverWaitedTenSeconds() throws IOException {
    try (Spool spool = fixture.open()) {
      SpoolLane lane = spool.openLane();
      List<ForceListener.Outcome> told = new ArrayList<>();
      lane.appendForced(feedback("f-1", now), 0, told::add);
      fixture.time.advance(Duration.ofSeconds(10).minusNanos(1));
      assertThat(spool.expireTickets()).isZero();
      fixture.time.advance(Duration.ofNanos(1));
      assertThat(spool.expireTickets()).isEqualTo(1);
      spool.doWork();

      assertThat(told).containsExactly(ForceListener.Outcome.UNKNOWN);
      assertThat(entries(spool)).containsExactly("f-1");
    }
  }

  @Test
  void answersClosedAfterTheIntakeWasClosedAndKeepsTheReader() throws IOException {
    Spool spool = fixture.open();
    SpoolLane lane = spool.openLane();
    append(lane, "p-1");
    lane.begun(PREDICTION, 0, now);

    spool.closeIntake();

    begin(lane, 0);
    assertThat(lane.append(prediction("p-2", now, 1, 1), 0)).isEqualTo(Appended.CLOSED);
    assertThat(lane.appendForced(feedback("f-1", now), 0, _ -> {})).isEqualTo(Appended.CLOSED);
    assertThat(fixture.heard.dropped).containsOnly(DropReason.SPOOL_FAILED).hasSize(2);
    assertThat(entries(spool)).containsExactly("p-1:10:10");
    spool.close();
    spool.close();
    lane.begun(PREDICTION, 0, now); // late, and harmless
  }

  @Test
  void leavesNoRingBehindACleanStopAndNoGap() throws IOException {
    Spool stopped = fixture.open();
    SpoolLane lane = stopped.openLane();
    append(lane, "p-1");
    lane.begun(PREDICTION, 0, now); // still open when the gateway stops
    Path ring = stopped.ringFile().path();
    stopped.close();

    assertThat(ring).doesNotExist();
    try (Spool spool = fixture.open()) {
      assertThat(gaps(spool)).isEmpty();
      assertThat(entries(spool)).containsExactly("p-1:10:10");
      assertThat(noted(spool, PREDICTION).open()).isZero();
      assertThat(noted(spool, PREDICTION).droppedTotal()).isEqualTo(1);
    }
  }

  @Test
  void notesAGapWhenTheRingWasLost() throws IOException {
    Spool killed = fixture.open();
    append(killed.openLane(), "p-1");
    fixture.time.advance(Duration.ofMillis(1));
    drain(killed);
    Files.delete(killed.ringFile().path());
    kill(killed);
    fixture.time.advance(Duration.ofMinutes(5));

    try (Spool spool = fixture.open()) {
      assertThat(gaps(spool)).hasSize(1);
      assertThat(gaps(spool).getFirst().getGap().getToMs()).isEqualTo(fixture.time.epochMillis());
      assertThat(gaps(spool).getFirst().getGap().getFromMs())
          .isBetween(SpoolFixture.START_MILLIS, fixture.time.epochMillis() - 290_000);
      assertThat(entries(spool)).containsExactly("p-1:10:10");
    }
  }

  @Test
  void notesAGapWhenTheRingWasLostBeforeTheLogHadAnything() throws IOException {
    Spool killed = fixture.open();
    append(killed.openLane(), "p-1");
    Files.delete(killed.ringFile().path());
    kill(killed);
    Path ident = fixture.config.directory().resolve("IDENT");
    long made = Files.getLastModifiedTime(ident).toMillis();
    fixture.time.advance(Duration.ofMillis(made + 60_000 - SpoolFixture.START_MILLIS));
    assertThat(SpoolLook.at(fixture.config.directory(), fixture.config.ringDirectory()).ringGap())
        .contains("gone");

    for (int start = 0; start < 2; start++) {
      try (Spool spool = fixture.open()) {
        assertThat(entries(spool)).isEmpty();
        assertThat(gaps(spool)).hasSize(1);
        assertThat(gaps(spool).getFirst().getGap().getFromMs()).isEqualTo(made);
      }
    }
  }

  @Test
  void notesAGapOnceWhereAnotherSpoolWasAndLeavesItsRing() throws IOException {
    Spool lost = fixture.open();
    append(lost.openLane(), "p-1");
    Path ring = lost.ringFile().path();
    kill(lost);
    long made = Files.getLastModifiedTime(ring).toMillis();
    Files.move(fixture.config.directory(), root.resolve("moved"));
    fixture.random = new java.util.Random(2);
    fixture.time.advance(Duration.ofMillis(made + 60_000 - SpoolFixture.START_MILLIS));

    for (int start = 0; start < 2; start++) {
      try (Spool spool = fixture.open()) {
        assertThat(entries(spool)).isEmpty();
        assertThat(gaps(spool)).hasSize(1);
        assertThat(gaps(spool).getFirst().getGap().getFromMs()).isBetween(made - 10_000, made);
        assertThat(ring).exists();
      }
    }
    assertThat(fixture.heard.recovered).anyMatch(e -> e.startsWith("ring of another spool"));
  }

  @Test
  void startsWithARingThatIsCutDamagedOrOfAnotherVersion() throws IOException {
    for (String fault : List.of("cut", "header", "version", "bits")) {
      Spool killed = fixture.open();
      append(killed.openLane(), "p");
      drain(killed);
      Path ring = killed.ringFile().path();
      kill(killed);
      try (FileChannel channel = FileChannel.open(ring, StandardOpenOption.WRITE)) {
        switch (fault) {
          case "cut" -> channel.truncate(100_000);
          case "header" -> channel.truncate(100);
          case "version" -> channel.write(java.nio.ByteBuffer.wrap(new byte[] {9}), 8);
          default -> channel.write(java.nio.ByteBuffer.wrap(new byte[] {9}), 40);
        }
      }
      fixture.heard.recovered.clear();
      try (Spool spool = fixture.open()) {
        assertThat(fixture.heard.recovered)
            .as(fault)
            .anyMatch(e -> e.startsWith("ring not usable"));
        assertThat(gaps(spool)).as(fault).isNotEmpty();
      }
    }
  }

  @Test
  void takesOnlyWhatIsCheckedAfterAnotherBoot() throws IOException {
    fixture.host = new SpoolFixture.Host("boot-1", 0); // no memory: the ring lies beside the log
    Spool killed = fixture.open();
    assertThat(fixture.heard.onDisk).singleElement().asString().startsWith("ring on disk");
    SpoolLane lane = killed.openLane();
    append(lane, "p-1");
    append(lane, "p-2");
    append(lane, "p-3");
    Path ring = killed.ringFile().path();
    assertThat(ring).isEqualTo(fixture.config.directory().resolve("ring"));
    Ring memory = killed.ringFile().ring();
    long inSecond = memory.payloadAt(memory.skip(0)) + 90;
    memory.memory().set(java.lang.foreign.ValueLayout.JAVA_BYTE, inSecond, (byte) 1);
    kill(killed);
    fixture.host = new SpoolFixture.Host("boot-2", 0);

    try (Spool spool = fixture.open()) {
      assertThat(entries(spool)).containsExactly("p-1:10:10", "p-3:10:10");
      assertThat(gaps(spool)).hasSize(1);
    }
  }

  @Test
  void makesTheRingForItsOwnerAloneAndRemovesOrphans() throws IOException {
    SpoolFixture other =
        new SpoolFixture(
            new FileDisk(), root.resolve("other"), fixture.config.ringDirectory(), 64 << 10);
    other.random = new java.util.Random(2);
    Spool orphan = other.open();
    Path held = orphan.ringFile().path();
    deleteAll(root.resolve("other"));

    try (Spool spool = fixture.open()) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(spool.ringFile().path())))
          .isEqualTo("rw-------");
      assertThat(held).exists(); // its process lives
    }
    orphan.ringFile().close();
    try (Spool _ = fixture.open()) {
      assertThat(held).doesNotExist();
      assertThat(fixture.heard.recovered).anyMatch(e -> e.startsWith("ring removed"));
    }
  }

  @Test
  void replacesASymbolicLinkInsteadOfFollowingIt() throws IOException {
    Spool first = fixture.open();
    Path ring = first.ringFile().path();
    first.close();
    Path precious = root.resolve("precious");
    Files.writeString(precious, "untouched");
    Files.createSymbolicLink(ring, precious);

    try (Spool spool = fixture.open()) {
      assertThat(precious).hasContent("untouched");
      assertThat(Files.isSymbolicLink(spool.ringFile().path())).isFalse();
    }
  }

  @Test
  void givesAThousandAndTwentyFourSlots() throws IOException {
    try (Spool spool = fixture.open()) {
      assertThat(spool.slotOf("a")).isEqualTo(spool.slotOf("a")).isNotZero();
      for (int i = 1; i < 1024; i++) {
        assertThat(spool.slotOf("d-" + i)).isPositive();
      }
      assertThat(spool.slotOf("one more")).isZero();
      assertThat(spool.slotOf("d-7")).isPositive();
    }
  }

  @Test
  void isInspectedWhileItLivesAndAfterItsDeathWithoutBeingChanged() throws IOException {
    Spool spool = fixture.open();
    SpoolLane lane = spool.openLane();
    append(lane, "p-1");
    lane.appendForced(feedback("f-1", now), 0, _ -> {});
    drain(spool);
    append(lane, "p-2");
    lane.begun(PREDICTION, 0, now);
    Path directory = fixture.config.directory();

    SpoolInspection alive = SpoolInspection.of(directory, fixture.config.ringDirectory());
    kill(spool);
    SpoolInspection dead = SpoolInspection.of(directory, fixture.config.ringDirectory());

    assertThat(dead).isEqualTo(alive);
    assertThat(alive.spoolId()).isEqualTo(spool.id());
    assertThat(alive.problems()).isEmpty();
    assertThat(alive.logged()).containsEntry(PREDICTION, 1L).containsEntry(FEEDBACK, 1L);
    assertThat(alive.inRing()).containsEntry(PREDICTION, 1L).containsEntry(FEEDBACK, 0L);
    assertThat(alive.segments()).singleElement().extracting("entries").isEqualTo(2L);
    assertThat(requireNonNull(alive.noted().get(PREDICTION)).accepted()).isEqualTo(1);
    assertThat(row(alive.ledger(), PREDICTION).open()).isEqualTo(1);
    try (Spool again = fixture.open()) {
      assertThat(entries(again)).containsExactly("p-1:10:10", "f-1", "p-2:10:10");
    }
  }

  @Test
  void opensNoMoreLanesThanWereSaid() throws IOException {
    try (Spool spool = fixture.open()) {
      for (int i = 0; i < fixture.config.lanesMax(); i++) {
        spool.openLane();
      }
      assertThatThrownBy(spool::openLane)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("max=4");
    }
  }

  private SpoolFixture fixtureWithRing(int ringBytes) throws IOException {
    Path rings = Files.createDirectories(root.resolve("shm"));
    return new SpoolFixture(new FileDisk(), root.resolve("spool"), rings, ringBytes);
  }

  private void begin(SpoolLane lane, int slot) {
    lane.begun(PREDICTION, slot, now);
  }

  private void append(SpoolLane lane, String id) {
    append(lane, id, 10);
  }

  private void append(SpoolLane lane, String id, int responseBytes) {
    begin(lane, 0);
    assertThat(lane.append(prediction(id, now, 10, responseBytes), 0)).isEqualTo(Appended.ACCEPTED);
  }

  private void drain(Spool spool) {
    spool.doWork(); // so that what waits begins to age
    int steps = 0;
    do {
      fixture.time.advance(Duration.ofMillis(100));
      assertThat(++steps).as("steps until the ring is empty").isLessThan(1000);
    } while (spool.doWork() > 0 || spool.status().ringBytesUsed() > 0);
  }

  // What the kernel does for a process that dies: locks are given up, memory stays in the file.
  private static void kill(Spool spool) throws IOException {
    spool.die();
  }

  private static void deleteAll(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static LedgerCounts row(
      Map<EntryKind, Map<String, LedgerCounts>> counts, EntryKind kind) {
    return requireNonNull(requireNonNull(counts.get(kind)).get(Spool.OTHER));
  }
}
