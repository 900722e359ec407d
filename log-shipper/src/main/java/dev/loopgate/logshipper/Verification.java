package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JacksonException;
import dev.loopgate.spool.SpoolLook;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
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
   * log. A file that was seen was planned before, so one of the two that are read later names it.
   *
   * The spool is looked through between manifests and commit log, ring before log (see SpoolLook): an
   * entry only ever goes on, so none is passed over, and what the commit log says is committed by then
   * is left out of the look. When something is found and the spool has moved, it may be what a segment
   * left that was recycled while it was read; so all is looked through again.
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

  /// The verdict and the lines for a person, one an hour, findings, and a last one.
  public record Report(Verdict verdict, List<String> lines) {
    public Report {
      lines = List.copyOf(lines);
    }

    /// The same, telling before its last line that it took so many looks.
    private Report after(int looks) {
      if (looks == 1) {
        return this;
      }
      List<String> told = new ArrayList<>(lines);
      told.add(told.size() - 1, "looked " + looks + " times: the spool moved meanwhile");
      return new Report(verdict, told);
    }
  }

  private record SpoolHour(String instance, String hour) {}

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
  private final List<String> findings = new ArrayList<>();
  private final Map<SpoolHour, Manifest> manifests = new HashMap<>();
  private final Map<String, SpoolAccount> accounts = new TreeMap<>();
  private final Set<String> claimed = new HashSet<>();
  private final TreeSet<String> openHours = new TreeSet<>();
  private final TreeSet<String> unprovenHours = new TreeSet<>();
  private final Map<String, HourTally> hours = new TreeMap<>();
  private String ringGap = "";

  private Verification(Place place) {
    this.place = place;
    this.store = place.store();
  }

  /// Verifies a data directory (with `files/` and `spool/`) or a root of files.
  ///
  /// @param spoolId of the spool in the data directory, empty when there is none
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(Path directory, String spoolId, Path ringDirectory) throws IOException {
    FileTree tree = new LocalFileTree();
    Path files = directory.resolve("files");
    Path root = tree.isDirectory(files) || !spoolId.isEmpty() ? files : directory;
    if (spoolId.isEmpty() && !tree.isDirectory(root)) {
      throw new NoSuchFileException(root.toString(), null, "no such directory");
    }
    return of(Place.at(tree, root, spoolId), directory.resolve("spool"), spoolId, ringDirectory);
  }

  /// Verifies a data directory whose files are in another directory.
  ///
  /// @param files the root of the files
  /// @param spoolId of the spool in the data directory
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(Path files, Path directory, String spoolId, Path ringDirectory)
      throws IOException {
    return of(
        Place.at(new LocalFileTree(), files, spoolId),
        directory.resolve("spool"),
        spoolId,
        ringDirectory);
  }

  /// Verifies a data directory whose files are in a store elsewhere.
  ///
  /// @param files closed by the caller
  /// @param spoolId of the spool in the data directory
  /// @param ringDirectory where its ring may lie
  /// @throws IOException when something can't be read; the message names it
  public static Report of(ObjectStore files, Path directory, String spoolId, Path ringDirectory)
      throws IOException {
    Path spool = directory.resolve("spool");
    return of(new Place(files, null, spool.resolve(Stores.STAGING)), spool, spoolId, ringDirectory);
  }

  /// Verifies a root of files alone.
  ///
  /// @param files closed by the caller
  /// @param root what it is called, for messages
  /// @throws NoSuchFileException when no gateway has left anything there
  /// @throws IOException when something can't be read; the message names it
  public static Report of(ObjectStore files, String root) throws IOException {
    List<ObjectKey> seen = files.list("");
    if (seen.isEmpty()) {
      throw new NoSuchFileException(root, null, "no file and no manifest of a gateway is there");
    }
    Path nowhere = Path.of("");
    return new Verification(new Place(files, null, nowhere)).report(seen, nowhere, "", nowhere);
  }

  private static Report of(Place place, Path spool, String spoolId, Path ringDirectory)
      throws IOException {
    Patience patience = new Patience(new LocalFileTree(), spool, ringDirectory);
    return patience
        .look(
            () ->
                new Verification(place)
                    .report(place.store().list(""), spool, spoolId, ringDirectory),
            report -> report.verdict() == Verdict.BALANCED)
        .after(patience.looks());
  }

  /// @param seen all that lies there; looked at before anything else, see above
  private Report report(List<ObjectKey> seen, Path spool, String spoolId, Path ringDirectory)
      throws IOException {
    readManifests(seen);
    for (Manifest manifest : manifests.values()) {
      accountOf(manifest.spool()).add(manifest);
      checkManifest(manifest);
    }
    if (!spoolId.isEmpty()) {
      Path commits = spool.resolve("commit");
      try (SpoolLook look = SpoolLook.at(spool, ringDirectory)) {
        Unshipped unshipped = Unshipped.of(look, () -> CommitLog.findNow(tree, commits, spoolId));
        countOpen(unshipped.shipped().state());
        countUnshipped(unshipped);
        ringGap = look.ringGap();
      }
    }
    for (ObjectKey key : seen) {
      if (!key.path().startsWith(Manifest.DIRECTORY + '/') && !claimed.contains(key.path())) {
        checkUnclaimed(key);
      }
    }
    for (SpoolAccount account : accounts.values()) {
      account.check(!unprovenHours.isEmpty(), findings);
    }
    return conclude();
  }

  private void readManifests(List<ObjectKey> seen) throws IOException {
    for (ObjectKey key : seen) {
      if (!key.path().startsWith(Manifest.DIRECTORY + '/')) {
        continue;
      }
      try (InputStream in = store.open(key)) {
        Manifest manifest = Json.read(in.readAllBytes(), Manifest.class);
        Manifest.hourOf(manifest.hour());
        manifests.merge(
            new SpoolHour(manifest.instance(), manifest.hour()),
            manifest,
            (one, other) -> one.revision() > other.revision() ? one : other);
      } catch (DateTimeException | JacksonException e) {
        findings.add(
            "manifest can't be read: key=" + key + ", because=" + e.getClass().getSimpleName());
      }
    }
  }

  private void checkManifest(Manifest manifest) {
    HourTally tally = tally(manifest.hour());
    for (Manifest.FileEntry file : manifest.files()) {
      checkFile(file, manifest.hour());
    }
    for (Manifest.LedgerEntry row : manifest.ledger()) {
      if (!row.balances()) {
        findings.add(
            "ledger does not balance: hour=%s, instance=%s, kind=%s, deployment=%s"
                .formatted(manifest.hour(), manifest.instance(), row.kind(), row.deployment()));
      }
    }
    if (!manifest
        .records()
        .getOrDefault(LogStream.REQUEST_RESPONSE.word(), 0L)
        .equals(manifest.records().getOrDefault(LogStream.RESPONSE_BODY.word(), 0L))) {
      findings.add("streams differ: hour=" + manifest.hour() + ", instance=" + manifest.instance());
    }
    tally.add(manifest);
  }

  /// Hours that the spool beside the files has not closed: what it committed of them is checked
  /// like any other, what it has planned may be there or not.
  private void countOpen(ShippingState state) throws IOException {
    SpoolAccount account = accountOf(state.spool());
    String instance = ShipperConfig.instanceOf(state.spool());
    for (HourBook book : state.books()) {
      String hour = Partition.hourWord(book.hour());
      Manifest known = manifests.get(new SpoolHour(instance, hour));
      if (known != null
          && known.revision() >= book.revision()
          && known.files().size() >= book.files().size()
          && !book.isDirty()) {
        continue;
      }
      openHours.add(hour);
      Manifest now = state.manifest(book, book.revision());
      for (Manifest.FileEntry file : now.files()) {
        if (!claimed.contains(file.key())) {
          checkFile(file, hour);
        }
      }
      tally(hour).add(now);
      account.replace(known, now);
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
    claimed.add(file.key().path());
    Path staged = place.staging().resolve(Staging.nameOf(window, file.number()));
    if (!isThere(file.key()) && !tree.exists(staged) && !isThere(file.key())) {
      findings.add("file is missing: key=" + file.key() + ", planned and staged no more");
    }
  }

  private boolean isThere(ObjectKey key) throws IOException {
    return store.list(key.path()).contains(key);
  }

  /// What is in the spool and in no file of a committed window.
  private void countUnshipped(Unshipped unshipped) {
    String spool = unshipped.shipped().state().spool();
    SpoolAccount account = accountOf(spool);
    for (HourBook book : unshipped.books().values()) {
      Manifest part = book.manifest(spool, 0, Map.of());
      openHours.add(part.hour());
      tally(part.hour()).addAccount(part);
      account.add(part);
    }
    for (Unshipped.Awaited some : unshipped.awaited()) {
      tally(Partition.hourWord(some.hour()))
          .addAwaited(some.where(), some.kind().word(), some.entries());
    }
    account.isHere(unshipped.damaged());
    findings.addAll(unshipped.findings());
  }

  private void checkFile(Manifest.FileEntry file, String hour) {
    if (!claimed.add(file.key())) {
      findings.add("file stands in two manifests: key=" + file.key());
      return;
    }
    tally(hour);
    try (FileReading reading =
        new FileReading(
            file.key(), store.open(new ObjectKey(file.key())), RecordReader.plain(hour))) {
      compare(file, reading.end());
    } catch (NoSuchFileException _) {
      findings.add("file is missing: key=" + file.key());
    } catch (IOException | IllegalArgumentException e) {
      findings.add("file can't be read: key=" + file.key() + ", because=" + e.getMessage());
    }
  }

  private void compare(Manifest.FileEntry file, FileReading.Content content) {
    if (content.checksum().size() != file.size()) {
      findings.add(
          "file is altered: key=%s, size=%d, planned=%d"
              .formatted(file.key(), content.checksum().size(), file.size()));
    } else if (!Checksum.hex(content.checksum().crc32c()).equals(file.crc32c())) {
      findings.add("file is altered: key=" + file.key() + ", crc32c differs");
    } else if (!content.broken().isEmpty()) {
      findings.add(
          "file can't be decompressed: key=%s, after lines=%d, because=%s"
              .formatted(file.key(), content.records(), content.broken()));
    } else if (content.badLine() > 0) {
      findings.add(
          "line is no record: key=%s, line=%d, because=%s"
              .formatted(file.key(), content.badLine(), content.problem()));
    } else if (content.records() != file.records()) {
      findings.add(
          "records: key=%s, found=%d, planned=%d"
              .formatted(file.key(), content.records(), file.records()));
    }
  }

  /// A file that no manifest and no plan names: of an hour whose manifest is still to come, or of
  /// nobody.
  private void checkUnclaimed(ObjectKey key) throws IOException {
    String name = key.path().substring(key.path().lastIndexOf('/') + 1);
    String hour =
        name.matches("[0-9]{10}_[0-9]+\\.json(\\.gz|\\.zst)?") ? name.substring(0, 10) : "";
    if (hour.isEmpty()) {
      findings.add("file is extra: key=" + key + ", no name of ours");
      return;
    }
    tally(hour);
    if (isAwaited(key, hour)) {
      unprovenHours.add(hour);
    } else if (!isEmpty(key)) { // an empty one: see LocalStore on links
      findings.add("file is extra: key=" + key + ", in no manifest of its hour");
    }
  }

  /// Whether the manifest of whoever made the file may be still to come.
  private boolean isAwaited(ObjectKey key, String hour) throws IOException {
    Optional<String> maker = store.makerOf(key);
    Path stagings = place.stagings();
    if (maker.isPresent() || stagings == null) {
      // Its maker says so beside it; and a later revision of the hour's manifest may name it.
      return maker.isPresent();
    }
    Set<String> instances = new HashSet<>(tree.list(stagings));
    manifests.keySet().forEach(known -> instances.add(known.instance()));
    return instances.isEmpty()
        || instances.stream()
            .anyMatch(instance -> !manifests.containsKey(new SpoolHour(instance, hour)));
  }

  private boolean isEmpty(ObjectKey key) throws IOException {
    try (InputStream in = store.open(key)) {
      return in.read() < 0;
    }
  }

  private Report conclude() {
    List<String> lines = new ArrayList<>();
    hours.forEach((hour, tally) -> lines.add(tally.line(hour, stateOf(hour))));
    findings.forEach(finding -> lines.add("! " + finding));
    if (!ringGap.isEmpty()) {
      lines.add("? what was accepted last is not known: " + ringGap);
    }
    Verdict verdict =
        !findings.isEmpty()
            ? Verdict.NOT_BALANCED
            : unprovenHours.isEmpty() && ringGap.isEmpty() ? Verdict.BALANCED : Verdict.UNPROVEN;
    lines.add(
        switch (verdict) {
          case BALANCED -> "balanced: hours=" + hours.size() + ", open=" + openHours.size();
          case UNPROVEN ->
              "unproven: hours without a manifest="
                  + unprovenHours.size()
                  + (ringGap.isEmpty() ? "" : ", and the ring");
          case NOT_BALANCED -> "not balanced: findings=" + findings.size();
        });
    return new Report(verdict, lines);
  }

  private String stateOf(String hour) {
    return openHours.contains(hour) ? "OPEN" : unprovenHours.contains(hour) ? "UNPROVEN" : "CLOSED";
  }

  private HourTally tally(String hour) {
    return hours.computeIfAbsent(hour, _ -> new HourTally());
  }

  private SpoolAccount accountOf(String spool) {
    return accounts.computeIfAbsent(spool, SpoolAccount::new);
  }
}
