package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.LogPosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LogShipperTest {
  private final ShipperSim sim = new ShipperSim(1);

  private void append(String id) {
    sim.log.append(FakeLog.prediction(id, "wine", "1", sim.time.epochMillis()));
  }

  @Test
  void closesAWindowAfterAHundredAndFiftySeconds() throws IOException {
    sim.start();
    sim.work();
    append("a");
    sim.work();

    sim.time.advance(Duration.ofSeconds(149));
    sim.work();
    assertThat(sim.objects()).isEmpty();
    assertThat(sim.shipper().status().oldestUnshippedMillis()).isEqualTo(149_000);

    sim.time.advance(Duration.ofSeconds(1));
    sim.work();
    assertThat(sim.objects()).hasSize(2);
    assertThat(sim.shipper().status().unshippedBytes()).isZero();
  }

  @Test
  void closesAWindowAtTheEndOfTheHourAndWritesItsManifestTwoMinutesLater() throws IOException {
    sim.start();
    sim.work();
    sim.time.advance(Duration.ofMinutes(29));
    append("a");
    sim.work();
    sim.time.advance(Duration.ofMinutes(1));
    append("b");
    sim.work();
    assertThat(sim.objects()).hasSize(4);

    sim.time.advance(Duration.ofSeconds(119));
    sim.work();
    assertThat(sim.manifests()).isEmpty();
    sim.time.advance(Duration.ofSeconds(1));
    sim.work();

    assertThat(sim.manifests()).containsOnlyKeys("2026112410");
    assertThat(sim.objects())
        .containsKey("_manifest/year=2026/month=11/day=24/2026112410.0123456789ab.json");
  }

  @Test
  void whatAnEarlierProcessPlannedIsAsOldAsItIs() throws IOException {
    sim.refuses = true;
    sim.start();
    append("a");
    sim.time.advance(Duration.ofSeconds(150));
    sim.work(); // planned, and refused
    sim.time.advance(Duration.ofMinutes(10));

    sim.start();
    sim.work();

    assertThat(sim.shipper().status().oldestUnshippedMillis()).isEqualTo(750_000);
  }

  @Test
  void whatComesLateMakesTheNextRevision() throws IOException {
    sim.start();
    append("a");
    long early = sim.time.epochMillis();
    sim.time.advance(Duration.ofHours(1));
    sim.work();
    sim.log.append(FakeLog.prediction("late", "wine", "1", early));
    sim.time.advance(Duration.ofMinutes(10));
    sim.workUntilDone();

    assertThat(sim.objects())
        .containsKey("_manifest/year=2026/month=11/day=24/2026112410.0123456789ab.r2.json");
    sim.assertManifestsHold("late");
  }

  @Test
  void aStoreThatRefusesIsToldAtTheStartThoughNothingWaits() throws IOException {
    sim.missing = true;
    sim.start();
    sim.work(); // nothing is in the log
    sim.work();

    assertThat(sim.events.parked).containsExactly("404: there is no such bucket");
    assertThat(sim.shipping().isDone()).as("a stop waits for nothing").isTrue();

    sim.memory().missing(false);
    sim.time.advance(Duration.ofMinutes(10));
    sim.work();
    append("a");
    sim.workUntilDone();
    assertThat(sim.events.unparked).isOne();
    assertThat(sim.memory().proofs()).as("asked once more, and then no more").isEqualTo(2);
    sim.assertEachOnce("a");
  }

  @Test
  void atARemoteStoreTheHoursEndClosesTheWindowALittleLater() throws IOException {
    long end = Partition.startOf(Partition.hourOf(sim.time.epochMillis()) + 1);
    long delay = HourRoll.delayMillis(ShipperSim.SPOOL_ID);
    assertThat(delay).isBetween(1_000L, 14_000L);
    sim.remote = true;
    sim.start();
    sim.work();
    sim.jump(Duration.ofMillis(end - 20_000 - sim.time.epochMillis()));
    append("before");
    sim.work();

    sim.time.advance(Duration.ofMillis(20_000 + delay - 1));
    sim.work();
    assertThat(sim.objects()).isEmpty();
    sim.time.advance(Duration.ofMillis(1));
    sim.work();
    assertThat(sim.objects()).hasSize(2);

    sim.jump(Duration.ofMillis(end + 3_600_000 - 148_000 - sim.time.epochMillis()));
    append("old enough");
    sim.work();
    sim.time.advance(Duration.ofSeconds(150)); // its age, before the delay is over
    sim.work();
    assertThat(sim.events.windows).hasValue(2);
  }

  @Test
  void anHourThatWasLetGoComesBackWhole() throws IOException {
    sim.start();
    append("a");
    long early = sim.time.epochMillis();
    sim.workUntilDone();
    for (int i = 0; i < 9; i++) {
      sim.time.advance(Duration.ofHours(1));
      append("h" + i);
      sim.workUntilDone();
    }
    sim.start(); // a start rolls, and lets go
    sim.work();

    sim.log.append(FakeLog.prediction("late", "wine", "1", early));
    sim.time.advance(Duration.ofMinutes(10));
    sim.workUntilDone();

    sim.assertEachOnce("late");
    sim.assertManifestsHold("late");
    Manifest first = sim.manifests().values().iterator().next();
    assertThat(first.revision()).isEqualTo(2);
    assertThat(first.entryCount()).isEqualTo(2);
  }

  @Test
  void whatChangesAnHourThatWasLetGoIsToldByEveryHourAfterIt() throws IOException {
    sim.start();
    long early = sim.time.epochMillis();
    for (int i = 0; i < 9; i++) {
      append("h" + i);
      sim.log.note(FakeLog.ledger(sim.time.epochMillis(), EntryKind.PREDICTION, 1, 0));
      sim.workUntilDone();
      sim.time.advance(Duration.ofHours(i == 3 ? 2 : 1)); // an hour without traffic among them
    }
    sim.start(); // a start rolls, and lets go
    sim.work();

    sim.log.note(FakeLog.ledger(early, EntryKind.PREDICTION, 5, 0));
    sim.time.advance(Duration.ofMinutes(10));
    sim.workUntilDone();
    sim.assertManifestsHold("late");
    sim.start();
    sim.work();

    sim.log.note(
        FakeLog.ledger(early + Duration.ofHours(4).toMillis(), EntryKind.PREDICTION, 0, 2));
    sim.time.advance(Duration.ofMinutes(10));
    sim.workUntilDone();
    sim.assertManifestsHold("late, in an hour without a manifest");
    assertThat(sim.manifests().lastEntry().getValue().ledger().getFirst().openAfter())
        .isEqualTo(9 + 5 - 2);
  }

  @Test
  void numbersAreDenseWithOneWriter() throws IOException {
    sim.start();
    for (int i = 0; i < 5; i++) {
      append("a" + i);
      sim.time.advance(Duration.ofSeconds(150));
      sim.work();
      sim.time.advance(Duration.ofSeconds(150));
      sim.work();
    }

    assertThat(sim.events.published)
        .filteredOn(key -> key.startsWith("response_body/"))
        .extracting(key -> key.substring(key.indexOf('_', 20)))
        .containsExactly("_0.json", "_1.json", "_2.json", "_3.json", "_4.json");
  }

  @Test
  void aStagedFileThatIsLostOrRottenParksTheSinkAndKeepsAll() throws IOException {
    for (boolean lost : new boolean[] {true, false}) {
      ShipperSim parked = new ShipperSim(1);
      parked.refuses = true;
      parked.log.append(FakeLog.prediction("a", "wine", "1", parked.time.epochMillis()));
      parked.start();
      parked.work();
      assertThat(parked.events.parked).hasSize(1); // refused
      Path staged = parked.tree.files(Path.of("/staging")).getFirst();
      if (lost) {
        parked.tree.lose(staged);
      } else {
        parked.tree.rot(staged);
      }

      parked.refuses = false;
      parked.start();
      parked.time.advance(Duration.ofHours(5));
      parked.work();

      assertThat(parked.events.parked.getLast()).startsWith("staged file: lost or altered");
      assertThat(parked.shipper().status().parked()).isNotEmpty();
      assertThat(parked.objects()).isEmpty();
      assertThat(parked.log.next(LogPosition.START)).isPresent();
    }
  }

  @Test
  void aRefusalIsProbedAndHeals() throws IOException {
    sim.refuses = true;
    append("a");
    sim.start();
    sim.work();
    assertThat(sim.events.parked).hasSize(1);

    sim.memory().refuse(false);
    sim.workUntilDone();

    assertThat(sim.events.unparked).isOne();
    sim.assertEachOnce("probe");
  }

  @Test
  void tenThousandInventedModelsStayBounded() throws IOException {
    sim.config = sim.config.withNamesMax(100, 50_000);
    sim.ofFleet = model -> model.name().equals("ours");
    for (int i = 0; i < 1_000; i++) {
      sim.log.append(FakeLog.feedback("id" + i, "invented" + i, "1", sim.time.epochMillis()));
    }
    sim.log.append(FakeLog.feedback("mine", "ours", "1", sim.time.epochMillis()));
    sim.start();
    sim.workUntilDone();

    assertThat(sim.events.overflowed).isEqualTo(900);
    assertThat(sim.events.published).hasSize(102);
    String other = "feedback/(other)/(other)/year=2026/month=11/day=24/2026112410_0.json";
    byte[] bytes = sim.objects().getOrDefault(other, new byte[0]);
    JsonNode line =
        Json.trees()
            .readTree(new String(bytes, StandardCharsets.UTF_8).lines().findFirst().orElseThrow());
    assertThat(line.get("model_name").textValue()).startsWith("invented");
    sim.assertEachOnce("bounded");
  }

  @Test
  void anHourWithManyFilesOpensPartitionsOfConfiguredModelsAlone() throws IOException {
    sim.config = sim.config.withNamesMax(100, 10);
    sim.ofFleet = model -> model.name().equals("ours");
    sim.start();
    long at = sim.time.epochMillis(); // all of one hour
    for (int window = 0; window < 3; window++) {
      for (int i = 0; i < 10; i++) {
        sim.log.append(FakeLog.feedback("i" + window + i, "m" + i, "1", at));
      }
      sim.log.append(FakeLog.feedback("ours" + window, "ours", "1", at));
      sim.workUntilDone();
    }

    assertThat(sim.events.overflowed).isEqualTo(20);
    assertThat(sim.events.published.stream().filter(key -> key.contains("/m3/"))).hasSize(1);
    assertThat(sim.events.published.stream().filter(key -> key.contains("/ours/"))).hasSize(3);
    assertThat(sim.events.published.stream().filter(key -> key.contains("(other)"))).hasSize(2);
    sim.assertEachOnce("many files");
  }

  @Test
  void anEntryThatIsNoneIsCountedAndStopsNoOther() throws IOException {
    append("a");
    append("b");
    append("c");
    sim.log.turnBad(2); // each entry is followed by its ledger note
    sim.start();
    sim.workUntilDone();

    assertThat(ShipperSim.found(sim.objects()).get("request_response")).containsExactly("a", "c");
    assertThat(sim.events.quarantined).isOne();
    assertThat(sim.manifests().values().iterator().next().quarantined())
        .containsExactly(new SeqSpan(1, 1));
    sim.assertManifestsHold("quarantine");
  }

  @Test
  void twentyGatewaysOnOnePartitionPutEachFileAboutOnce() throws IOException {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    List<ShipperSim> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      ShipperSim one = new ShipperSim(i, bucket, "%012x".formatted(i).repeat(3).substring(0, 32));
      one.start();
      all.add(one);
    }
    int windows = 24;
    for (int window = 0; window < windows; window++) {
      for (ShipperSim one : all) {
        one.work();
        one.log.append(
            FakeLog.feedback(
                one.spoolId + "-w" + window, "wine", "1", Partition.startOf(494_242) + window));
        one.time.advance(Duration.ofSeconds(150));
      }
      boolean busy = true;
      while (busy) { // step by step side by side: the worst order
        busy = false;
        for (ShipperSim one : all) {
          busy |= one.shipper().doWork() > 0;
        }
      }
      all.forEach(one -> one.time.advance(Duration.ofSeconds(150)));
    }

    for (ShipperSim one : all) {
      one.workUntilDone();
    }
    Map<String, List<String>> found = ShipperSim.found(bucket.objects());
    assertThat(found.get("feedback")).hasSize(20 * windows).doesNotHaveDuplicates();
    long manifests =
        bucket.objects().keySet().stream()
            .filter(key -> key.startsWith(Manifest.DIRECTORY))
            .count();
    long files = bucket.objects().size() - manifests;
    assertThat((double) (bucket.puts() - manifests) / files).isLessThanOrEqualTo(3.0);
  }
}
