package dev.loopgate.logshipper;

import dev.loopgate.spool.SpoolLook;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Compares what manifests say with what is there: files, lines, seqs, ledger. Changes nothing; may
/// run beside a live gateway. Confined to one thread.
public final class Verification {
  /*
   * Beside a live gateway the order of looking matters: files first, then manifests, then the commit
   * log. A file that was seen was planned before, so one of the two that are read later names it. The
   * hours are walked in batches (see HourKeys), so that memory does not grow with the files, and each
   * batch keeps that order: its files are listed, then its manifests are listed and read, then the
   * commit log is asked for those files that none of them names. Of an hour, counts and spans of seqs
   * stay in mind, and of the hours that the commit log has open which files were looked at.
   *
   * The spool is looked through at the end, ring before log (see SpoolLook): an entry only ever goes
   * on, so none is passed over, and what the commit log says is committed by then is left out of the
   * look. When something is found and the spool has moved, it may be what a segment left that was
   * recycled while it was read; so all is looked through again.
   */

  /// What it comes to, and the exit code of the command line.
  public enum Verdict {
    /// All that is there is accounted for, and nothing is missing.
    BALANCED(0),
    /// Something is missing, altered or of nobody.
    NOT_BALANCED(1),
    /// Nothing is wrong, but an hour has no manifest and its spool is not here, or the ring of the
    /// spool that is here can't be read.
    UNPROVEN(3);

    private final int exitCode;

    Verdict(int exitCode) {
      this.exitCode = exitCode;
    }

    /// For the process.
    public int exitCode() {
      return exitCode;
    }
  }

  /// How much is looked at in each line of a file.
  public enum Depth {
    /// It is a record of its hour.
    LINES,
    /// All fields of the contract with their types, the model of its path; and each prediction has
    /// its line in both streams.
    FIELDS
  }

  /// Is told how far a look is, after each file. Must come back soon.
  @FunctionalInterface
  public interface Progress {
    /// @param hour `YYYYMMDDHH` of the file
    /// @param files read so far
    /// @param bytes of them
    void at(String hour, long files, long bytes);
  }

  /// How to look.
  ///
  /// @param byModel whether the document counts by stream and model, too: about 70 bytes each an
  ///   hour
  public record How(Depth depth, boolean byModel, Progress progress) {
    /// Line by line, telling nobody.
    public static final How PLAIN = new How(Depth.LINES, false, (_, _, _) -> {});
  }

  /// All that was found, for programs.
  @FunctionalInterface
  public interface Document {
    /// Writes it as one JSON object on one line.
    void writeTo(Writer out) throws IOException;
  }

  /// The verdict, the lines for a person (one an hour, findings, and a last one), and all of it for
  /// programs.
  public record Report(Verdict verdict, List<String> lines, Document document) {
    public Report {
      lines = List.copyOf(lines);
    }
  }

  private record SpoolHour(String instance, String hour) {}

  /// A manifest that was looked at.
  ///
  /// @param account of it, without its files
  /// @param files that it names
  /// @param keys of them, where more of the hour may come; else empty
  private record Known(Manifest account, int files, Set<String> keys) {}

  /// Where files are looked for.
  ///
  /// @param stagings has the staging directory of each instance by its name; null when that can't
  ///   be seen from here
  /// @param staging of the spool beside the files
  private record Place(ObjectStore store, @Nullable Path stagings, Path staging) {
    /// A local root.
    static Place at(FileTree tree, Path root, String spoolId) {
      Path stagings = root.resolve(LocalStore.STAGING);
      return new Place(
          LocalStore.reading(tree, root),
          stagings,
          stagings.resolve(ShipperConfig.instanceOf(spoolId)));
    }
  }

  private final FileTree tree = new LocalFileTree();
  private final Place place;
  private final ObjectStore store;
  private final FileChecks checks;
  private final HourManifests read;
  private final ReportBook book;
  private final Map<SpoolHour, Known> manifests = new HashMap<>();
  private final Map<String, SpoolAccount> accounts = new TreeMap<>();
  private final Set<String> instances = new TreeSet<>();
  private int keysMax = HourKeys.KEYS_MAX;

