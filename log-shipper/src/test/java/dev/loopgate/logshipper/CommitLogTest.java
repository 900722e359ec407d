package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

final class CommitLogTest {
  private static final Path COMMITS = ShipperSim.SPOOL.resolve("commit");

  private FaultyTree tree = new FaultyTree(new Random(1), Path.of("/"), ShipperSim.SPOOL);

  private CommitLog.Found find() throws IOException {
    return CommitLog.find(tree, COMMITS, ShipperSim.SPOOL_ID);
  }

  private void roll() throws IOException {
    try (CommitLog log = CommitLog.continuing(tree, COMMITS, find())) {
      log.roll();
    }
  }

  /// Rolls, and is killed before the snapshot is whole.
  private void die() throws IOException {
    for (int step = 0; tree.files(COMMITS).isEmpty() || step < 3; step++) {
      tree.killAt(tree.steps() + step);
      assertThatThrownBy(this::roll).isInstanceOf(FaultyTree.Killed.class);
      tree.restart();
    }
  }

  @Test
  void isReadableHoweverOftenItIsKilledOverItsFirstSnapshot() throws IOException {
    die();
    die();
    die();

    assertThat(find().number()).isZero();
    roll();
    assertThat(find().number()).isOne();
  }

  @Test
  void isUnreadableWhenThereWereWholeOnesAndNoneIsLeft() throws IOException {
    roll();
    roll();
    Path second = tree.files(COMMITS).getLast();
    tree.rot(second);

    assertThatThrownBy(this::find).isInstanceOf(CommitLog.UnreadableException.class);
  }

  /// Row 5 of the fault matrix: what rotted is noticed, or it changed nothing, or it was the last
  /// that was written, which can't be told from one that was never whole.
  @Test
  void noBitThatRotsTakesAwayWhatWasWrittenBehindIt() throws IOException {
    byte[] whole = threeWindows();
    CommitLog.Found sound = found(whole);
    assertThat(sound.damaged()).isEmpty();
    int last = lastFrameOf(whole);

    for (int bit = 0; bit < last * 8; bit++) {
      if (bit % 61 != 0 && !isOfHead(whole, bit / 8)) {
        continue; // of a payload one checksum says the same
      }
      byte[] rotten = whole.clone();
      rotten[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        CommitLog.Found found = found(rotten);
        assertThat(found.damaged()).as("bit=" + bit).hasSize(1);
        assertThat(found.state().cursor()).as("bit=" + bit).isEqualTo(sound.state().cursor());
        assertThat(found.state().nextWindow()).as("bit=" + bit).isEqualTo(3);
      } catch (CommitLog.UnreadableException _) {
        assertThat(bit / 8).as("only of the snapshot, bit=" + bit).isLessThan(firstFrameEnd(whole));
      }
    }
  }

  /// Row 20: what a later version says is not rot, and without it nobody can tell what is
  /// published.
  @Test
  void aRecordOfALaterVersionIsRefusedInOneLineWhereverItStands() throws IOException {
    byte[] whole = threeWindows();
    for (int at = 8; at < whole.length; at += 9 + lengthAt(whole, at)) {
      byte[] later = whole.clone();
      later[at + 8] = 9;
      CRC32C crc = new CRC32C();
      crc.update(later, at, 4);
      crc.update(later, at + 8, 1 + lengthAt(later, at));
      ByteBuffer.wrap(later).order(ByteOrder.LITTLE_ENDIAN).putInt(at + 4, (int) crc.getValue());

      assertThatThrownBy(() -> found(later))
          .as("frame at %d", at)
          .isInstanceOf(CommitLog.UnreadableException.class)
          .hasMessageContaining("commit log of a later version: file=/spool/commit/0000")
          .hasMessageContaining("record type=9, known=1 to 8")
          .message()
          .doesNotContain("\n");
    }
  }

  private static CommitLog.Found found(byte[] bytes) throws IOException {
    FaultyTree other = new FaultyTree(new Random(1), Path.of("/"), ShipperSim.SPOOL);
    other.createDirectory(COMMITS);
    try (FileTree.NewFile file = other.create(COMMITS.resolve("0000000000000001.log"))) {
      file.write(bytes, 0, bytes.length);
    }
    return CommitLog.find(other, COMMITS, ShipperSim.SPOOL_ID);
  }

  /// A snapshot, three plans and their commits, and what ends the last: all in one file.
  private static byte[] threeWindows() throws IOException {
    ShipperSim sim = new ShipperSim(1);
    sim.start();
    sim.work();
    for (int window = 0; window < 3; window++) {
      sim.log.append(FakeLog.feedback("id-" + window, "m", "1", sim.time.epochMillis()));
      sim.work();
      sim.time.advance(Duration.ofSeconds(150));
      sim.work();
    }
    return sim.tree.bytes(sim.tree.files(COMMITS).getLast());
  }

  private static boolean isOfHead(byte[] log, int place) {
    int at = 8;
    while (at + 9 + lengthAt(log, at) <= place) {
      at += 9 + lengthAt(log, at);
    }
    return place < at + 9;
  }

  private static int firstFrameEnd(byte[] log) {
    return 8 + 9 + lengthAt(log, 8);
  }

  private static int lastFrameOf(byte[] log) {
    int at = 8;
    while (at + 9 + lengthAt(log, at) < log.length) {
      at += 9 + lengthAt(log, at);
    }
    return at;
  }

  private static int lengthAt(byte[] log, int at) {
    return ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
  }

  @Test
  void aDirectoryThatAnEarlierLifeDidNotForceIsForced() throws IOException {
    Random random = new Random(1);
    for (int cut = 0; cut < 10; cut++) {
      tree = new FaultyTree(random, Path.of("/"), ShipperSim.SPOOL);
      tree.killAt(1); // the directory is made, its name is not forced
      assertThatThrownBy(this::roll).isInstanceOf(FaultyTree.Killed.class);
      tree.restart();
      roll();

      tree.cutPower();
      assertThat(find().number()).as("cut=" + cut).isOne();
    }
  }
}
