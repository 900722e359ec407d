package dev.loopgate.logshipper;

import dev.loopgate.spool.SpoolLook;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Predicate;

/// How often a directory is looked through whose gateway may be at work: again as long as the spool
/// moved during the last look, a bounded number of times. Confined to one thread.
final class Patience {
  private static final int LOOKS_MAX = 5;

  private final FileTree tree;
  private final Path spool;
  private final Path ringDirectory;
  private int looks;

  /// Looks through all of it once.
  @FunctionalInterface
  interface Look<T> {
    T look() throws IOException;
  }

  Patience(FileTree tree, Path spool, Path ringDirectory) {
    this.tree = tree;
    this.spool = spool;
    this.ringDirectory = ringDirectory;
  }

  /// What the first look saw that is as it was hoped for, else the last one.
  ///
  /// @throws IOException of the last look
  <T> T look(Look<T> look, Predicate<T> hopedFor) throws IOException {
    while (true) {
      looks++;
      String before = marks();
      try {
        T seen = look.look();
        if (hopedFor.test(seen) || isLast(before)) {
          return seen;
        }
      } catch (IOException e) {
        if (isLast(before)) {
          throw e;
        }
      }
    }
  }

  int looks() {
    return looks;
  }

  private boolean isLast(String before) throws IOException {
    return looks >= LOOKS_MAX || before.equals(marks());
  }

  private String marks() throws IOException {
    StringBuilder marks = new StringBuilder(SpoolLook.marks(spool, ringDirectory));
    Path commits = SpoolSinks.commitsOf(spool);
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