  private Verification(Place place, How how) {
    this.place = place;
    this.store = place.store();
    this.book = new ReportBook(how.byModel());
    this.checks = new FileChecks(store, how, book::find);
    this.read = new HourManifests(store, book::find);
  }

  /// Verifies a data directory (with `files/` and `spool/`) or a root of files.
  ///
  /// @param spoolId of the spool in the data directory, empty when there is none
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(Path directory, String spoolId, Path ringDirectory, How how)
      throws IOException {
    FileTree tree = new LocalFileTree();
    Path files = directory.resolve("files");
    Path root = tree.isDirectory(files) || !spoolId.isEmpty() ? files : directory;
    if (spoolId.isEmpty() && !tree.isDirectory(root)) {
      throw new NoSuchFileException(root.toString(), null, "no such directory");
    }
    Place place = Place.at(tree, root, spoolId);
    return of(place, directory.resolve("spool"), spoolId, ringDirectory, how);
  }

  /// Verifies a data directory whose files are in another directory.
  ///
  /// @param files the root of the files
  /// @param spoolId of the spool in the data directory
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(Path files, Path directory, String spoolId, Path ringDirectory, How how)
      throws IOException {
    Place place = Place.at(new LocalFileTree(), files, spoolId);
    return of(place, directory.resolve("spool"), spoolId, ringDirectory, how);
  }

  /// Verifies a data directory whose files are in a store elsewhere.
  ///
  /// @param files closed by the caller
  /// @param spoolId of the spool in the data directory
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(
      ObjectStore files, Path directory, String spoolId, Path ringDirectory, How how)
      throws IOException {
    Path spool = directory.resolve("spool");
    Place place = new Place(files, null, spool.resolve(Stores.STAGING));
    return of(place, spool, spoolId, ringDirectory, how);
  }

  /// Verifies a root of files alone.
  ///
  /// @param files closed by the caller
  /// @param root what it is called, for messages
  /// @throws NoSuchFileException when no gateway has left anything there
  /// @throws IOException when something can't be read; the message names it
  public static Report of(ObjectStore files, String root, How how) throws IOException {
    return of(files, root, how, HourKeys.KEYS_MAX);
  }

  static Report of(ObjectStore files, String root, How how, int keysMax) throws IOException {
    Verification verification = new Verification(new Place(files, null, Path.of("")), how);
    verification.keysMax = keysMax;
    verification.walkHours(Path.of(""), "");
    if (verification.book.isEmpty()) {
      throw new NoSuchFileException(root, null, "no file and no manifest of a gateway is there");
    }
    verification.checkAccounts();
    return verification.book.conclude("", 1);
  }

  private static Report of(Place place, Path spool, String spoolId, Path ringDirectory, How how)
      throws IOException {
    Patience patience = new Patience(new LocalFileTree(), spool, ringDirectory);
    return patience.look(
        () -> new Verification(place, how).report(spool, spoolId, ringDirectory, patience.looks()),
        report -> report.verdict() == Verdict.BALANCED);
  }

  private Report report(Path spool, String spoolId, Path ringDirectory, int looks)
      throws IOException {
    Path commits = spool.resolve("commit");
    walkHours(commits, spoolId);
    String ringGap = "";
    if (!spoolId.isEmpty()) {
      try (SpoolLook look = SpoolLook.at(spool, ringDirectory)) {
        Unshipped unshipped = Unshipped.of(look, () -> CommitLog.findNow(tree, commits, spoolId));
        countOpen(unshipped.shipped().state());
        countUnshipped(unshipped);
        ringGap = look.ringGap();
      }
    }
    checkAccounts();
    return book.conclude(ringGap, looks);
  }

  private void checkAccounts() {
    for (SpoolAccount account : accounts.values()) {
      account.check(book.hasUnproven(), book::find);
    }
  }

