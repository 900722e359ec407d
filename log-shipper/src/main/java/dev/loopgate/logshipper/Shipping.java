package dev.loopgate.logshipper;

import dev.loopgate.logshipper.CommitRecord.ManifestPlanned;
import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import dev.loopgate.logshipper.CommitRecord.WindowPlan;
import dev.loopgate.spool.LogPosition;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The commit protocol, one step a call: select, stage, plan, publish, judge, commit, recycle.
/// Belongs to the one thread named `shipper`. Whatever a step throws, it may be asked again; the
/// state on disk is that of the last record that was forced.
final class Shipping {
  /// Nothing is to be done before a person acted; trying again would be wrong or of no use.
  static final class HaltException extends IOException {
    private static final long serialVersionUID = 1;

    HaltException(String message) {
      super(message);
    }
  }

  // Hours whose books stay in mind after their manifest, for what comes late.
  private static final long HOURS_KEPT = 3;

  private final ShipperConfig config;
  private final LogShipper.Surroundings around;
  private final CommitLog log;
  private final CommitLog.Found found;
  private final Staging staging;
  private final Numbering numbering;
  private final Publishing publishing;
  private final DiskRoom room;
  private final PartitionBound bound;
  private final LetGoHours letGo;
  private final Rendering rendering;
  private final ArrayDeque<String> leftovers = new ArrayDeque<>();
  private LogPosition released = LogPosition.START;
  private @Nullable CommitRecord pending; // staged for, and not known to be forced
  private boolean moved;
  private boolean resumed;
  private boolean pastTold; // in a window that may not be forced yet
  private boolean pastKnown;
  private final LogPosition backlogEnd;
  private LogPosition emptyThrough = LogPosition.START;
  private final OpenWindow open = new OpenWindow();
  private final HourRoll hourRoll;
  private long scanMillis;
  private boolean scanReachedEnd;
  private long shippedAsOfMillis = Long.MIN_VALUE;
  private final ShippedCounts counts;
  private long plannedNextSeq;

  private Shipping(
      ShipperConfig config,
      LogShipper.Surroundings around,
      FileTree tree,
      CommitLog.Found found,
      RandomGenerator random)
      throws IOException {
    this.config = config;
    this.around = around;
    this.found = found;
    log = CommitLog.continuing(tree, config.commitDirectory(), found);
    staging = new Staging(tree, around.store());
    numbering = new Numbering(around.store(), random, around.spoolId());
    hourRoll = HourRoll.of(around.store(), around.spoolId());
    room = new DiskRoom(around.reader(), config.windowBytesMax());
    bound =
        new PartitionBound(
            config.modelsMax(), config.hourFilesMax(), hour -> log.state().filesOf(hour));
    letGo = new LetGoHours(around.store(), found.state());
    rendering = new Rendering(config.decodedBytesMax());
    backlogEnd = around.reader().durableEnd();
    found.state().books().forEach(bound::opened);
    long firstSeq = Uncommitted.firstSeq(found.state(), around.reader());
    counts = new ShippedCounts(firstSeq, around.reader().lost());
    publishing = new Publishing(around, staging, numbering, counts);
    plannedNextSeq = found.state().plan() == null ? firstSeq : -1;
  }

  /// Goes on where the commit log ends; changes nothing yet.
  static Shipping open(
      ShipperConfig config, LogShipper.Surroundings around, FileTree tree, RandomGenerator random)
      throws IOException {
    CommitLog.Found found = CommitLog.find(tree, config.commitDirectory(), around.spoolId());
    return new Shipping(config, around, tree, found, random);
  }

  /// One step; answers 0 when nothing is due.
  ///
  /// @param finishing ship everything now, the manifests of all hours too
  int step(boolean finishing) throws IOException {
    moved = false;
    try {
      return nextStep(finishing);
    } catch (IOException e) {
      if (!resumed || pending != null || e instanceof Staging.RefusedException) {
        // never for the store's sake
        room.refused(e);
      }
      throw e;
    }
  }

  private int nextStep(boolean finishing) throws IOException {
    if (!resumed) {
      resume();
      return 1;
    }
    cleanUp();
    CommitRecord waiting = pending;
    if (waiting != null) {
      force(waiting);
      return 1;
    }
    if (skipIfBehind()) {
      return 1;
    }
    WindowPlan plan = log.state().plan();
    if (plan != null) {
      publish(plan);
      return 1;
    }
    ManifestPlanned manifest = log.state().manifestPlan();
    if (manifest != null) {
      publishManifest(manifest);
      return 1;
    }
    long nowMillis = around.time().epochMillis();
    HourBook due = dueManifest(nowMillis, finishing);
    if (due != null) {
      stageManifest(due);
      return 1;
    }
    return isWindowDue(nowMillis, finishing) ? stageWindow(nowMillis) : publishing.prove();
  }

  /// Whether the last step came further, though it failed.
  boolean hasMoved() {
    return moved;
  }

