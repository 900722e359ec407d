package dev.loopgate.spool;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.spool.Disk.DiskFile;
import dev.loopgate.spool.Disk.DiskLock;
import dev.loopgate.spool.LogMap.Extent;
import dev.loopgate.spool.LogMap.SegmentFile;
import dev.loopgate.spool.LogRecovery.Recovered;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The write-ahead log. What changes it belongs to the one thread named `spool-writer`, which must
/// never be interrupted; what only asks is for any thread.
final class Log implements LogReader.Keeper, AutoCloseable {
  /*
   * One group, one write, one force; only then the durable end moves. A failed force is never repeated on the
   * same file, because the kernel has marked the lost pages clean and a second force would say yes: the
   * file is left as it is, and the same group, same seqs, goes to the next segment, whose first group names
   * the place up to which the failed one holds.
   */
  static final int RESERVE_BYTES = 16 << 20;
  private static final int ZERO_AHEAD_BYTES = 4 << 20;
  private static final int ZERO_STEP_BYTES = 1 << 20;
  private static final int DICTIONARY_BYTES_MAX = 2 << 20;
  private static final int PREAMBLE_BYTES_MAX = 4 << 20;

  private static final class Segment {
    final long number;
    final long generation;
    final DiskFile file;
    volatile long offset;
    long zeroedTo;

    Segment(long number, long generation, DiskFile file, long offset, long zeroedTo) {
      this.number = number;
      this.generation = generation;
      this.file = file;
      this.offset = offset;
      this.zeroedTo = zeroedTo;
    }
  }

  private final Disk disk;
  private final LogDirectory directory;
  private final SpoolConfig config;
  private final SpoolEvents events;
  private final TimeSource time;
  private final RandomGenerator random;
  private final DiskLock lock;
  private final Recovered recovered;
  private final SpoolId spoolId;
  private final LogMap map;
  private final PartSets sets;
  private final SegmentPool pool;
  private final Dictionary dictionary;
  private final Group preamble;
  private final ByteBuffer headerPage = SegmentLayout.pages(SegmentLayout.PAGE_BYTES);
  private final ByteBuffer zeros;

  private volatile @Nullable Segment segment;
  private volatile LogPosition durableEnd;
  private volatile long freeBytes;
  private LogPosition diskEnd; // where the last good force ended, in the segments' own places
  // While recovery writes the tail again: nothing may name a later end until all of it is there.
  private @Nullable LogPosition tailBegins;
  private long nextNumber;
  private long nextSeq;
  private int watermark;

  private Log(
      Disk disk,
      SpoolConfig config,
      SpoolEvents events,
      TimeSource time,
      RandomGenerator random,
      LogDirectory directory,
      DiskLock lock,
      SpoolId spoolId)
      throws IOException {
    this.disk = disk;
    this.config = config;
    this.events = events;
    this.time = time;
    this.random = random;
    this.directory = directory;
    this.lock = lock;
    this.spoolId = spoolId;
    this.pool = SegmentPool.open(disk, directory.pool(), config.segmentBytes());
    this.recovered = LogRecovery.of(disk, directory, events);
    this.map = recovered.map();
    this.sets = recovered.sets();
    this.nextSeq = recovered.nextSeq();
    this.nextNumber = recovered.nextNumber();
    this.diskEnd = recovered.diskEnd();
    this.durableEnd = LogPosition.START;
    this.zeros = SegmentLayout.pages(Math.min(ZERO_STEP_BYTES, config.segmentBytes()));
    this.dictionary =
        new Dictionary(
            recovered.nextKeyId(), Math.min(config.segmentBytes() / 8, DICTIONARY_BYTES_MAX));
    int preambleBytes = Math.min(config.segmentBytes() / 8 * 3, PREAMBLE_BYTES_MAX);
    this.preamble =
        new Group(
            (int) SegmentLayout.padded(preambleBytes) - SegmentLayout.PAGE_BYTES,
            new Dictionary(0, 0),
            new PartSets(),
            () -> nextSeq);
  }

  /// Opens and recovers the log of `config.directory()`; never refuses for damage.
  ///
  /// @param random for the spool's id and the segments' generations
  /// @throws SpoolException when another process holds the directory or it cannot be written
  static Log open(
      Disk disk, SpoolConfig config, SpoolEvents events, TimeSource time, RandomGenerator random)
      throws SpoolException {
    DiskLock lock = null;
    try {
      LogDirectory directory = LogDirectory.make(disk, config.directory());
      lock = disk.lock(directory.lock());
      SpoolId id = directory.identify(disk, random);
      Log log = new Log(disk, config, events, time, random, directory, lock, id);
      log.finishRecovery();
      return log;
    } catch (IOException e) {
      if (lock != null) {
        try {
          lock.close();
        } catch (IOException second) {
          e.addSuppressed(second);
        }
      }
      throw new SpoolException(
          "spool: cannot be opened: directory=" + config.directory() + ", " + e.getMessage(), e);
    }
  }