  /// Looks at all hours that have files or manifests, some after the others.
  private void walkHours(Path commits, String spoolId) throws IOException {
    HourKeys keys = new HourKeys(store, keysMax);
    instances.addAll(keys.instances());
    boolean last = false;
    for (String from = ""; !last; ) {
      boolean first = from.isEmpty();
      HourKeys.Batch batch =
          keys.next(
              from,
              key -> {
                if (first) {
                  book.find("file is extra: key=" + key + ", no name of ours");
                }
              });
      Set<String> openHours = spoolId.isEmpty() ? Set.of() : openHours(commits, spoolId);
      Map<String, List<ObjectKey>> unclaimed = new TreeMap<>();
      for (Map.Entry<String, HourKeys.Hour> hour : batch.hours().entrySet()) {
        List<ObjectKey> rest = checkHour(hour.getKey(), hour.getValue(), openHours);
        if (!rest.isEmpty()) {
          unclaimed.put(hour.getKey(), rest);
        }
      }
      Set<String> planned =
          spoolId.isEmpty() || unclaimed.isEmpty() ? Set.of() : planned(commits, spoolId);
      Set<String> makers = makers();
      for (Map.Entry<String, List<ObjectKey>> hour : unclaimed.entrySet()) {
        for (ObjectKey key : hour.getValue()) {
          if (!planned.contains(key.path())) {
            checkUnclaimed(key, hour.getKey(), makers);
          }
        }
      }
      last = batch.isLast();
      from = batch.end();
    }
  }

  /// Hours whose files may become more while this looks.
  private Set<String> openHours(Path commits, String spoolId) throws IOException {
    Set<String> hours = new HashSet<>();
    for (HourBook open : CommitLog.findNow(tree, commits, spoolId).state().books()) {
      hours.add(Partition.hourWord(open.hour()));
    }
    return hours;
  }

  /// Keys that the commit log knows of.
  private Set<String> planned(Path commits, String spoolId) throws IOException {
    ShippingState state = CommitLog.findNow(tree, commits, spoolId).state();
    Set<String> keys = new HashSet<>();
    for (HourBook open : state.books()) {
      open.files().forEach(file -> keys.add(file.key()));
    }
    CommitRecord.WindowPlan plan = state.plan();
    if (plan != null) {
      plan.files().forEach(file -> keys.add(file.key().path()));
    }
    return keys;
  }

  /// Looks at an hour's manifests and their files; the files that none of them names.
  private List<ObjectKey> checkHour(String hour, HourKeys.Hour keys, Set<String> openHours)
      throws IOException {
    HourTally tally = book.tally(hour);
    Set<String> claimed = new HashSet<>();
    for (Manifest manifest : read.latest(hour, keys.manifests())) {
      Set<String> own = new HashSet<>();
      List<Manifest.FileEntry> files = new ArrayList<>();
      for (Manifest.FileEntry file : manifest.files()) {
        if (!claimed.add(file.key())) {
          book.find("file stands in two manifests: key=" + file.key());
        } else {
          own.add(file.key());
          files.add(file);
          book.addToModel(tally, file);
        }
      }
      checks.check(files, hour);
      tally.add(manifest);
      Known known =
          new Known(
              manifest.withoutFiles(),
              manifest.files().size(),
              openHours.contains(hour) ? own : Set.of());
      manifests.put(new SpoolHour(manifest.instance(), hour), known);
      instances.add(manifest.instance());
      accountOf(manifest.spool()).add(known.account());
    }
    List<ObjectKey> unclaimed = new ArrayList<>();
    for (ObjectKey key : keys.files()) {
      if (!claimed.contains(key.path())) {
        unclaimed.add(key);
      }
    }
    return unclaimed;
  }