  /// Whether all that is durable is committed and every hour's manifest says all.
  boolean isDone() {
    return resumed
        && pending == null
        && leftovers.isEmpty()
        && released.equals(log.state().needed())
        && log.state().plan() == null
        && log.state().manifestPlan() == null
        && !hasUnshipped()
        && log.state().books().stream().noneMatch(HourBook::isDirty);
  }

  ShipperStatus status(int failures, String parked) {
    boolean unshipped = hasUnshipped();
    return counts.status(
        unshipped ? open.oldestMillis(around.time().epochMillis()) : 0,
        unshipped ? around.reader().bytesAfter(log.state().cursor()) : 0,
        failures,
        parked);
  }

  void close() throws IOException {
    log.close();
  }

  /// Cleans up after an earlier process: what it finished is done again, what it never planned
  /// goes.
  private void resume() throws IOException {
    for (String name : found.damaged()) {
      log.keepDamaged(name);
      around.events().commitLogDamaged(name);
    }
    log.letGoBefore(Partition.hourOf(around.time().epochMillis()) - HOURS_KEPT);
    log.roll(); // before anything is deleted: only what is forced says what is needed
    Set<String> needed = new HashSet<>();
    WindowPlan plan = log.state().plan();
    if (plan != null) {
      plan.files().forEach(file -> needed.add(Staging.nameOf(plan.window(), file.number())));
    }
    ManifestPlanned manifest = log.state().manifestPlan();
    if (manifest != null) {
      needed.add(Staging.nameOfManifest(manifest.hour(), manifest.revision()));
    }
    staging.deleteAllBut(needed);
    cleanUp();
    if (hasUnshipped()) {
      openWindow(around.time().epochMillis()); // what an earlier process planned is old already
    }
    resumed = true;
  }

  private void publish(WindowPlan plan) throws IOException {
    Publishing.Progress progress = publishing.publish(plan, log.state());
    for (CommitRecord record : progress.records()) {
      force(record);
    }
    moved = progress.moved();
    progress.throwFailure();
  }

  private void publishManifest(ManifestPlanned planned) throws IOException {
    String instance = ShipperConfig.instanceOf(around.spoolId());
    ObjectKey key = Manifest.key(instance, planned.hour(), planned.revision());
    String name = Staging.nameOfManifest(planned.hour(), planned.revision());
    boolean taken =
        publishing.publish(key, name, planned.size(), planned.crc32c()) == Publication.TAKEN;
    force(new CommitRecord.ManifestEnded(planned.hour(), planned.revision(), taken));
    if (!taken) {
      around.events().manifestPublished(key.path());
    }
  }

  /// The first hour whose manifest is due: past, with nothing of it unpublished.
  private @Nullable HourBook dueManifest(long nowMillis, boolean finishing) {
    boolean shipped = !hasUnshipped();
    if (shipped) {
      shippedAsOfMillis = nowMillis;
    }
    for (HourBook book : log.state().books()) {
      long due = manifestDue(book);
      boolean past = due <= nowMillis && due <= shippedAsOfMillis;
      if (book.isDirty() && (past || (finishing && shipped))) {
        return book;
      }
    }
    return null;
  }

  private long manifestDue(HourBook book) {
    return Partition.startOf(book.hour() + 1) + config.manifestDelay().toMillis();
  }

  private void stageManifest(HourBook book) throws IOException {
    int revision = book.revision() + 1;
    byte[] json = Json.bytes(log.state().manifest(book, revision));
    Checksum checksum;
    try (Staging.Output output = staging.create(Staging.nameOfManifest(book.hour(), revision))) {
      output.write(json, 0, json.length);
      output.write('\n');
      checksum = output.finish();
    }
    staging.force();
    force(new ManifestPlanned(book.hour(), revision, checksum.size(), checksum.crc32c()));
  }

  private boolean hasUnshipped() {
    LogPosition end = around.reader().durableEnd();
    return log.state().cursor().compareTo(end) < 0 && emptyThrough.compareTo(end) < 0;
  }

  private boolean isWindowDue(long nowMillis, boolean finishing) throws IOException {
    if (!hasUnshipped()) {
      open.close();
      return false;
    }
    openWindow(nowMillis);
    LogPosition cursor = log.state().cursor();
    return finishing
        || (cursor.compareTo(backlogEnd) < 0
            && emptyThrough.compareTo(backlogEnd) < 0) // an earlier process let it grow old
        || open.ageNanos(around.time().nanos()) >= config.window().toNanos()
        || hourRoll.isOver(nowMillis)
        || around.reader().bytesAfter(cursor) >= config.windowBytesMax()
        || log.state().books().stream()
            .anyMatch(book -> book.isDirty() && manifestDue(book) <= nowMillis);
  }

  private void openWindow(long nowMillis) throws IOException {
    if (open.open(around.reader(), log.state().needed(), nowMillis, around.time().nanos())) {
      hourRoll.opened(nowMillis);
    }
  }

