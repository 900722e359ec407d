package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
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
