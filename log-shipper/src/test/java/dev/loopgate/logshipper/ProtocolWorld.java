package dev.loopgate.logshipper;

import dev.loopgate.capture.Entry;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// One shipper, its disk and its store, moved by one act at a time; the same acts always come to
/// the same. The shipper is the real one, from `Shipping` down.
final class ProtocolWorld {
  enum Medium {
    /// PUT create-only, 412, HEAD; answers are lost, and a PUT that was given up may land later.
    REMOTE,
    /// The same, and all files of a window are asked for at once: a fault meets one of them.
    ABREAST,
    LINKS,
    COPIES
  }

  /// What is wrong on purpose.
  enum Planted {
    NONE,
    /// A 412 is taken for a foreign owner without asking whose the object is.
    NOT_JUDGED,
    /// A file counts as published, and so the window as committed, before it is in the store.
    COMMITTED_BEFORE_PUBLISHED,
    /// The store is not create-only.
    REPLACED,
    /// Plans, and all else, are lost by a power cut although their names were forced.
    NAMES_NOT_FORCED
  }

  /// What may happen next; `at` counts steps of the disk within a step of the shipper, or PUTs on
  /// their way.
  record Act(Kind kind, int at) {}

  enum Kind {
    STEP,
    APPEND,
    LAND,
    FOREIGN,
    ANSWER_LOST,
    NEVER_SENT,
    SENT_LATE,
    KILLED,
    POWER_CUT,
    DISK_FULL,
    /// Killed, and the last record of the commit log, a file's new number, rots.
    ROTTEN
  }

  static final int ENTRIES = 3;
  private static final String THEIRS = "{\"request_id\":\"theirs\"}\n";
  private static final Pattern RENUMBERED =
      Pattern.compile("\\{\"window\":[0-9]+,\"number\":[0-9]+,\"n\":[0-9]+}$");
  private static final Path STAGING = Path.of("/staging");
  private static final Partition PARTITION =
      new Partition(LogStream.FEEDBACK, "wine", "1", 498_754);

  private record Put(String key, String text, String owner) {}

  private final Medium medium;
  private final Planted planted;
  private final FaultyTree tree =
      new FaultyTree(new Torn(), Path.of("/"), ShipperSim.SPOOL, STAGING);
  private final FakeLog log = new FakeLog();
  private final RecordedEvents events = new RecordedEvents();
  private final ManualTime time = ManualTime.at("2026-11-24T10:30:00Z");
  private final TreeMap<String, Put> bucket = new TreeMap<>();
  private final List<Put> onTheirWay = new ArrayList<>();
  private final TreeMap<String, String> foreign = new TreeMap<>();
  private final Map<String, Put> lastPuts = new HashMap<>(); // by owner
  private final StringBuilder life = new StringBuilder(); // what this process was told
  private String violation = "";
  private Kind fault = Kind.STEP;
  private int diskSteps;
  private int asked;
  private int faultAt;
  private Shipping shipping;

  ProtocolWorld(Medium medium, Planted planted) throws IOException {
    this.medium = medium;
    this.planted = planted;
    if (medium == Medium.COPIES) {
      tree.refuseLinks();
    }
    if (planted == Planted.NAMES_NOT_FORCED) {
      tree.ignoreDirectoryForces();
    }
    append();
    append();
    shipping = open();
  }

  /// Files of one entry each, so that a window has several in one partition.
  private Shipping open() throws IOException {
    life.setLength(0);
    ObjectStore store =
        isRemote()
            ? new Remote()
            : new Witness(
                LocalStore.open(
                    tree, ShipperSim.FILES, ShipperConfig.instanceOf(ShipperSim.SPOOL_ID)));
    LogShipper.Surroundings around =
        new LogShipper.Surroundings(log, ShipperSim.SPOOL_ID, store, _ -> true, time, events);
    ShipperConfig config =
        ShipperConfig.in(ShipperSim.SPOOL).withWindow(Duration.ZERO).withBytesMax(1 << 20, 1);
    return Shipping.open(config, around, tree, () -> 0L);
  }

