package dev.loopgate.logshipper;

import dev.loopgate.spool.LogPosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// Where a sink's entries have gone so far, in words, beside its commit log: what was published in
/// one place can't be continued in another, for its manifests would stay behind.
public final class ShippedPlace {
  private static final String FILE = "destination";
  private static final int LEVELS_MADE = 3;

  private static final String IN_DATA = "data:";

  private ShippedPlace() {}

  /// A place in words that hold when a data directory is moved as a whole.
  ///
  /// @param data its root
  public static String wordsOf(Destination to, Path data) {
    return to instanceof FilesRoot.Local(Path local) && local.startsWith(data)
        ? IN_DATA + data.relativize(local)
        : to.toString();
  }

  /// Where that is now.
  ///
  /// @throws IOException when the words name no place
  public static Destination destinationOf(String words, Path data) throws IOException {
    try {
      return words.startsWith(IN_DATA)
          ? new FilesRoot.Local(data.resolve(words.substring(IN_DATA.length())))
          : Destination.parse(words);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          data + ": where a sink has shipped to can't be read; allowed: " + e.getMessage(), e);
    }
  }

  /// Where a sink's files wait that are not published yet.
  ///
  /// @param base of what the spool keeps for the sink
  /// @param data the root of the data directory
  static Path stagingOf(Path base, Path data, String spoolId) throws IOException {
    String instance = ShipperConfig.instanceOf(spoolId);
    Optional<String> words = of(base);
    Destination to =
        words.isEmpty()
            ? new FilesRoot.Local(data.resolve("files"))
            : destinationOf(words.get(), data);
    return switch (to) {
      case FilesRoot.Local(Path root) -> root.resolve(LocalStore.STAGING).resolve(instance);
      case FluentdAddress _ ->
          base.resolve(Stores.MANIFESTS).resolve(LocalStore.STAGING).resolve(instance);
      case FilesRoot _ -> base.resolve(Stores.STAGING);
    };
  }

  /// The place that was claimed; empty before the first.
  ///
  /// @param base of the sink, see [SpoolSinks]
  public static Optional<String> of(Path base) throws IOException {
    try {
      return Optional.of(Files.readString(SpoolSinks.commitsOf(base).resolve(FILE)).strip());
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// From now on the sink ships to `place`. Durable when this returns.
  ///
  /// @param base of the sink, which exists
  /// @param spoolId whose commit log it is
  /// @throws IOException when it has shipped to another one; one line names both
  public static void claim(Path base, String spoolId, String place) throws IOException {
    Optional<String> before = of(base);
    if (before.filter(place::equals).isPresent()) {
      return;
    }
    FileTree tree = new LocalFileTree();
    Path commitDirectory = SpoolSinks.commitsOf(base);
    if (before.isPresent()) {
      ShippingState state = CommitLog.find(tree, commitDirectory, spoolId).state();
      if (!mayMove(state, before.get(), place)) {
        throw new IOException(
            "this spool has shipped to "
                + before.get()
                + " and would go on at "
                + place
                + ", where nothing proves what came before; allowed: "
                + before.get()
                + ", or another data directory (or, where all was moved to the new place, no "
                + commitDirectory.resolve(FILE)
                + ")");
      }
    }
    tree.createDirectory(commitDirectory);
    Path file = commitDirectory.resolve(FILE);
    Path fresh = commitDirectory.resolve(FILE + ".new");
    tree.delete(fresh);
    byte[] text = (place + '\n').getBytes(StandardCharsets.UTF_8);
    try (FileTree.NewFile out = tree.create(fresh)) {
      out.write(text, 0, text.length);
      out.force();
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    tree.forceDirectory(commitDirectory);
    Path made = base; // for a sink, and the folder of all of them
    for (int above = 0; above < LEVELS_MADE && made != null; above++) {
      tree.forceDirectory(made);
      made = made.getParent();
    }
  }

  /// Whether nothing was committed at the place before: it never worked. What is staged for a
  /// remote one can go to another.
  private static boolean mayMove(ShippingState state, String before, String place) {
    return state.cursor().equals(LogPosition.START)
        && state.books().isEmpty()
        && (state.plan() == null || (isRemote(before) && isRemote(place)));
  }

  private static boolean isRemote(String place) {
    return place.contains("://");
  }
}
