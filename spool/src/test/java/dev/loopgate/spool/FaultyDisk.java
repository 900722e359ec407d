package dev.loopgate.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The strictest disk there is, in memory. Confined to one thread.
///
/// What is written lies in a page cache until it is forced; what is created, renamed or deleted is
/// lost at a power cut unless its directory was forced, each on its own; of a rename that is the
/// new one's. A power cut comes *inside* the given I/O step: that step is done in part, and of what
/// was not forced any page, or half of one, may survive. A failed force loses bytes, and the next
/// one lies, as real ones do: the pages count as clean. A disk runs full. A file that is used after
/// it was closed, or read where it was not forced, is a bug and an `AssertionError`.
public final class FaultyDisk implements Disk {
  /// The power is off: everything fails until [#restart].
  public static final class PowerCutException extends IOException {
    private static final long serialVersionUID = 1;

    PowerCutException() {
      super("power cut");
    }
  }

  private static final int PAGE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;

  private static final class Inode {
    byte[] cached = new byte[0];
    byte[] durable = new byte[0];
    final Set<Integer> dirty = new HashSet<>();
    final Set<Integer> unforced = new HashSet<>(); // dirty since this process began
  }

  private record Renaming(
      @Nullable Path from, @Nullable Path to, @Nullable Inode inode, Set<Path> directories) {}

  private final RandomGenerator random;
  private final Set<Path> directories = new HashSet<>();
  private final Map<Path, Inode> names = new TreeMap<>();
  private final Map<Path, Inode> durableNames = new TreeMap<>();
  private final List<Renaming> pending = new ArrayList<>();
  private final Set<Path> locks = new HashSet<>();
  private long life; // files and locks of an earlier one are dead
  private long steps;
  private long forces;
  private long writes;
  private long cutAt = -1;
  private final Set<Long> failingForces = new HashSet<>();
  private final Set<Long> failingWrites = new HashSet<>();
  private long capacity = Long.MAX_VALUE;
  private long opens;
  private int openNow;
  private boolean off;
  private boolean dataForcesSkipped;
  private boolean directoryForcesSkipped;

  /// A disk whose every choice comes from `random`.
  public FaultyDisk(RandomGenerator random) {
    this.random = random;
  }

  /// I/O steps so far.
  public long steps() {
    return steps;
  }

  /// Forces of files so far.
  public long forces() {
    return forces;
  }

  /// Opened files so far, made ones aside.
  public long opens() {
    return opens;
  }

  /// Files that this life has open.
  public int openNow() {
    return openNow;
  }

  /// Cuts the power inside the step that many from now; 1 is the next one.
  public void cutPowerIn(long stepsFromNow) {
    cutAt = steps + stepsFromNow;
  }

  /// No power cut is coming.
  public void keepPower() {
    cutAt = -1;
  }

  /// Fails the force of a file that many from now; 1 is the next one.
  public void failForceIn(long forcesFromNow) {
    failingForces.add(forces + forcesFromNow);
  }

  /// Fails the write that many from now; 1 is the next one.
  public void failWriteIn(long writesFromNow) {
    failingWrites.add(writes + writesFromNow);
  }

  /// No failure is coming any more.
  public void failNothing() {
    failingForces.clear();
    failingWrites.clear();
  }

  /// All files together can't be longer than this.
  public void capacity(long bytes) {
    capacity = bytes;
  }

  /// Bytes of all files.
  public long usedBytes() {
    return names.values().stream().mapToLong(inode -> inode.cached.length).sum();
  }

  /// To show that a test can fail: forces of files do nothing.
  public void skipDataForces() {
    dataForcesSkipped = true;
  }

  /// To show that a test can fail: forces of directories do nothing.
  public void skipDirectoryForces() {
    directoryForcesSkipped = true;
  }

  /// Flips one bit of a file, in the cache and on disk.
  public void flipBit(Path file, long bit) {
    Inode inode = names.get(file);
    if (inode == null) {
      throw new AssertionError("no such file: " + file);
    }
    int at = (int) (bit / 8);
    inode.cached[at] ^= (byte) (1 << (bit % 8));
    if (at < inode.durable.length) {
      inode.durable[at] = inode.cached[at];
    }
  }

  /// A copy of the file's bytes as a process would read them.
  public byte[] bytes(Path file) {
    Inode inode = names.get(file);
    if (inode == null) {
      throw new AssertionError("no such file: " + file);
    }
    return inode.cached.clone();
  }

