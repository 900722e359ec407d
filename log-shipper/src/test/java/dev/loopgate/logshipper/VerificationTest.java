package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VerificationTest {
  private final FakeLog log = new FakeLog();
  private final ManualTime time = ManualTime.at("2026-11-24T10:30:00Z");
  private final RecordedEvents events = new RecordedEvents();

  @TempDir Path data;

  @BeforeEach
  void directories() throws IOException {
    Files.createDirectories(data.resolve("spool"));
  }

  private LogShipper shipper() throws IOException {
    return shipper(
        LocalStore.open(data.resolve("files"), ShipperConfig.instanceOf(ShipperSim.SPOOL_ID)));
  }

  private LogShipper shipper(ObjectStore store) throws IOException {
    return LogShipper.start(
        ShipperConfig.in(data.resolve("spool")).withWindow(Duration.ZERO),
        new LogShipper.Surroundings(log, ShipperSim.SPOOL_ID, store, _ -> false, time, events));
  }

  private void shipSome() throws IOException {
    append();
    try (LogShipper shipper = shipper()) {
      assertThat(shipper.finish(Duration.ofSeconds(30))).isTrue();
    }
  }

  private void append() {
    for (int i = 0; i < 5; i++) {
      log.append(FakeLog.prediction("p" + i, "wine", "1", time.epochMillis()));
      log.append(FakeLog.feedback("p" + i, "wine", "1", time.epochMillis()));
    }
  }

  private Verification.Report verify() throws IOException {
    return Verification.of(data, ShipperSim.SPOOL_ID, data, Verification.How.PLAIN);
  }

  private Path aFile() throws IOException {
    return data.resolve("files").resolve(events.published.getFirst());
  }

  @Test
  void whatAStoppedGatewayLeftBalances() throws IOException {
    shipSome();

    assertThat(verify().lines()).last().asString().startsWith("balanced");
    assertThat(verify().verdict()).isEqualTo(Verification.Verdict.BALANCED);
    assertThat(
            Verification.of(data.resolve("files"), "", data, Verification.How.PLAIN)
                .verdict()
                .exitCode())
        .isZero();
    assertThat(Inspection.of(data, ShipperSim.SPOOL_ID, data)).contains("plan: none");
  }

  @Test
  void aMissingFileIsFound() throws IOException {
    shipSome();
    Files.delete(aFile());

    assertThat(verify().verdict().exitCode()).isOne();
    assertThat(verify().lines()).anyMatch(line -> line.startsWith("! file is missing: key="));
  }

  @Test
  void anAlteredFileIsFound() throws IOException {
    shipSome();
    byte[] bytes = Files.readAllBytes(aFile());
    bytes[5] ^= 1;
    Files.write(aFile(), bytes);

    assertThat(verify().verdict()).isEqualTo(Verification.Verdict.NOT_BALANCED);
  }

  @Test
  void anExtraFileIsFound() throws IOException {
    shipSome();
    Files.copy(
        aFile(), aFile().resolveSibling(aFile().getFileName().toString().replace("_0", "_7")));

    assertThat(verify().lines()).anyMatch(line -> line.startsWith("! file is extra: key="));
  }

  @Test
  void anAlteredManifestIsFound() throws IOException {
    shipSome();
    Path manifest = data.resolve("files").resolve(events.manifests.getFirst());
    String text = Files.readString(manifest);

    Files.writeString(manifest, text.replace("\"seqs\":[{\"first\":0", "\"seqs\":[{\"first\":1"));
    assertThat(verify().lines()).anyMatch(line -> line.startsWith("! entries are missing"));
    Files.writeString(manifest, text.replace("\"accepted\":5", "\"accepted\":6"));
    assertThat(verify().lines()).anyMatch(line -> line.startsWith("! ledger does not balance"));
    Files.writeString(manifest, "{", StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(verify().lines()).anyMatch(line -> line.startsWith("! manifest can't be read"));
  }

  @Test
  void anHourWithoutManifestIsOpenBesideItsSpoolAndUnprovenElsewhere() throws IOException {
    log.append(FakeLog.prediction("p", "wine", "1", time.epochMillis()));
    LogShipper shipper = shipper();
    while (events.windows.get() == 0) {
      Thread.onSpinWait();
    }
    shipper.close();

    assertThat(verify().verdict()).isEqualTo(Verification.Verdict.BALANCED);
    assertThat(verify().lines()).first().asString().startsWith("2026112410 OPEN files=2");
    assertThat(
            Verification.of(data.resolve("files"), "", data, Verification.How.PLAIN)
                .verdict()
                .exitCode())
        .isEqualTo(3);
  }

  @Test
  void aStoreElsewhereIsVerifiedAloneAndBesideTheSpool() throws IOException {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    Path staging = Files.createDirectories(data.resolve("spool").resolve(Stores.STAGING));
    MemoryStore store = new MemoryStore(bucket, new LocalFileTree(), staging, new Random(1));
    append();
    try (LogShipper shipper = shipper(store)) {
      assertThat(shipper.finish(Duration.ofSeconds(30))).isTrue();
    }

    assertThat(Verification.of(store, "memory", Verification.How.PLAIN).verdict())
        .isEqualTo(Verification.Verdict.BALANCED);
    assertThat(
            Verification.of(store, data, ShipperSim.SPOOL_ID, data, Verification.How.PLAIN)
                .verdict())
        .isEqualTo(Verification.Verdict.BALANCED);

    String published = events.published.getFirst();
    byte[] bytes = store.open(new ObjectKey(published)).readAllBytes();
    Path other = Files.write(staging.resolve("other"), bytes);
    StagedFile file =
        new StagedFile(other, bytes.length, Checksum.of(bytes).crc32c(), "ba9876543210/other");
    store.publish(new ObjectKey(published.replace("_0", "_8")), file);
    assertThat(Verification.of(store, "memory", Verification.How.PLAIN).verdict())
        .as("of a gateway whose manifest is to come")
        .isEqualTo(Verification.Verdict.UNPROVEN);

    bucket.objects().put(published.replace("_0", "_7"), bytes);
    assertThat(Verification.of(store, "memory", Verification.How.PLAIN).lines())
        .anyMatch(line -> line.startsWith("! file is extra: key=") && line.contains("_7"));

    bucket.objects().remove(published);
    assertThat(Verification.of(store, "memory", Verification.How.PLAIN).lines())
        .anyMatch(line -> line.equals("! file is missing: key=" + published));
  }
}
