package dev.loopgate.spool;

import dev.loopgate.spool.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Zero-filled files that wait to become segments. `spool-writer` takes and fills, `shipper` gives
/// back; neither waits for the other's disk.
///
/// A force on a file that was written before costs no metadata: hence real zeros, and files used
/// again.
final class SegmentPool {
  static final int READY_MIN = 2;
  static final int READY_MAX = 4;
  private static final int STEP_BYTES = 1 << 20;
  private static final String SUFFIX = ".seg";

  private final Disk disk;
  private final Path directory;
  private final int segmentBytes;
  private final ByteBuffer zeros;
  private final Deque<Path> ready = new ArrayDeque<>(); // guarded by this
  private long nextName; // guarded by this

  private @Nullable DiskFile filling; // spool-writer's
  private @Nullable Path fillingName;
  private long filledTo;

  private SegmentPool(Disk disk, Path directory, int segmentBytes) {
    this.disk = disk;
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    this.zeros = SegmentLayout.pages(Math.min(STEP_BYTES, segmentBytes));
  }

  /// Takes over what an earlier life left; files of another length or beyond four are deleted.
  static SegmentPool open(Disk disk, Path directory, int segmentBytes) throws IOException {
    SegmentPool pool = new SegmentPool(disk, directory, segmentBytes);
    for (String name : disk.list(directory)) {
      pool.adopt(name);
    }
    return pool;
  }

  /// A ready file, or null when there is none.
  synchronized @Nullable Path take() {
    return ready.poll();
  }

  /// A name that is free, for a file made in a hurry.
  synchronized Path newName() {
    return directory.resolve(HexName.of(nextName++) + SUFFIX);
  }

  synchronized int readyCount() {
    return ready.size();
  }

  /// Takes a segment that nobody needs any more; deletes it when there are enough.
  void giveBack(Path segment) throws IOException {
    if (readyCount() >= READY_MAX) {
      disk.delete(segment);
      disk.forceDirectory(segment.resolveSibling(""));
      return;
    }
    Path name = newName();
    disk.rename(segment, name);
    // Before it can be taken: else a power cut may show the new header under the old name.
    disk.forceDirectory(segment.resolveSibling(""));
    disk.forceDirectory(directory);
    synchronized (this) {
      ready.add(name);
    }
  }

  /// One step of at most 1 MiB towards two ready files; true when it did something.
  boolean fill() throws IOException {
    if (filling == null && readyCount() >= READY_MIN) {
      return false;
    }
    try {
      step();
      return true;
    } catch (IOException e) {
      abandon(e);
      throw e;
    }
  }

  void close() throws IOException {
    if (filling != null) {
      filling.close();
      filling = null;
    }
  }

  private void step() throws IOException {
    DiskFile file = filling;
    Path name = fillingName;
    if (file == null || name == null) {
      name = newName();
      fillingName = name;
      file = disk.createPaged(name);
      filling = file;
      filledTo = 0;
    }
    int count = (int) Math.min(zeros.capacity(), segmentBytes - filledTo);
    file.write(zeros.duplicate().limit(count), filledTo);
    file.force(); // step by step: one big one at the end would delay a group's
    filledTo += count;
    if (filledTo == segmentBytes) {
      file.close();
      filling = null;
      synchronized (this) {
        ready.add(name);
      }
    }
  }

  private void abandon(IOException e) {
    try {
      close();
      if (fillingName != null) {
        disk.delete(fillingName); // on a full disk every byte of it is wanted elsewhere
      }
    } catch (IOException second) {
      e.addSuppressed(second);
    }
    filling = null;
  }

  private void adopt(String name) throws IOException {
    Path file = directory.resolve(name);
    long number = HexName.parse(name, SUFFIX);
    nextName = Math.max(nextName, number + 1);
    boolean whole = false;
    if (number >= 0 && ready.size() < READY_MAX) {
      try (DiskFile open = disk.open(file)) {
        whole = open.size() == segmentBytes;
      }
    }
    if (whole) {
      ready.add(file);
    } else {
      disk.delete(file);
    }
  }

  /// The ready files, for tests and `inspect`.
  synchronized List<Path> ready() {
    return List.copyOf(ready);
  }
}