  private void append() {
    int number = log.entries().size();
    log.append(FakeLog.feedback("e" + number, "wine", "1", time.epochMillis() + number));
  }

  void apply(Act act) throws IOException {
    int before = tree.steps();
    asked = 0;
    switch (act.kind()) {
      case APPEND -> append();
      case LAND -> put(onTheirWay.remove(act.at()));
      case FOREIGN -> takeAKey();
      case STEP -> step();
      case ANSWER_LOST, NEVER_SENT, SENT_LATE -> {
        fault = act.kind();
        faultAt = act.at();
        step();
        fault = Kind.STEP;
      }
      case DISK_FULL -> {
        tree.fail("", before + act.at(), before + act.at() + 1);
        step();
        life.append('!').append(act.at());
      }
      case KILLED, POWER_CUT -> die(act, before);
      case ROTTEN -> {
        tree.rotEnd(newestCommits());
        tree.restart();
        reopen();
      }
    }
    diskSteps = tree.steps() - before;
  }

  /// How many steps of the disk the last act took.
  int diskSteps() {
    return diskSteps;
  }

  /// How often the last act asked a remote store for anything.
  int askedTheStore() {
    return asked;
  }

  private boolean isRemote() {
    return medium == Medium.REMOTE || medium == Medium.ABREAST;
  }

  /// What happens to this request of the step.
  private Kind faultOfNext() {
    return asked++ == faultAt ? fault : Kind.STEP;
  }

  private void step() {
    try {
      shipping.step(true);
    } catch (Shipping.HaltException e) {
      violate("parked: " + e.getMessage());
    } catch (IOException _) {
      life.append(fault == Kind.STEP ? "?" : ""); // a lost answer leaves nothing behind
    }
  }

  private void die(Act act, int before) throws IOException {
    tree.killAt(before + act.at());
    try {
      step();
    } catch (FaultyTree.Killed _) {
      // here the process ends
    }
    if (act.kind() == Kind.KILLED) {
      tree.restart();
    } else {
      tree.cutPower();
    }
    reopen();
  }

  private void reopen() throws IOException {
    try {
      shipping = open();
    } catch (AssertionError e) { // the log was asked for what it need not have any more
      violate(String.valueOf(e.getMessage()));
    }
  }

  /// A foreign gateway takes the key that we will want next.
  private void takeAKey() throws IOException {
    CommitRecord.WindowPlan plan = onDisk().plan();
    long n = 0;
    if (plan != null) {
      n = plan.files().stream().mapToLong(CommitRecord.PlannedFile::n).max().orElse(0);
      for (CommitRecord.PlannedFile file : plan.files().reversed()) {
        n = objects().containsKey(file.key().path()) ? n : file.n();
      }
    }
    while (objects().containsKey(PARTITION.key(n, Compression.NONE).path())) {
      n++;
    }
    String key = PARTITION.key(n, Compression.NONE).path();
    foreign.put(key, THEIRS);
    if (isRemote()) {
      bucket.put(key, new Put(key, THEIRS, "foreign"));
      return;
    }
    Path file = ShipperSim.FILES.resolve(key);
    makeDirectory(Objects.requireNonNull(file.getParent()));
    try (FileTree.NewFile made = tree.create(file)) {
      made.write(THEIRS.getBytes(StandardCharsets.UTF_8), 0, THEIRS.length());
      made.force();
    }
    tree.forceDirectory(Objects.requireNonNull(file.getParent()));
  }

  private void makeDirectory(Path directory) throws IOException {
    if (!tree.isDirectory(directory)) {
      Path parent = Objects.requireNonNull(directory.getParent());
      makeDirectory(parent);
      tree.createDirectory(directory);
      tree.forceDirectory(parent);
    }
  }

  private boolean put(Put put) {
    if (bucket.containsKey(put.key()) && planted != Planted.REPLACED) {
      return false;
    }
    bucket.put(put.key(), put);
    return true;
  }

