package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Row 5 of the fault matrix: the file of ring and ledger.
final class RingFileTest {
  @TempDir Path root;

  @Test
  void noBitOfItsFirstPageMayBeAnother() throws IOException {
    Path file = root.resolve("ring");
    RingFile.create(file, new RingFile.Header(1, 1 << 16, 1, "boot", "/spool")).close();
    byte[] whole = Files.readAllBytes(file);
    Path other = root.resolve("other");
    for (int bit = 0; bit < RingFile.PAGE * 8; bit += bit < 800 || bit >= 4092 * 8 - 1 ? 1 : 31) {
      byte[] bad = java.util.Arrays.copyOf(whole, RingFile.PAGE);
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(other, bad);

      assertThatThrownBy(() -> RingFile.headerOf(other))
          .as("bit=%d", bit)
          .isInstanceOf(IOException.class);
    }
  }

  /// No checksum covers memory that outlives a process alone; but whatever stands there, a start
  /// ends, and takes nothing away from what is durable.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whateverStandsInRingAndLedgerAStartKeepsWhatIsDurable(boolean sameBoot) throws IOException {
    for (long seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      Path rings = Files.createDirectories(root.resolve("rings-" + seed));
      FaultyDisk disk = new FaultyDisk(random);
      SpoolFixture fixture = new SpoolFixture(disk, Path.of("/spool"), rings, 64 << 10);
      Spool killed = fixture.open();
      SpoolLane lane = killed.openLane();
      long now = fixture.time.epochMillis();
      lane.appendForced(Entries.feedback("durable", now), 0, _ -> {});
      killed.doWork();
      for (int i = 0; i < 20; i++) {
        lane.append(Entries.prediction("p-" + i, now, 100, 100), 0);
      }
      Path ring = killed.ringFile().path();
      killed.die();
      disk.kill();
      byte[] bytes = Files.readAllBytes(ring);
      int data = bytes.length - (64 << 10) - Ring.TRAILER_BYTES;
      for (int i = 1 + random.nextInt(40); i > 0; i--) {
        int from = random.nextInt(4) == 0 ? RingFile.PAGE : data;
        int to = random.nextInt(4) == 0 ? bytes.length : data + 8_000; // or where the records are
        bytes[from + random.nextInt(to - from)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(ring, bytes);
      fixture.host = sameBoot ? fixture.host : new SpoolFixture.Host("another", 1L << 30);

      Spool spool = fixture.open();

      assertThat(durable(spool)).as("seed=%d", seed).containsExactly("durable");
      assertThat(spool.openLane().appendForced(Entries.feedback("after", now), 0, _ -> {}))
          .as("seed=%d", seed)
          .isEqualTo(Appended.ACCEPTED);
      spool.doWork();
      spool.close();
    }
  }

  private static List<String> durable(Spool spool) throws IOException {
    for (LogRecord record : SpoolFixture.records(spool)) {
      if (record instanceof LogRecord.EntryAt at && at.seq() == 0) {
        return List.of(SpoolFixture.described(spool.reader().read(at)));
      }
    }
    return List.of();
  }
}
