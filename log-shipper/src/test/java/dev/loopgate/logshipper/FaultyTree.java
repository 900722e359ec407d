package dev.loopgate.logshipper;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A strict file tree in memory: what was not forced may be gone after a power cut, what was not
/// created first is refused, and any step can be the last of the process or fail.
final class FaultyTree implements FileTree {
  /// The process ends here.
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed() {
      super("killed", null, false, false);
    }
  }

  private static final class Inode {
    private byte[] bytes = new byte[0];
    private int length;
    private int durable;
  }

  private final Random random;
  private final TreeMap<Path, Inode> names = new TreeMap<>();
  private final TreeMap<Path, Inode> durableNames = new TreeMap<>();
  private final Set<Path> directories = new HashSet<>();
  private final Set<Path> durableDirectories = new HashSet<>();
  private int life;
  private int steps;
  private int killAt = Integer.MAX_VALUE;
  private int failFrom = Integer.MAX_VALUE;
  private int failTo = Integer.MAX_VALUE;
  private String failStep = "";
  private boolean refusesLinks;
  private long bytesMax = Long.MAX_VALUE;
  private boolean forcesDirectories = true;
  private int open;
  private int openMax;

  FaultyTree(Random random, Path... roots) {
    this.random = random;
    directories.addAll(List.of(roots));
    durableDirectories.addAll(List.of(roots));
  }

  int steps() {
    return steps;
  }

  /// Files that were being written at the same time, at most.
  int openMax() {
    return openMax;
  }

  void killAt(int step) {
    killAt = step;
  }

  /// Steps of this kind, or of any kind (`""`), fail from one count of steps to another.
  void fail(String step, int from, int to) {
    failStep = step;
    failFrom = from;
    failTo = to;
  }

  /// The disk has room for so many bytes.
  void holdAtMost(long bytes) {
    bytesMax = bytes;
  }

  long bytesHeld() {
    return new HashSet<>(names.values()).stream().mapToLong(inode -> inode.length).sum();
  }

  void refuseLinks() {
    refusesLinks = true;
  }

  /// A planted fault: forces of directories do nothing.
  void ignoreDirectoryForces() {
    forcesDirectories = false;
  }

  /// A new process; page cache and disk are as they were.
  void restart() {
    life++;
    killAt = Integer.MAX_VALUE;
  }

  /// The machine lost its power: any part of what was not forced is gone.
  void cutPower() {
    restart();
    directories.retainAll(keepSome(directories, durableDirectories));
    Map<Path, Inode> left = new HashMap<>(durableNames);
    names.forEach((path, inode) -> {
      if (!durableNames.containsKey(path) && random.nextBoolean()) {
        left.put(path, inode);
      }
    });
    durableNames.forEach((path, inode) -> {
      if (names.get(path) != inode && random.nextBoolean()) {
        left.remove(path); // the delete made it to disk by chance
      }
    });
    left.keySet().removeIf(path -> !directories.contains(path.getParent()));
    names.clear();
    names.putAll(left);
    durableNames.clear();
    durableNames.putAll(left);
    durableDirectories.clear();
    durableDirectories.addAll(directories);
    for (Inode inode : new HashSet<>(names.values())) {
      inode.length = inode.durable + random.nextInt(inode.length - inode.durable + 1);
      inode.durable = inode.length;
    }
  }

  private Set<Path> keepSome(Set<Path> all, Set<Path> durable) {
    Set<Path> kept = new HashSet<>(durable);
    all.stream()
        .sorted()
        .filter(path -> !durable.contains(path))
        .forEach(path -> {
          if (kept.contains(path.getParent()) && random.nextBoolean()) {
            kept.add(path);
          }
        });
    return kept;
  }

  /// Flips a bit of a file, as rot does.
  void rot(Path file) {
    Inode inode = inode(names.get(file));
    inode.bytes[random.nextInt(inode.length)] ^= 4;
  }

  /// Flips a bit of its last byte.
  void rotEnd(Path file) {
    Inode inode = inode(names.get(file));
    inode.bytes[inode.length - 1] ^= 4;
  }

  void lose(Path file) {
    names.remove(file);
    durableNames.remove(file);
  }

  byte[] bytes(Path file) {
    Inode inode = inode(names.get(file));
    return Arrays.copyOf(inode.bytes, inode.length);
  }

  /// All that is there and all that would outlive a power cut, as text.
  String fingerprint() {
    StringBuilder all = new StringBuilder(1024);
    names.forEach((path, inode) ->
        all.append(path)
            .append(durableNames.get(path) == inode ? '=' : '~')
            .append(inode.durable)
            .append(new String(inode.bytes, 0, inode.length, StandardCharsets.ISO_8859_1)));
    durableNames.keySet().stream()
        .filter(path -> !names.containsKey(path))
        .forEach(path -> all.append('-').append(path));
    return all.append(durableDirectories.size()).append(directories.size()).toString();
  }

  List<Path> files(Path under) {
    return names.keySet().stream().filter(path -> path.startsWith(under)).toList();
  }

  private static Inode inode(@Nullable Inode inode) {
    if (inode == null) {
      throw new AssertionError("no such file");
    }
    return inode;
  }

  private void step(String kind) throws IOException {
    if (steps >= killAt) {
      throw new Killed();
    }
    steps++;
    boolean meant = failStep.isEmpty() || failStep.equals(kind);
    if (meant && steps > failFrom && steps <= failTo) {
      throw new IOException("no space left: step=" + kind);
    }
  }

  @Override
  public NewFile create(Path file) throws IOException {
    step("create");
    requireDirectory(file.getParent());
    if (names.containsKey(file) || directories.contains(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Inode inode = new Inode();
    names.put(file, inode);
    return new Written(inode, life);
  }

  @Override
  public InputStream open(Path file) throws IOException {
    step("open");
    Inode inode = names.get(file);
    if (inode == null) {
      throw new NoSuchFileException(file.toString());
    }
    return new ByteArrayInputStream(inode.bytes, 0, inode.length);
  }

  @Override
  public boolean exists(Path path) {
    return names.containsKey(path) || directories.contains(path);
  }

  @Override
  public boolean isDirectory(Path path) {
    return directories.contains(path);
  }

  @Override
  public long size(Path file) throws IOException {
    Inode inode = names.get(file);
    if (inode == null) {
      throw new NoSuchFileException(file.toString());
    }
    return inode.length;
  }

  @Override
  public boolean sameFile(Path one, Path other) throws IOException {
    if (!names.containsKey(one) || !names.containsKey(other)) {
      throw new NoSuchFileException(one.toString());
    }
    return names.get(one) == names.get(other);
  }

  @Override
  public void link(Path file, Path name) throws IOException {
    step("link");
    if (refusesLinks) {
      throw new LinksRefusedException(file, new FileNotFoundException("not supported"));
    }
    requireDirectory(name.getParent());
    if (!names.containsKey(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (names.containsKey(name)) {
      throw new FileAlreadyExistsException(name.toString());
    }
    names.put(name, names.get(file));
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    step("directory");
    requireDirectory(directory.getParent());
    directories.add(directory);
  }

  @Override
  public List<String> list(Path directory) {
    if (!directories.contains(directory)) {
      return List.of();
    }
    Set<Path> all = new HashSet<>(names.keySet());
    all.addAll(directories);
    return all.stream()
        .filter(path -> directory.equals(path.getParent()))
        .map(path -> path.getFileName().toString())
        .sorted()
        .toList();
  }

  @Override
  public void delete(Path file) throws IOException {
    step("delete");
    names.remove(file);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    step("forceDirectory");
    requireDirectory(directory);
    if (!forcesDirectories) {
      return;
    }
    durableNames.keySet().removeIf(path -> directory.equals(path.getParent()));
    names.forEach((path, inode) -> {
      if (directory.equals(path.getParent())) {
        durableNames.put(path, inode);
      }
    });
    for (Path path : directories) {
      if (directory.equals(path.getParent())) {
        durableDirectories.add(path);
      }
    }
  }

  private void requireDirectory(@Nullable Path directory) throws NoSuchFileException {
    if (directory == null || !directories.contains(directory)) {
      throw new NoSuchFileException(String.valueOf(directory));
    }
  }

  private final class Written implements NewFile {
    private final Inode inode;
    private final int bornIn;
    private boolean closed;
    private boolean failed;

    Written(Inode inode, int bornIn) {
      this.inode = inode;
      this.bornIn = bornIn;
      openMax = Math.max(openMax, ++open);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      requireOpen();
      try {
        step("write");
        if (bytesMax < Long.MAX_VALUE && bytesHeld() + length > bytesMax) {
          throw new IOException("no space left: held=" + bytesHeld());
        }
      } catch (IOException | Killed e) {
        append(bytes, from, random.nextInt(length + 1)); // any part of it
        throw e;
      }
      append(bytes, from, length);
    }

    private void append(byte[] bytes, int from, int length) {
      if (inode.bytes.length < inode.length + length) {
        inode.bytes = Arrays.copyOf(inode.bytes, (inode.length + length) * 2);
      }
      System.arraycopy(bytes, from, inode.bytes, inode.length, length);
      inode.length += length;
    }

    @Override
    public void force() throws IOException {
      requireOpen();
      if (failed) {
        return; // it lies, as real ones do
      }
      try {
        step("force");
      } catch (IOException e) {
        failed = true;
        throw e;
      }
      inode.durable = inode.length;
    }

    private void requireOpen() {
      if (closed || bornIn != life) {
        throw new AssertionError("use of a closed file");
      }
    }

    @Override
    public void close() {
      open -= closed ? 0 : 1;
      closed = true;
    }
  }
}