  /// Replaces the file's bytes, in the cache and on disk.
  public void replace(Path file, byte[] bytes) {
    Inode inode = names.computeIfAbsent(file, _ -> new Inode());
    inode.cached = bytes.clone();
    inode.durable = bytes.clone();
    inode.dirty.clear();
    inode.unforced.clear();
    durableNames.put(file, inode);
  }

  /// From that many steps on nothing more is done: the process dies there, see [#kill].
  public void dieIn(long stepsFromNow) {
    cutPowerIn(stepsFromNow);
  }

  /// The process dies, or has died; the kernel keeps its cache.
  public void kill() {
    life++;
    openNow = 0;
    off = false;
    locks.clear();
    names.values().forEach(inode -> inode.unforced.clear());
  }

  /// The power goes off, if it is not, and comes back.
  public void restart() {
    kill();
    for (Renaming renaming : List.copyOf(pending)) {
      if (pending.contains(renaming) && random.nextBoolean()) {
        apply(renaming);
      }
    }
    pending.clear();
    names.clear();
    names.putAll(durableNames);
    names.values().forEach(this::loseCache);
    off = false;
    cutAt = -1;
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    boolean cut = step();
    if (names.containsKey(file)) {
      throw new IOException("exists: " + file);
    }
    requireDirectory(file);
    rename(new Renaming(null, file, new Inode(), Set.of(parent(file))));
    endStep(cut);
    return new OpenFile(file);
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    requirePower();
    if (!names.containsKey(file)) {
      throw new NoSuchFileException(file.toString());
    }
    opens++;
    return new OpenFile(file);
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    return open(file);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    requirePower();
    return names.containsKey(path) || directories.contains(path);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    requirePower();
    for (Path each = directory; each != null; each = each.getParent()) {
      directories.add(each);
    }
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    requirePower();
    return names.keySet().stream()
        .filter(file -> parent(file).equals(directory))
        .map(file -> file.getFileName().toString())
        .sorted()
        .toList();
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    boolean cut = step();
    Inode inode = names.get(from);
    if (inode == null) {
      throw new NoSuchFileException(from.toString());
    }
    requireDirectory(to);
    rename(new Renaming(from, to, inode, Set.of(parent(to)))); // the old one's force is not enough
    endStep(cut);
  }

  @Override
  public void delete(Path file) throws IOException {
    boolean cut = step();
    if (names.containsKey(file)) {
      rename(new Renaming(file, null, null, Set.of(parent(file))));
    }
    endStep(cut);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    boolean cut = step();
    if (!directoryForcesSkipped) {
      for (Renaming renaming : List.copyOf(pending)) {
        if (renaming.directories().contains(directory) && !(cut && random.nextBoolean())) {
          apply(renaming);
          pending.remove(renaming);
        }
      }
    }
    endStep(cut);
  }

  /// It knows no clock: as late as can be.
  @Override
  public long writtenMillis(Path file) {
    return Long.MAX_VALUE;
  }

  @Override
  public long freeBytes(Path directory) throws IOException {
    requirePower();
    return capacity - usedBytes();
  }

  @Override
  public DiskLock lock(Path file) throws IOException {
    requirePower();
    if (!locks.add(file)) {
      throw new IOException("lock: held: file=" + file);
    }
    long opened = life;
    return () -> {
      if (opened == life) {
        locks.remove(file);
      }
    };
  }

  private void rename(Renaming renaming) {
    pending.add(renaming);
    if (renaming.from() != null) {
      names.remove(renaming.from());
    }
    if (renaming.to() != null && renaming.inode() != null) {
      names.put(renaming.to(), renaming.inode());
    }
  }

  private void apply(Renaming renaming) {
    // A rename is one step: what gave the old name before can't bring it back afterwards.
    pending.removeIf(earlier ->
        renaming.inode() != null
            && earlier.inode() == renaming.inode()
            && earlier.to() != null
            && earlier.to().equals(renaming.from()));
    if (renaming.from() != null
        && (renaming.inode() == null || durableNames.get(renaming.from()) == renaming.inode())) {
      durableNames.remove(renaming.from());
    }
    if (renaming.to() != null && renaming.inode() != null) {
      durableNames.put(renaming.to(), renaming.inode());
    }
  }

  private void loseCache(Inode inode) {
    List<Integer> dirty = inode.dirty.stream().sorted().toList();
    for (int page : dirty) {
      if (random.nextInt(3) > 0) {
        int from = page * PAGE_BYTES;
        boolean torn = random.nextInt(4) == 0;
        int sectors = torn ? random.nextInt(PAGE_BYTES / SECTOR_BYTES) : PAGE_BYTES / SECTOR_BYTES;
        write(inode, from, from + sectors * SECTOR_BYTES);
      }
    }
    inode.dirty.clear();
    inode.unforced.clear();
    inode.cached = inode.durable.clone();
  }