  /// Hours that the spool beside the files has not closed: what it committed of them is checked
  /// like any other, what it has planned may be there or not.
  private void countOpen(ShippingState state) throws IOException {
    SpoolAccount account = accountOf(state.spool());
    String instance = ShipperConfig.instanceOf(state.spool());
    for (HourBook open : state.books()) {
      String hour = Partition.hourWord(open.hour());
      Known known = manifests.get(new SpoolHour(instance, hour));
      if (known != null
          && known.account().revision() >= open.revision()
          && known.files() >= open.files().size()
          && !open.isDirty()) {
        continue;
      }
      book.isOpen(hour);
      Manifest now = state.manifest(open, open.revision());
      List<Manifest.FileEntry> more = new ArrayList<>();
      for (Manifest.FileEntry file : now.files()) {
        if (known == null || !known.keys().contains(file.key())) {
          more.add(file);
          book.addToModel(book.tally(hour), file);
        }
      }
      checks.check(more, hour);
      if (known != null) {
        book.tally(hour).takeBack(known.account(), known.files());
      }
      book.tally(hour).add(now);
      account.replace(known == null ? null : known.account(), now.withoutFiles());
    }
    CommitRecord.WindowPlan plan = state.plan();
    if (plan != null) {
      for (CommitRecord.PlannedFile file : plan.files()) {
        checkPlanned(file, plan.window());
      }
    }
  }

  /// A planned file is published or still staged, and staged until it is committed.
  private void checkPlanned(CommitRecord.PlannedFile file, long window) throws IOException {
    Path staged = place.staging().resolve(Staging.nameOf(window, file.number()));
    if (!isThere(file.key()) && !tree.exists(staged) && !isThere(file.key())) {
      book.find("file is missing: key=" + file.key() + ", planned and staged no more");
    }
  }

  private boolean isThere(ObjectKey key) throws IOException {
    return store.list(key.path()).contains(key);
  }

  /// What is in the spool and in no file of a committed window.
  private void countUnshipped(Unshipped unshipped) {
    String spool = unshipped.shipped().state().spool();
    SpoolAccount account = accountOf(spool);
    for (HourBook open : unshipped.books().values()) {
      Manifest part = open.manifest(spool, 0, Map.of());
      book.isOpen(part.hour());
      book.tally(part.hour()).addAccount(part);
      account.add(part);
    }
    for (Unshipped.Awaited some : unshipped.awaited()) {
      book.tally(Partition.hourWord(some.hour()))
          .addAwaited(some.where(), some.kind().word(), some.entries());
    }
    account.isHere(unshipped.damaged());
    unshipped.findings().forEach(book::find);
  }

  /// A file that no manifest and no plan names: of an hour whose manifest is still to come, or of
  /// nobody.
  private void checkUnclaimed(ObjectKey key, String hour, Set<String> makers) throws IOException {
    if (isAwaited(key, hour, makers)) {
      book.isUnproven(hour);
    } else if (!isEmpty(key)) { // an empty one: see LocalStore on links
      book.find("file is extra: key=" + key + ", in no manifest of its hour");
    }
  }

  /// Who may have made a local file.
  private Set<String> makers() throws IOException {
    Path stagings = place.stagings();
    Set<String> makers = new HashSet<>(instances);
    if (stagings != null) {
      makers.addAll(tree.list(stagings));
    }
    return makers;
  }

  /// Whether the manifest of whoever made the file may be still to come.
  private boolean isAwaited(ObjectKey key, String hour, Set<String> makers) throws IOException {
    Optional<String> maker = store.makerOf(key);
    if (maker.isPresent() || place.stagings() == null) {
      // Its maker says so beside it; and a later revision of the hour's manifest may name it.
      return maker.isPresent();
    }
    return makers.isEmpty()
        || makers.stream()
            .anyMatch(instance -> !manifests.containsKey(new SpoolHour(instance, hour)));
  }

  private boolean isEmpty(ObjectKey key) throws IOException {
    try (InputStream in = FileReading.guarded(key.path(), store.open(key))) {
      return in.read() < 0;
    }
  }

  private SpoolAccount accountOf(String spool) {
    return accounts.computeIfAbsent(spool, SpoolAccount::new);
  }
}
