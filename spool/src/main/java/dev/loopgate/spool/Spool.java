package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.proto.v1.Counts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The spool of one gateway: ring, ledger and log in one directory. Any thread, where nothing else
/// is said.
public final class Spool implements AutoCloseable {
  /*
   * Opening is the log's recovery, then the ring's into the log, then a new ring in place of the old one:
   * the new file is what says that the old one's content is in the log.
   *
   * After a clean stop the ring is deleted, for it is memory, and the file `ring.closed` says that nothing
   * was in it; so it does before the first one is made. Without that file a ring that is missing was lost
   * with the machine: a gap.
   */

  /// The slot of everything that has none of its own.
  public static final String OTHER = "(other)";

  private static final long WATCH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long CLOSE_SECONDS = 30;

  private final Path directory;
  private final Disk disk;
  private final Log log;
  private final RingFile file;
  private final RingLane.Shared shared;
  private final SpoolWriter writer;
  private final List<LogReader> readers = new ArrayList<>(1);
  private final SpoolConfig config;
  private final long firstSeq;
  private final List<RingLane> lanes = new ArrayList<>();
  private volatile @Nullable Thread writerThread;
  private @Nullable Thread watchThread;
  private boolean closed;

  private Spool(
      SpoolConfig config,
      Disk disk,
      Log log,
      Group group,
      RingFile file,
      TimeSource time,
      SpoolEvents events) {
    this.config = config;
    this.directory = config.directory();
    this.disk = disk;
    this.log = log;
    this.file = file;
    boolean checked = file.path().equals(besides(config));
    this.shared =
        new RingLane.Shared(
            file,
            checked,
            new Intake(),
            new ForceTickets(),
            () -> LockSupport.unpark(writerThread),
            time,
            events,
            config.forceTimeout().toNanos());
    this.writer = new SpoolWriter(file, log, group, config, shared);
    this.firstSeq = log.nextSeq();
  }

  /// The identity of the spool in this directory, 32 lower-case hex digits, without opening it;
  /// empty when there is none.
  ///
  /// @throws IOException when it can't be told any more; one line names the file and what to do
  public static String idIn(Path directory) throws IOException {
    SpoolId id = LogDirectory.known(new ReadOnlyDisk(new FileDisk()), directory);
    return id == null ? "" : id.hex();
  }

  /// Opens the spool, recovering what an earlier process left. Its writer does not run yet.
  ///
  /// @throws SpoolException when the directory is held by another process or can't be used
  public static Spool open(SpoolConfig config, TimeSource time, SpoolEvents events)
      throws SpoolException {
    return open(config, time, events, new FileDisk(), RingHost.LINUX, new SecureRandom());
  }

  static Spool open(
      SpoolConfig config,
      TimeSource time,
      SpoolEvents events,
      Disk disk,
      RingHost host,
      RandomGenerator random)
      throws SpoolException {
    Log log = Log.open(disk, config, events, time, random);
    try {
      Group group = log.newGroup(); // its buffer is large: one serves the recovery and the writer
      RingPlaces places = new RingPlaces(config, log.spoolId(), host);
      places.refuseCopy();
      recoverRings(config, time, events, disk, host, log, group, places);
      RingFile file = places.create(random.nextLong(), config, events);
      // Only now: before the new ring was there, it was still true.
      new LogDirectory(config.directory()).noteThatARingIs(disk);
      places.removeOrphans(events);
      return new Spool(config, disk, log, group, file, time, events);
    } catch (IOException e) {
      SpoolException failed =
          new SpoolException(
              "spool: cannot be opened: directory=" + config.directory() + ": " + e.getMessage(),
              e);
      try {
        log.close();
      } catch (IOException second) {
        failed.addSuppressed(second);
      }
      throw failed;
    }
  }

  private static void recoverRings(
      SpoolConfig config,
      TimeSource time,
      SpoolEvents events,
      Disk disk,
      RingHost host,
      Log log,
      Group group,
      RingPlaces places)
      throws IOException {
    LogDirectory directory = new LogDirectory(config.directory());
    long nowMillis = time.epochMillis();
    long knownMillis = log.recoveredTimeMillis();
    RingRecovery recovery =
        new RingRecovery(
            log,
            group,
            events,
            host.bootId(),
            knownMillis == 0 ? Math.min(directory.madeMillis(disk), nowMillis) : knownMillis,
            nowMillis);
    List<Path> rings = places.present();
    for (Path ring : rings) {
      recovery.recover(ring);
    }
    if (rings.isEmpty() && !directory.hasNoRing(disk)) {
      recovery.gap("ring lost", 0);
    }
    if (rings.isEmpty() && log.recoveredTimeMillis() == 0) { // a new spool
      recovery.gapOfOthers(places.ofOthersHere());
    }
  }

  private static Path besides(SpoolConfig config) {
    return config.directory().toAbsolutePath().normalize().resolve("ring");
  }

  /// Starts the threads named `spool-writer` and `spool-watch`.
  public void start() {
    Thread thread = new Thread(writer::run, "spool-writer");
    writerThread = thread;
    thread.start();
    watchThread = Thread.ofPlatform().name("spool-watch").daemon().start(this::watch);
  }

  /// Identity of this spool, 32 lower-case hex digits; the first 12 name the gateway's manifests.
  public String id() {
    return log.spoolId();
  }

  /// The seq of the first entry that this process accepts: those before it were recovered.
  public long firstSeq() {
    return firstSeq;
  }