  /// Makes cached bytes durable.
  private static void write(Inode inode, int from, int to) {
    int end = Math.min(to, inode.cached.length);
    if (end > from) {
      if (inode.durable.length < end) {
        inode.durable = Arrays.copyOf(inode.durable, end);
      }
      System.arraycopy(inode.cached, from, inode.durable, from, end - from);
    }
  }

  private boolean step() throws PowerCutException {
    requirePower();
    steps++;
    return steps == cutAt;
  }

  private void endStep(boolean cut) throws PowerCutException {
    if (cut) {
      off = true;
      throw new PowerCutException();
    }
  }

  private void requirePower() throws PowerCutException {
    if (off) {
      throw new PowerCutException();
    }
  }

  private void requireDirectory(Path file) throws IOException {
    if (!directories.contains(parent(file))) {
      throw new NoSuchFileException(parent(file).toString());
    }
  }

  private static Path parent(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("file: no directory: " + file);
    }
    return parent;
  }

  private final class OpenFile implements DiskFile {
    private final Inode inode;
    private final long opened = life;
    private boolean closed;

    OpenFile(Path file) {
      inode = Objects.requireNonNull(names.get(file));
      openNow++;
    }

    @Override
    public long size() throws IOException {
      requireOpen();
      return inode.cached.length;
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
      requireOpen();
      int from = (int) offset;
      int count = Math.max(0, Math.min(target.remaining(), inode.cached.length - from));
      for (int page = from / PAGE_BYTES; page * PAGE_BYTES < from + count; page++) {
        if (inode.unforced.contains(page)) {
          throw new AssertionError("read before it was forced: offset=" + page * PAGE_BYTES);
        }
      }
      target.put(inode.cached, from, count);
      return count;
    }

    @Override
    public void write(ByteBuffer source, long offset) throws IOException {
      requireOpen();
      boolean cut = step();
      boolean fails = failingWrites.remove(++writes);
      int length = source.remaining();
      long grows = Math.max(0, offset + length - inode.cached.length);
      long room = capacity - usedBytes();
      int done = cut || fails ? random.nextInt(length + 1) : length;
      if (grows > room) {
        done = (int) Math.max(0, Math.min(done, length - (grows - room)));
      }
      put(source.slice(source.position(), done), (int) offset);
      endStep(cut);
      if (fails) {
        throw new IOException("Input/output error");
      }
      if (grows > room) {
        throw new IOException("No space left on device");
      }
      source.position(source.limit());
    }

    @Override
    public void force() throws IOException {
      requireOpen();
      boolean cut = step();
      boolean fails = failingForces.remove(++forces);
      if (dataForcesSkipped) {
        endStep(cut);
        inode.unforced.clear();
        return;
      }
      List<Integer> dirty = inode.dirty.stream().sorted().toList();
      for (int page : dirty) {
        boolean reaches = !(cut || fails) || random.nextBoolean();
        if (reaches) {
          FaultyDisk.write(inode, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
        }
        if (reaches || fails) {
          inode.dirty.remove(page); // failed: clean in the cache, absent on disk
        }
      }
      endStep(cut);
      if (fails) {
        throw new IOException("Input/output error");
      }
      inode.unforced.clear();
    }

    @Override
    public void truncate(long size) throws IOException {
      requireOpen();
      boolean cut = step();
      if (size < inode.cached.length) {
        inode.cached = Arrays.copyOf(inode.cached, (int) size);
        if (inode.durable.length > size) {
          inode.durable = Arrays.copyOf(inode.durable, (int) size);
        }
      }
      endStep(cut);
    }

    @Override
    public void close() throws IOException {
      openNow -= closed || opened != life ? 0 : 1;
      closed = true;
    }

    private void put(ByteBuffer bytes, int offset) {
      int count = bytes.remaining();
      if (count == 0) {
        return;
      }
      if (inode.cached.length < offset + count) {
        inode.cached = Arrays.copyOf(inode.cached, offset + count);
      }
      bytes.get(inode.cached, offset, count);
      for (int page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + count; page++) {
        inode.dirty.add(page);
        inode.unforced.add(page);
      }
    }

    private void requireOpen() throws IOException {
      requirePower();
      if (closed || opened != life) {
        throw new AssertionError("used after it was closed");
      }
    }
  }
}