  /// 32 lower-case hex digits.
  String spoolId() {
    return spoolId.hex();
  }

  /// A group over its own 8 MiB direct buffer; one is enough.
  Group newGroup() {
    int bytes = Math.min(SegmentLayout.GROUP_BYTES_MAX, config.segmentBytes() / 8 * 5);
    return new Group(bytes & -SegmentLayout.PAGE_BYTES, dictionary, sets, () -> nextSeq);
  }

  /// One write, one force; then the durable end has moved. An empty group does nothing. After a
  /// failure the same group goes to the next segment.
  ///
  /// @param snapshot asked when a segment begins: the ledger's totals as the notes before this
  ///   group left them, empty when there are none
  /// @throws LogFailedException after the second failure
  void append(Group group, Supplier<Optional<NoteMessage>> snapshot) throws LogFailedException {
    if (group.isEmpty()) {
      return;
    }
    try {
      writeTwice(group, snapshot);
    } catch (IOException e) {
      abandon("append again", e);
      throw new LogFailedException("log: " + e.getMessage(), e);
    } finally {
      tellWatermark(); // a full disk shows itself by failing: then above all
    }
  }

  /// After a [LogFailedException], every 10 s: tries to begin a segment. True: append the group
  /// again.
  boolean probe(Supplier<Optional<NoteMessage>> snapshot) {
    if (segment != null) {
      return true;
    }
    try {
      beginSegment(snapshot);
      return true;
    } catch (IOException e) {
      abandon("probe", e);
      return false;
    }
  }

  /// One step of at most 1 MiB towards a full pool; true when it did something. Call when idle and
  /// between groups. A full disk is no failure.
  boolean fillPool() {
    Segment current = segment;
    try {
      freeBytes = disk.freeBytes(directory.root());
      tellWatermark();
      if (current != null && zeroAhead(current)) {
        return true;
      }
    } catch (IOException e) {
      abandon("zero ahead", e);
      return false;
    }
    try {
      return freeBytes > config.freeBytesMin() && pool.fill();
    } catch (IOException _) {
      return false; // what that means is fillPercent's to say: nothing is lost by it
    }
  }

  /// The seq the next entry gets.
  long nextSeq() {
    return nextSeq;
  }

  /// Everything before it is forced. Any thread.
  LogPosition durableEnd() {
    return durableEnd;
  }

  /// The highest ring end that a durable group of this ring names, found at open; empty when none
  /// does.
  Optional<Long> recoveredRingEnd(long ringId) {
    return Optional.ofNullable(recovered.ringEnds().get(ringId));
  }

  /// By ledger id, the last totals noted, found at open.
  Map<Long, Map<LedgerKey, LedgerRow>> recoveredLedgers() {
    return recovered.ledgers();
  }

  /// The time of the latest record found at open, 0 when there is none.
  long recoveredTimeMillis() {
    return recovered.timeMillis();
  }

  /// Entries found at open.
  long recoveredEntries() {
    return recovered.entries();
  }

  /// Used share of what the budget and the file system allow, in percent, 100 at most. Any thread.
  int fillPercent() {
    long used = bytesUsed();
    Segment current = segment;
    long available = (long) pool.readyCount() * config.segmentBytes();
    available += current == null ? 0 : Math.max(0, config.segmentBytes() - current.offset);
    // At most the budget: a file system may say that it is endless.
    available += Math.clamp(freeBytes - config.freeBytesMin(), 0, config.logBytesMax());
    long budget = Math.min(config.logBytesMax(), used + available);
    return budget <= 0 ? 100 : (int) Math.min(100, used * 100 / budget);
  }

  /// Bytes of segments in use. Any thread.
  long bytesUsed() {
    Segment current = segment;
    long whole = map.fileCount();
    return current == null
        ? whole * config.segmentBytes()
        : (whole - 1) * config.segmentBytes() + current.offset;
  }

  @Override
  public void releaseReserve() throws IOException {
    directory.releaseReserve(disk);
  }

  @Override
  public boolean refillReserve() {
    return directory.refillReserve(disk, reserveBytes());
  }

  /// One reader more: from now on nothing is recycled that it has not released.
  LogReader reader(EntryDecoder decoder) {
    LogReader reader =
        new LogReader(
            disk, map, sets, recovered.holes(), this::durableEnd, this, events::damaged, decoder);
    return map.readers().joined(reader);
  }

  @Override
  public void recycle(SegmentFile file) throws IOException {
    if (file.sound()) {
      pool.giveBack(file.path());
    } else {
      disk.delete(file.path());
      disk.forceDirectory(directory.wal());
    }
  }

