package dev.loopgate.logshipper;

import dev.loopgate.spool.SpoolLook;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// How often a directory is looked through whose gateway may be at work: again as long as the spool
/// moved during the last look, a bounded number of times. Confined to one thread.
final class Patience {
  private final FileTree tree;
  private final Path spool;
  private final Path ringDirectory;
  private final int looksMax;
  private int looks;
  private String before = "";

  Patience(FileTree tree, Path spool, Path ringDirectory, int looksMax) {
    this.tree = tree;
    this.spool = spool;
    this.ringDirectory = ringDirectory;
    this.looksMax = looksMax;
  }

  /// A look begins.
  void begin() throws IOException {
    looks++;
    before = marks();
  }

  /// The look ended and was not what was hoped for: whether it is the last one.
  boolean isOver() throws IOException {
    return looks >= looksMax || before.equals(marks());
  }

  int looks() {
    return looks;
  }

  private String marks() throws IOException {
    StringBuilder marks = new StringBuilder(SpoolLook.marks(spool, ringDirectory));
    Path commits = spool.resolve("commit");
    for (String name : tree.list(commits)) {
      marks.append(' ').append(name);
      try {
        marks.append(' ').append(tree.size(commits.resolve(name)));
      } catch (NoSuchFileException _) {
        marks.append(" gone"); // rolled at this moment
      }
    }
    return marks.toString();
  }
}