  /// A lane for the calling thread; at most [SpoolConfig#lanesMax] a process.
  public SpoolLane openLane() {
    synchronized (lanes) {
      if (lanes.size() == config.lanesMax()) {
        throw new IllegalStateException("spool lanes: max=" + config.lanesMax());
      }
      RingLane lane = new RingLane(lanes.size(), shared);
      lanes.add(lane);
      return lane;
    }
  }

  /// The ledger's slot of this deployment, given once and kept; [#OTHER]'s beyond 1,024. Any
  /// thread, takes a lock: not for the serving path.
  public int slotOf(String deployment) {
    return file.ledger().slotOf(deployment);
  }

  /// The first reader, made when it is asked for. Where there are several, all of them are taken
  /// before one releases anything.
  public SpoolReader reader() {
    return readers.isEmpty() ? anotherReader() : readers.getFirst();
  }

  /// One reader more: what it has not released stays, whatever the others do.
  public SpoolReader anotherReader() {
    LogReader reader = log.reader(EntryCodec::decode);
    readers.add(reader);
    return reader;
  }

  /// A look at the counts and fills of this moment. Any thread.
  public SpoolStatus status() {
    // Read before the ring: what moves meanwhile is counted as still in it, never as lost.
    long logged = writer.logged();
    Map<EntryKind, Map<String, LedgerCounts>> counts = counts(file.ledger());
    long accepted = 0;
    for (Map<String, LedgerCounts> byDeployment : counts.values()) {
      for (LedgerCounts row : byDeployment.values()) {
        accepted += row.accepted();
      }
    }
    Ring ring = file.ring();
    return new SpoolStatus(
        counts,
        Math.max(0, accepted - logged),
        logged,
        ring.used(),
        ring.capacity(),
        log.bytesUsed(),
        config.logBytesMax(),
        shared.intake().isFailed());
  }

  /// Closes the intake (appends answer [Appended#CLOSED]), empties the ring into the log, forces,
  /// ends the writer. The reader stays usable until [#close].
  public void closeIntake() {
    shared.intake().close();
    Thread thread = writerThread;
    if (thread == null) {
      writer.run(); // never started: what is in the ring goes to the log all the same
      return;
    }
    LockSupport.unpark(thread);
    boolean interrupted = false;
    long deadline = shared.time().nanos() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
    while (thread.isAlive() && shared.time().nanos() - deadline < 0) {
      try {
        thread.join(100);
      } catch (InterruptedException _) {
        interrupted = true; // the writer needs its time; told again below
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// [#closeIntake] if that was not done, then closes the files.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    closeIntake();
    Thread thread = writerThread;
    Thread watch = watchThread;
    if (watch != null) {
      watch.interrupt();
    }
    if (thread != null && thread.isAlive()) {
      // The disk hangs: the files are its own, and the next start recovers the ring.
      shared.tickets().tellAllUnknown();
      return;
    }
    boolean clean = writer.finish(shared.time().nanos());
    shared.tickets().tellAllUnknown();
    try {
      if (clean) {
        leaveClean();
      }
      for (LogReader reader : readers) {
        reader.close();
      }
      file.close();
      log.close();
    } catch (IOException e) {
      shared.events().diskFailed("close", String.valueOf(e.getMessage()));
    }
  }

  private void leaveClean() throws IOException {
    new LogDirectory(directory).noteThatNoRingIs(disk);
    Files.deleteIfExists(file.path()); // after the witness: else it would be missed
  }

  /// A force that does not return must not keep a caller waiting; the writer cannot say so while it
  /// hangs.
  private void watch() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(WATCH_NANOS);
      expireTickets();
    }
  }

  /// Tells those who waited too long for their force.
  int expireTickets() {
    return shared.tickets().expire(shared.time().nanos());
  }

  /// One step of the writer, for whoever turns time by hand.
  int doWork() {
    return writer.doWork(shared.time().nanos());
  }

  /// Lets go of the files as the kernel does for a process that dies; nothing is written any more.
  void die() throws IOException {
    closed = true;
    file.close();
    log.close();
  }

  RingFile ringFile() {
    return file;
  }

  static Map<EntryKind, Map<String, LedgerCounts>> counts(Ledger ledger) {
    Map<EntryKind, Map<String, LedgerCounts>> counts = new EnumMap<>(EntryKind.class);
    for (EntryKind kind : EntryKind.values()) {
      Map<String, LedgerCounts> byDeployment = new LinkedHashMap<>();
      for (int slot = 0; slot < ledger.slots(); slot++) {
        byDeployment.put(ledger.nameOf(slot), row(ledger, kind, slot));
      }
      counts.put(kind, Map.copyOf(byDeployment));
    }
    return counts;
  }

  private static LedgerCounts row(Ledger ledger, EntryKind kind, int slot) {
    long[] sums = new long[Ledger.FIELDS];
    // Endings before beginnings, so that a look amid traffic never shows more ended than begun.
    for (int field = Ledger.FIELDS - 1; field >= 0; field--) {
      for (int plane = 0; plane < Ledger.PLANES; plane++) {
        sums[field] += ledger.sum(Ledger.cell(slot, kind.number(), plane, field));
      }
    }
    List<Long> dropped = new ArrayList<>();
    for (int field = Ledger.DROPPED; field < Ledger.FIELDS; field++) {
      dropped.add(sums[field]);
    }
    return new LedgerCounts(
        sums[Ledger.BEGUN], sums[Ledger.ACCEPTED], sums[Ledger.SAMPLED_OUT], dropped);
  }

  /// The counts of a note's row.
  static LedgerCounts countsOf(Counts counts) {
    return new LedgerCounts(
        counts.getBegun(), counts.getAccepted(), counts.getSampledOut(), counts.getDroppedList());
  }
}