  /// Closes the files and gives the lock back. Appends no marker: its caller does.
  @Override
  public void close() throws IOException {
    Segment current = segment;
    segment = null;
    try (lock) {
      pool.close();
      if (current != null) {
        current.file.close();
      }
    }
  }

  /*
   * Recovery's writing half: what may be absent on disk is written again to a fresh segment, and a marker after it
   * confirms that. When the disk refuses, the old bytes must do: recovery never refuses.
   */
  private void finishRecovery() {
    Supplier<Optional<NoteMessage>> snapshot = recovered::snapshot;
    freeBytes = config.freeBytesMin();
    try {
      freeBytes = disk.freeBytes(directory.root());
      directory.refillReserve(disk, reserveBytes());
      continueSegment();
      recovered.tailKeys().forEach((key, id) -> dictionary.adopt(key, id));
      tailBegins = recovered.diskEnd();
      for (LogRecovery.Tail tail : recovered.tail()) {
        copy(tail, snapshot);
      }
      tailBegins = null;
      dictionary.clear();
      noteLosses(snapshot);
    } catch (IOException e) {
      abandon("recovery", e);
      keepTailInPlace();
    }
    dictionary.clear();
    durableEnd = lastEnd();
    for (SegmentFile file : map.takeEmpty(recovered.kept())) {
      try {
        recycle(file);
      } catch (IOException e) {
        events.diskFailed("recycle", String.valueOf(e.getMessage()));
      }
    }
  }

  private void continueSegment() throws IOException {
    long number = recovered.continued();
    SegmentFile file = number < 0 ? null : map.file(number);
    if (file == null) {
      return;
    }
    DiskFile open = disk.openPaged(file.path());
    long size = open.size();
    segment = new Segment(number, file.generation(), open, recovered.diskEnd().offset(), size);
  }

  private void copy(LogRecovery.Tail tail, Supplier<Optional<NoteMessage>> snapshot)
      throws IOException {
    Group copy =
        new Group(
            (int) SegmentLayout.padded(tail.header().length()),
            new Dictionary(0, 0),
            new PartSets(),
            () -> nextSeq);
    SegmentFile file = map.file(tail.segment());
    if (file == null) {
      return;
    }
    try (SegmentScan scan = new SegmentScan(disk.open(file.path()), file.generation())) {
      ByteBuffer bytes = scan.wholeGroup(tail.offset(), tail.header());
      if (bytes == null) {
        throw new IOException("log: changed while it was read: file=" + file.path());
      }
      copy.copyOf(bytes, tail.header());
    }
    nextSeq = tail.header().firstSeq(); // the fresh segment begins with what is copied
    writeTwice(copy, snapshot);
    nextSeq = Math.max(nextSeq, recovered.nextSeq());
  }

  private void noteLosses(Supplier<Optional<NoteMessage>> snapshot) throws IOException {
    nextSeq = recovered.nextSeq();
    if (recovered.tail().isEmpty() && recovered.lost().isEmpty()) {
      return;
    }
    Group group = new Group(64 << 10, new Dictionary(0, 0), new PartSets(), () -> nextSeq);
    group.begin(0);
    for (NoteMessage note : recovered.lostNotes()) {
      group.addNote(note, time.epochMillis());
      writeTwice(group, snapshot);
    }
    group.addMarker(time.epochMillis());
    writeTwice(group, snapshot);
  }

  private void keepTailInPlace() {
    nextSeq = recovered.nextSeq();
    boolean confirmed = tailBegins == null;
    tailBegins = null;
    if (confirmed) {
      return;
    }
    for (LogRecovery.Tail tail : recovered.tail()) {
      Extent extent = tail.extent();
      Extent known = map.atOrAfter(extent.start());
      if (known == null || known.start().compareTo(extent.end()) >= 0) {
        map.addExtent(extent);
      }
      diskEnd = new LogPosition(tail.segment(), tail.offset() + tail.header().paddedLength());
    }
  }

  private LogPosition previousEnd() {
    LogPosition begins = tailBegins;
    return begins == null ? diskEnd : begins;
  }

  private LogPosition lastEnd() {
    LogPosition end = LogPosition.START;
    for (Extent extent : map.extents()) {
      end = extent.end();
    }
    return end;
  }

  /// Writes the group; after a failure once more, to the next segment.
  private void writeTwice(Group group, Supplier<Optional<NoteMessage>> snapshot)
      throws IOException {
    try {
      write(group, snapshot);
    } catch (IOException first) {
      abandon("append", first);
      try {
        write(group, snapshot);
      } catch (IOException second) {
        second.addSuppressed(first);
        throw second;
      }
    }
  }