  private Path newestCommits() {
    return tree.files(ShipperSim.SPOOL.resolve("commit")).getLast();
  }

  /// Whether the last thing that the commit log says is a file's new number.
  boolean endsWithANewNumber() {
    if (tree.files(ShipperSim.SPOOL.resolve("commit")).isEmpty()) {
      return false;
    }
    String log = new String(tree.bytes(newestCommits()), StandardCharsets.ISO_8859_1);
    return RENUMBERED.matcher(log).find();
  }

  private ShippingState onDisk() throws IOException {
    return CommitLog.find(tree, ShipperSim.SPOOL.resolve("commit"), ShipperSim.SPOOL_ID).state();
  }

  int appended() {
    return log.entries().size();
  }

  int onTheirWay() {
    return onTheirWay.size();
  }

  /// Nothing is left to be done, and nothing that we asked for can happen any more.
  boolean isAtRest() {
    return shipping.isDone() && onTheirWay.isEmpty() && appended() == ENTRIES;
  }

  boolean isDone() {
    return shipping.isDone();
  }

  /// Two worlds of one fingerprint go on alike.
  String fingerprint() {
    StringBuilder all = new StringBuilder(2048);
    all.append(isDone())
        .append(appended())
        .append(log.released())
        .append(life)
        .append(tree.fingerprint());
    bucket.forEach((key, put) -> all.append(key).append(put.owner()));
    onTheirWay.forEach(put -> all.append('>').append(put.key()).append(put.owner()));
    foreign.keySet().forEach(key -> all.append('f').append(key));
    return all.toString();
  }

  private Map<String, String> objects() {
    Map<String, String> objects = new TreeMap<>();
    bucket.forEach((key, put) -> objects.put(key, put.text()));
    for (Path file : tree.files(ShipperSim.FILES)) {
      String key = ShipperSim.FILES.relativize(file).toString();
      if (!key.startsWith(".")) {
        objects.put(key, new String(tree.bytes(file), StandardCharsets.UTF_8));
      }
    }
    return objects;
  }

  private void violate(String what) {
    violation = violation.isEmpty() ? what : violation;
  }

  /// What must not be, empty when all holds.
  String violation() throws IOException {
    Map<String, String> objects = objects();
    foreign.forEach((key, theirs) -> {
      if (!theirs.equals(objects.get(key))) {
        violate("a foreign object was replaced: " + key);
      }
    });
    ShippingState state = onDisk();
    for (Entry entry : log.entries()) {
      String line = "\"request_id\":\"" + entry.requestId().value() + '"';
      int found = 0;
      for (String object : objects.values()) {
        found += object.contains(line) ? 1 : 0;
      }
      if (found > 1) {
        violate("an entry stands twice: " + line);
      }
      boolean passed = log.positionOf(entry).compareTo(state.cursor()) < 0;
      if (found == 0 && (passed || isAtRest())) {
        violate("an entry is in no object: " + line);
      }
    }
    if (isAtRest()) {
      checkManifests(objects);
    }
    return violation;
  }

  /// The newest manifest names our files, and no other.
  private void checkManifests(Map<String, String> objects) throws IOException {
    Manifest newest = null;
    Set<String> ours = new TreeSet<>();
    for (Map.Entry<String, String> object : objects.entrySet()) {
      if (object.getKey().startsWith(Manifest.DIRECTORY)) {
        if (!object.getValue().isEmpty()) {
          Manifest one =
              Json.read(object.getValue().getBytes(StandardCharsets.UTF_8), Manifest.class);
          newest = newest == null || newest.revision() < one.revision() ? one : newest;
        }
      } else if (!foreign.containsKey(object.getKey()) && !object.getValue().isEmpty()) {
        ours.add(object.getKey()); // an empty one: see LocalStore where links are refused
      }
    }
    Set<String> named = new TreeSet<>();
    if (newest != null) {
      newest.files().forEach(file -> named.add(file.key()));
    }
    if (!named.equals(ours)) {
      violate("the manifest names " + named + ", we made " + ours);
    }
  }

