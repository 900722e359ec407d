package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolLook;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a spool holds that is committed in no file: a window on its way, the log behind it, the
/// ring; hour by hour, as the shipper would count it. Confined to one thread.
final class Unshipped {
  /// Entries of an hour.
  ///
  /// @param where they are: `planned`, `in_log` or `in_ring`
  record Awaited(long hour, String where, EntryKind kind, long entries) {}

  /// Reads the commit log.
  @FunctionalInterface
  interface Shipped {
    CommitLog.Found find() throws IOException;
  }

  private static final int LOOKS_MAX = 5;

  private record Key(long hour, String where, EntryKind kind) {}

  private final Map<Long, HourBook> books = new TreeMap<>();
  private final Map<Key, Long> awaited = new LinkedHashMap<>();
  private final List<String> findings = new ArrayList<>();
  private final List<SeqSpan> damaged = new ArrayList<>();
  private final CommitLog.Found shipped;
  private long noteHour;
  private boolean lossNoted;

  private Unshipped(SpoolLook look, CommitLog.Found shipped) throws IOException {
    this.shipped = shipped;
    ShippingState state = shipped.state();
    noteHour = Partition.hourOf(look.lastMillis());
    CommitRecord.WindowPlan plan = state.plan();
    if (plan != null) {
      addPlan(plan);
    }
    // What is planned is shipped from its staged files, whatever becomes of its log.
    LogPosition from = state.end();
    readLog(look.reader(), from);
    look.isShippedTo(Uncommitted.next(state));
    addRing(look);
    find(look, from);
  }

  /// Counts what lies behind the cursor of the commit log as it is now, after the look was made.
  static Unshipped of(SpoolLook look, Shipped shipped) throws IOException {
    Unshipped unshipped = new Unshipped(look, shipped.find());
    for (int more = 0; !unshipped.findings.isEmpty() && more < LOOKS_MAX; more++) {
      // The end of the look stands and the cursor goes on: there is less and less to be read.
      CommitLog.Found now = shipped.find();
      if (now.state().cursor().equals(unshipped.shipped.state().cursor())) {
        break;
      }
      unshipped = new Unshipped(look, now);
    }
    return unshipped;
  }

  /// What it was counted by.
  CommitLog.Found shipped() {
    return shipped;
  }

  /// By hour: ledger, seqs, gaps, and the lines that are to come.
  Map<Long, HourBook> books() {
    return books;
  }

  List<Awaited> awaited() {
    List<Awaited> all = new ArrayList<>();
    awaited.forEach(
        (key, entries) -> all.add(new Awaited(key.hour(), key.where(), key.kind(), entries)));
    return all;
  }

  /// Seqs that the log can't give back and that no note in it names.
  List<SeqSpan> damaged() {
    return damaged;
  }

  /// What is wrong, as lines.
  List<String> findings() {
    return findings;
  }

  private void addPlan(CommitRecord.WindowPlan plan) {
    for (CommitRecord.HourPart part : plan.parts()) {
      book(part.hour()).add(part.part());
    }
    for (CommitRecord.PlannedFile file : plan.files()) {
      book(file.hour()).addAwaited(file.stream(), file.records());
      if (file.stream() != LogStream.RESPONSE_BODY) { // its entries have a line in another file
        add(new Key(file.hour(), "planned", file.stream().kind()), file.records());
      }
    }
  }

  private void readLog(SpoolReader reader, LogPosition from) throws IOException {
    LogPosition at = from;
    for (Optional<LogRecord> next = reader.next(at); next.isPresent(); next = reader.next(at)) {
      switch (next.get()) {
        case LogRecord.EntryAt entry -> {
          noteHour = Partition.hourOf(entry.timeMillis());
          book(noteHour).seqs().add(entry.seq());
          await(new Key(noteHour, "in_log", entry.kind()), 1);
        }
        case LogRecord.NoteAt note -> addNote(note.note());
      }
      at = next.get().next();
    }
  }

  private void addNote(NoteMessage note) {
    lossNoted |= note.hasLost();
    WindowScan.addNote(note, noteHour, this::book);
  }

  private void addRing(SpoolLook look) {
    for (NoteMessage note : look.pendingLedgers()) {
      WindowScan.addNote(note, noteHour, this::book);
    }
    for (SpoolLook.InRing some : look.inRing()) {
      await(new Key(some.hour(), "in_ring", some.kind()), some.entries());
    }
  }

  private void find(SpoolLook look, LogPosition from) {
    look.lost().forEach(range -> damaged.add(SeqSpan.of(range)));
    long bytes = 0;
    int places = 0;
    for (SpoolLook.Damage damage : look.damage()) {
      if (damage.at().compareTo(from) >= 0) {
        bytes += damage.bytes();
        places++;
      }
    }
    if (places > 0 && !lossNoted) { // else a start found it before, and says which entries it cost
      findings.add("the log is damaged: places=" + places + ", bytes=" + bytes);
    }
    look.missing()
        .forEach((kind, entries) ->
            findings.add(
                "entries are in neither ring nor log: kind=%s, entries=%d"
                    .formatted(kind.word(), entries)));
  }

  private void await(Key key, long entries) {
    add(key, entries);
    for (LogStream stream : LogStream.of(key.kind())) {
      book(key.hour()).addAwaited(stream, entries);
    }
  }

  private void add(Key key, long entries) {
    awaited.merge(key, entries, Long::sum);
  }

  private HourBook book(long hour) {
    return books.computeIfAbsent(hour, HourBook::new);
  }
}
