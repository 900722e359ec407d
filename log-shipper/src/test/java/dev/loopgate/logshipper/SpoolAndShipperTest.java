package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.Spool;
import dev.loopgate.spool.SpoolLane;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real spool, the real disk, the real shipper: what was appended is in files once, and
/// balances.
final class SpoolAndShipperTest {
  @TempDir Path data;

  private final ManualTime time = ManualTime.at("2026-11-24T10:59:59Z");
  private final RecordedEvents events = new RecordedEvents();

  private RealSpool real() {
    return new RealSpool(data, time, events);
  }

  private Spool open() throws IOException {
    Spool opened = real().open();
    opened.start();
    return opened;
  }

  private void live(String life) throws Exception {
    try (Spool spool = open();
        LogShipper shipper = real().ship(spool)) {
      SpoolLane lane = spool.openLane();
      int slot = spool.slotOf("wine");
      CountDownLatch forced = new CountDownLatch(100);
      for (int i = 0; i < 200; i++) {
        long now = time.epochMillis();
        lane.begun(EntryKind.PREDICTION, slot, now);
        if (i % 10 == 0) {
          lane.dropped(EntryKind.PREDICTION, slot, DropReason.TOO_LARGE, now);
        } else {
          lane.append(FakeLog.prediction(life + i, "wine", "1", now), slot);
        }
        if (i % 2 == 0) {
          lane.appendForced(
              FakeLog.feedback(life + i, "wine", "1", now), slot, _ -> forced.countDown());
        }
        time.advance(Duration.ofMillis(20));
      }
      assertThat(forced.await(30, TimeUnit.SECONDS)).isTrue();
      spool.closeIntake();
      assertThat(shipper.finish(Duration.ofSeconds(60))).isTrue();
    }
  }

  @Test
  void whatWasAppendedIsInFilesOnceAndBalances() throws Exception {
    live("one-");
    time.advance(Duration.ofMinutes(5));
    live("two-");

    Map<String, List<String>> found = ShipperSim.found(real().objects());
    assertThat(found.get("request_response")).hasSize(360).doesNotHaveDuplicates();
    assertThat(found.get("response_body")).isEqualTo(found.get("request_response"));
    assertThat(found.get("feedback")).hasSize(200).doesNotHaveDuplicates();
    String id;
    try (Spool spool = open()) {
      id = spool.id();
    }
    assertThat(Verification.of(data, id, data, Verification.How.PLAIN).lines())
        .last()
        .asString()
        .startsWith("balanced");
    assertThat(Verification.of(data.resolve("files"), "", data, Verification.How.PLAIN).verdict())
        .isEqualTo(Verification.Verdict.BALANCED);
  }

  @Test
  void theReserveOfTheSpoolIsGivenAndMadeAgain() throws IOException {
    Path reserve = data.resolve("spool").resolve("reserve");
    try (Spool spool = open()) {
      long bytes = Files.size(reserve);
      assertThat(bytes).isPositive();

      spool.reader().releaseReserve();
      spool.reader().releaseReserve();
      assertThat(reserve).doesNotExist();

      assertThat(spool.reader().refillReserve()).isTrue();
      assertThat(reserve).hasSize(bytes);
    }
  }
}