  /// Each staged file is asked for with one content, and under another key only when a foreign
  /// owner has the one before.
  private void watch(Put put) {
    String there = objects().get(put.key());
    if (there != null && !put.text().startsWith(there)) {
      return; // another's: to ask there again is of no use and does no harm
    }
    Put last = lastPuts.put(put.owner(), put);
    if (last == null) {
      return;
    }
    boolean emptyOfNobody = "".equals(objects().get(last.key()));
    if (!last.key().equals(put.key()) && !foreign.containsKey(last.key()) && !emptyOfNobody) {
      violate("a new key without a foreign owner: " + last.key() + " became " + put.key());
    }
    if (!last.text().equals(put.text())) {
      violate("rendered twice: " + put.key());
    }
  }

  private Put putOf(ObjectKey key, StagedFile file) throws IOException {
    try (InputStream in = tree.open(file.path())) {
      return new Put(
          key.path(), new String(in.readAllBytes(), StandardCharsets.UTF_8), file.owner());
    }
  }

  private final class Remote implements ObjectStore {
    @Override
    public Path staging() {
      return STAGING;
    }

    @Override
    public int uploadsMax() {
      return medium == Medium.ABREAST ? ENTRIES : 1;
    }

    @Override
    public Publication publish(ObjectKey key, StagedFile file) throws IOException {
      Put put = putOf(key, file);
      watch(put);
      Kind fault = faultOfNext();
      if (planted == Planted.COMMITTED_BEFORE_PUBLISHED && fault == Kind.STEP) {
        onTheirWay.add(put);
        return Publication.PUBLISHED;
      }
      switch (fault) {
        case ANSWER_LOST -> put(put);
        case SENT_LATE -> onTheirWay.add(put);
        default -> {}
      }
      if (fault != Kind.STEP) {
        throw new IOException("no answer: key=" + key);
      }
      Publication publication = judged(put);
      life.append(publication);
      return publication;
    }

    private Publication judged(Put put) {
      if (put(put)) {
        return Publication.PUBLISHED;
      }
      Put there = bucket.get(put.key()); // HEAD
      boolean ours = there != null && there.owner().equals(put.owner());
      return ours && planted != Planted.NOT_JUDGED
          ? Publication.PUBLISHED_BEFORE
          : Publication.TAKEN;
    }

    @Override
    public List<ObjectKey> list(String prefix) throws IOException {
      if (faultOfNext() != Kind.STEP) {
        throw new IOException("no answer: prefix=" + prefix);
      }
      List<ObjectKey> keys =
          bucket.keySet().stream()
              .filter(key -> key.startsWith(prefix))
              .map(ObjectKey::new)
              .toList();
      life.append(keys.size());
      return keys;
    }

    @Override
    public InputStream open(ObjectKey key) throws IOException {
      throw new NoSuchFileException(key.path());
    }
  }

  /// The real local store, watched.
  private final class Witness implements ObjectStore {
    private final LocalStore store;

    Witness(LocalStore store) {
      this.store = store;
    }

    @Override
    public Path staging() {
      return store.staging();
    }

    @Override
    public Publication publish(ObjectKey key, StagedFile file) throws IOException {
      watch(putOf(key, file));
      Publication publication = store.publish(key, file);
      life.append(publication);
      return publication;
    }

    @Override
    public List<ObjectKey> list(String prefix) throws IOException {
      List<ObjectKey> keys = store.list(prefix);
      life.append(keys.size());
      return keys;
    }

    @Override
    public InputStream open(ObjectKey key) throws IOException {
      return store.open(key);
    }
  }

  /// Of what was not forced, no name is left, and half of the bytes.
  private static final class Torn extends Random {
    private static final long serialVersionUID = 1;

    @Override
    public boolean nextBoolean() {
      return false;
    }

    @Override
    public int nextInt(int bound) {
      return bound / 2;
    }
  }
}
