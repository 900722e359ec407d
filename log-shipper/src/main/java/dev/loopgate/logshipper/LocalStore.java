package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A directory as a store. Belongs to the one thread named `shipper`; several gateways may share
/// the directory.
///
/// Files are staged in `.staging/<instance>/` of the same file system and published by a hard link,
/// which appears whole and never replaces.
public final class LocalStore implements ObjectStore {
  /*
   * When the name exists already, the same inode proves that it is ours: the staged name is unlinked
   * only after the commit record. Equal bytes prove nothing: two gateways that were sent one feedback
   * in one second stage equal files, and both lines are owed. Where links are refused, the file is
   * copied under a name made create-only, and a marker beside the staged file says that this name is
   * ours; a death between the two leaves an empty file that nobody owns.
   */

  /// Where the staged files of all instances lie; hidden from readers.
  static final String STAGING = ".staging";

  /// Behind the name of a staged file: it is being copied, to the key that the marker holds.
  static final String MARKER_SUFFIX = ".copied";

  private static final int FORCED_DIRECTORIES_MAX = 16_384;

  private final FileTree tree;
  private final Path root;
  private final Path staging;
  private final Set<Path> forcedDirectories = new HashSet<>();

  private LocalStore(FileTree tree, Path root, Path staging) {
    this.tree = tree;
    this.root = root;
    this.staging = staging;
  }

  /// The store in `root`, made when absent.
  ///
  /// @param instance first 12 hex digits of the spool id
  public static LocalStore open(Path root, String instance) throws IOException {
    return open(new LocalFileTree(), root, instance);
  }

  static LocalStore open(FileTree tree, Path root, String instance) throws IOException {
    Path staging = root.resolve(STAGING).resolve(instance);
    LocalStore store = new LocalStore(tree, root, staging);
    store.createAbove(root);
    store.makeDurable(staging);
    return store;
  }

  /// The store in `root`, to read alone.
  static LocalStore reading(FileTree tree, Path root) {
    return new LocalStore(tree, root, root.resolve(STAGING));
  }

  @Override
  public Path staging() {
    return staging;
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) throws IOException {
    Path target = root.resolve(key.path());
    Path directory = parentOf(target);
    makeDurable(directory);
    Publication publication;
    try {
      tree.link(file.path(), target);
      publication = Publication.PUBLISHED;
    } catch (FileAlreadyExistsException _) {
      publication = judge(key, file, target);
    } catch (FileTree.LinksRefusedException _) {
      publication = copy(key, file, target);
    }
    if (publication != Publication.TAKEN) {
      tree.forceDirectory(directory); // before the answer: "published" outlives a power cut
    }
    return publication;
  }

  @Override
  public List<ObjectKey> list(String prefix) throws IOException {
    List<ObjectKey> keys = new ArrayList<>();
    walk(prefix, keys::add);
    return keys;
  }

  @Override
  public void walk(String prefix, Keys each) throws IOException {
    int slash = prefix.lastIndexOf('/');
    Path from = slash < 0 ? root : root.resolve(prefix.substring(0, slash));
    Deque<Path> directories = new ArrayDeque<>(List.of(from));
    while (!directories.isEmpty()) {
      Path directory = directories.pop();
      for (String name : tree.list(directory)) {
        Path path = directory.resolve(name);
        String key = root.relativize(path).toString().replace('\\', '/');
        if (name.startsWith(".") || !(key.startsWith(prefix) || prefix.startsWith(key + '/'))) {
          continue;
        }
        if (tree.isDirectory(path)) {
          directories.push(path);
        } else if (isKey(key)) {
          each.next(new ObjectKey(key));
        }
      }
    }
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    return tree.open(root.resolve(key.path()));
  }

  private Publication judge(ObjectKey key, StagedFile file, Path target) throws IOException {
    if (tree.sameFile(file.path(), target)) {
      return Publication.PUBLISHED_BEFORE;
    }
    return isCopiedTo(key, file) ? finishCopy(file, target) : Publication.TAKEN;
  }

  private Publication copy(ObjectKey key, StagedFile file, Path target) throws IOException {
    if (isCopiedTo(key, file)) {
      return finishCopy(file, target);
    }
    try (FileTree.NewFile copied = tree.create(target)) {
      mark(key, file);
      copyInto(copied, file);
    } catch (FileAlreadyExistsException _) {
      return Publication.TAKEN;
    }
    return Publication.PUBLISHED;
  }

  /// The target is ours by the marker, but may be in part: an earlier process died over it.
  private Publication finishCopy(StagedFile file, Path target) throws IOException {
    if (tree.exists(target)) {
      try (InputStream in = tree.open(target)) {
        if (Checksum.of(in).equals(new Checksum(file.size(), file.crc32c()))) {
          return Publication.PUBLISHED_BEFORE;
        }
      }
      tree.delete(target);
    }
    try (FileTree.NewFile copied = tree.create(target)) {
      copyInto(copied, file);
    }
    return Publication.PUBLISHED;
  }

  private void copyInto(FileTree.NewFile copied, StagedFile file) throws IOException {
    byte[] buffer = new byte[64 << 10];
    try (InputStream in = tree.open(file.path())) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        copied.write(buffer, 0, count);
      }
    }
    copied.force();
  }

  private boolean isCopiedTo(ObjectKey key, StagedFile file) throws IOException {
    Path marker = markerOf(file);
    if (!tree.exists(marker)) {
      return false;
    }
    try (InputStream in = tree.open(marker)) {
      return key.path().equals(new String(in.readNBytes(4096), StandardCharsets.US_ASCII));
    }
  }

  private void mark(ObjectKey key, StagedFile file) throws IOException {
    Path marker = markerOf(file);
    tree.delete(marker); // of an earlier key that turned out to be another owner's
    byte[] bytes = key.path().getBytes(StandardCharsets.US_ASCII);
    try (FileTree.NewFile made = tree.create(marker)) {
      made.write(bytes, 0, bytes.length);
      made.force();
    }
    tree.forceDirectory(staging);
  }

  private Path markerOf(StagedFile file) {
    return file.path().resolveSibling(file.path().getFileName() + MARKER_SUFFIX);
  }

  /// Makes the directory and what is missing between it and the root, and forces each parent once a
  /// process: that it exists does not say that its maker lived to force it.
  private void makeDurable(Path directory) throws IOException {
    if (forcedDirectories.contains(directory)) {
      return;
    }
    if (!directory.equals(root)) {
      Path parent = parentOf(directory);
      makeDurable(parent);
      tree.createDirectory(directory);
      tree.forceDirectory(parent);
    }
    if (forcedDirectories.size() >= FORCED_DIRECTORIES_MAX) {
      forcedDirectories.clear();
    }
    forcedDirectories.add(directory);
  }

  private void createAbove(Path directory) throws IOException {
    if (tree.isDirectory(directory)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      createAbove(parent);
      tree.createDirectory(directory);
      tree.forceDirectory(parent);
    }
  }

  private static Path parentOf(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("path without a parent: path=" + path);
    }
    return parent;
  }

  private static boolean isKey(String path) {
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) <= 0x20 || path.charAt(i) > 0x7e || path.charAt(i) == '\\') {
        return false;
      }
    }
    return true;
  }
}