  private void write(Group group, Supplier<Optional<NoteMessage>> snapshot) throws IOException {
    Segment current = segment;
    if (current == null || current.offset + group.paddedLength() > config.segmentBytes()) {
      endSegment();
      current = beginSegment(snapshot);
    }
    LogPosition own = new LogPosition(current.number, current.offset);
    ByteBuffer bytes = group.seal(current.generation, own, previousEnd());
    LogPosition place = group.place(own);
    int length = bytes.remaining();
    int entries = group.entries();
    long before = time.nanos();
    current.file.write(bytes, current.offset);
    current.file.force();
    long nanos = time.nanos() - before;
    current.offset = own.offset() + length;
    diskEnd = new LogPosition(current.number, current.offset);
    nextSeq = Math.max(nextSeq, group.nextSeq());
    map.addExtent(new Extent(place, length, own.segment(), own.offset()));
    group.appended(own);
    durableEnd = diskEnd;
    events.groupForced(entries, length, nanos);
  }

  private void endSegment() throws IOException {
    Segment current = segment;
    segment = null;
    if (current != null) {
      current.file.close();
    }
  }

  /// A fresh segment: header and preamble forced, then its name, before the first group.
  private Segment beginSegment(Supplier<Optional<NoteMessage>> snapshot) throws IOException {
    Path path = pool.take();
    boolean zeroed = path != null;
    if (path == null) {
      path = pool.newName();
    }
    long generation = random.nextLong();
    long number = nextNumber++;
    DiskFile file = zeroed ? disk.openPaged(path) : disk.createPaged(path);
    try {
      headerPage.clear();
      SegmentLayout.writeHeader(
          headerPage, new SegmentLayout.Header(spoolId, generation, number, nextSeq));
      file.write(headerPage, 0);
      ByteBuffer first = preamble(generation, number, snapshot);
      long offset = (long) SegmentLayout.PAGE_BYTES + first.remaining();
      file.write(first, SegmentLayout.PAGE_BYTES);
      file.force();
      Path name = directory.segment(number);
      disk.rename(path, name);
      path = name;
      disk.forceDirectory(directory.wal());
      disk.forceDirectory(directory.pool());
      map.addFile(new SegmentFile(number, name, generation, true));
      long zeroedTo = zeroed ? file.size() : offset;
      Segment fresh = new Segment(number, generation, file, offset, zeroedTo);
      LogPosition start = new LogPosition(number, SegmentLayout.PAGE_BYTES);
      map.addExtent(new Extent(start, offset - start.offset(), number, SegmentLayout.PAGE_BYTES));
      diskEnd = new LogPosition(number, offset);
      segment = fresh;
      return fresh;
    } catch (IOException e) {
      giveUp(file, path, e);
      throw e;
    }
  }

  private ByteBuffer preamble(
      long generation, long number, Supplier<Optional<NoteMessage>> snapshot) {
    long now = time.epochMillis();
    preamble.begin(0);
    // What does not fit was added by the group that is written next: it has its own record there.
    dictionary.ids().forEach((key, id) -> preamble.addKey(key, id, now));
    snapshot.get().ifPresent(note -> preamble.addNote(note, now));
    preamble.addMarker(now);
    LogPosition own = new LogPosition(number, SegmentLayout.PAGE_BYTES);
    return preamble.seal(generation, own, previousEnd());
  }

  private void giveUp(DiskFile file, Path path, IOException e) {
    try {
      file.close();
      disk.delete(path);
    } catch (IOException second) {
      e.addSuppressed(second); // an orphan: recovery sees that nothing in it was ever durable
    }
  }

  /// Leaves the segment for good: nothing after its last good force counts, nothing more is written
  /// to it.
  private void abandon(String step, IOException e) {
    events.diskFailed(step, String.valueOf(e.getMessage()));
    Segment current = segment;
    segment = null;
    if (current == null) {
      return;
    }
    map.spoil(current.number);
    try {
      current.file.close();
    } catch (IOException second) {
      e.addSuppressed(second);
    }
  }

  /// Zeroes ahead of the writer where the segment was made in a hurry; true when it did.
  private boolean zeroAhead(Segment current) throws IOException {
    long from = Math.max(current.zeroedTo, current.offset);
    long wanted = Math.min(config.segmentBytes(), current.offset + ZERO_AHEAD_BYTES);
    if (from >= wanted) {
      return false;
    }
    int count = (int) Math.min(zeros.capacity(), wanted - from);
    current.file.write(zeros.duplicate().limit(count), from);
    current.file.force();
    current.zeroedTo = from + count;
    return true;
  }

  private int reserveBytes() {
    return Math.min(RESERVE_BYTES, config.segmentBytes() / 4);
  }

  private void tellWatermark() {
    int percent = fillPercent();
    int reached = percent >= 100 ? 100 : percent >= 95 ? 95 : percent >= 80 ? 80 : 0;
    if (reached != watermark) {
      watermark = reached;
      events.watermark(reached);
    }
  }
}