  /// Gives up what lies furthest back where that is more than the sink may be behind: whatever else
  /// the sink waits for. Answers whether it did.
  boolean skipIfBehind() throws IOException {
    long lagMax = config.sink().lagBytesMax();
    if (lagMax == 0 || !resumed || pending != null) {
      return false;
    }
    LogPosition from = log.state().end();
    long excess = around.reader().bytesAfter(from) - lagMax;
    if (excess <= 0) {
      return false;
    }
    long hour = Partition.hourOf(around.time().epochMillis());
    Window window = Skip.scan(around.reader(), from, excess + lagMax / 4, hour, plannedNextSeq);
    if (window.to().equals(from)) {
      return false;
    }
    addPast(window);
    CommitRecord.Skipped skipped = Skip.of(window, letGo.touchedBy(window), around.spoolId());
    plannedNextSeq = window.nextSeq(); // not before the store was asked: it may fail
    force(skipped);
    return true;
  }

  private void addPast(Window window) {
    if (config.sink().mayComeLate() && !pastKnown && window.count() > 0) {
      long accounted = Math.max(log.state().accountedTo(), Uncommitted.next(log.state()));
      Skip.addPast(window, accounted, around.reader().lost());
      pastTold = true;
    }
  }

  private int stageWindow(long nowMillis) throws IOException {
    LogPosition from = log.state().cursor();
    LogPosition end = around.reader().durableEnd();
    long hour = Partition.hourOf(nowMillis);
    WindowScan scan = new WindowScan(around.reader(), room.windowBytes(), bound, around.ofFleet());
    Window window = scan.scan(from, hour, plannedNextSeq);
    scanMillis = nowMillis;
    scanReachedEnd = window.to().compareTo(end) >= 0;
    if (window.count() == 0 && window.notes().isEmpty()) {
      emptyThrough = window.to();
      open.close(); // the next entry opens one of its own
      return 0;
    }
    addPast(window);
    WindowStaging files =
        new WindowStaging(
            around.reader(), staging, numbering, rendering, config, log.state().nextWindow());
    WindowPlan plan;
    try {
      plan = files.stage(window, letGo.touchedBy(window), around.spoolId());
    } catch (IOException e) {
      numbering.takeBack();
      if (e instanceof Staging.RefusedException) {
        room.windowRefused();
        staging.deleteAllBut(Set.of()); // no plan is open: none is needed, and the next are fewer
      }
      throw e;
    }
    numbering.planned();
    tellOf(window, files);
    log.letGoBefore(hour - HOURS_KEPT);
    plannedNextSeq = window.nextSeq();
    force(new CommitRecord.Planned(plan));
    return 1;
  }

  private void tellOf(Window window, WindowStaging files) {
    long over = 0;
    for (HourBook notes : window.notes().values()) {
      over += notes.overflowed();
    }
    if (over > 0) {
      counts.overflowed(over);
      around.events().partitionsOverflowed(over);
    }
    if (files.quarantined() > 0) {
      around.events().quarantined(files.quarantined());
    }
  }

  /// Forces a record and does what may be done only then. Until it is known to be forced, it is the
  /// next step.
  private void force(CommitRecord record) throws IOException {
    pending = record;
    WindowPlan plan = log.state().plan();
    log.append(record);
    pending = null;
    switch (record) {
      case CommitRecord.Planned _ -> {
        publishing.planned();
        pastKnown = pastTold;
      }
      case CommitRecord.Committed _ -> committed(plan);
      case CommitRecord.ManifestEnded ended -> {
        leftovers.add(Staging.nameOfManifest(ended.hour(), ended.revision()));
        cleanUp();
      }
      case CommitRecord.Skipped skipped -> {
        pastKnown = pastTold;
        around.events().skipped(counts.skipped(skipped));
        if (log.state().plan() == null) {
          open.close();
        }
        cleanUp();
      }
      case CommitRecord.Renumbered _,
          CommitRecord.Delivered _,
          ManifestPlanned _,
          CommitRecord.Snapshot _ -> {}
    }
  }

  private void committed(@Nullable WindowPlan plan) throws IOException {
    open.close();
    if (scanReachedEnd) {
      shippedAsOfMillis = scanMillis;
    }
    if (plan == null) {
      return;
    }
    long bytes = 0;
    for (PlannedFile file : plan.files()) {
      bytes += file.size();
    }
    long entries = counts.committed(plan);
    bound.forgetBefore(Partition.hourOf(around.time().epochMillis()) - HOURS_KEPT);
    around.events().windowCommitted(entries, plan.files().size(), bytes);
    for (PlannedFile file : plan.files()) {
      leftovers.add(Staging.nameOf(plan.window(), file.number()));
    }
    cleanUp();
    room.committed();
  }

  /// What is committed is needed no more: its log and its staged files. Asked again until it is
  /// done.
  private void cleanUp() throws IOException {
    while (!leftovers.isEmpty()) {
      staging.delete(leftovers.getFirst());
      leftovers.removeFirst();
    }
    LogPosition needed = log.state().needed();
    if (!released.equals(needed)) {
      around.reader().release(needed);
      released = needed;
    }
  }
}
