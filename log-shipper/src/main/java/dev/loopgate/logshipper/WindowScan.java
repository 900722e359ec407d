package dev.loopgate.logshipper;

import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.proto.v1.GapNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.LostNote;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/// The first pass over a window: by heads alone, no entry is read. Belongs to the one thread named
/// `shipper`.
final class WindowScan {
  // What a record takes in the log besides its payload, about.
  private static final long RECORD_OVERHEAD = 40;
  // A gap's note is repeated in the first hour that it touches, and in so many before the last.
  private static final long GAP_HOURS_MAX = 48;

  private final SpoolReader reader;
  private final long bytesMax;
  private final PartitionBound bound;
  private final Predicate<ModelIdentity> ofFleet;

  WindowScan(
      SpoolReader reader, long bytesMax, PartitionBound bound, Predicate<ModelIdentity> ofFleet) {
    this.reader = reader;
    this.bytesMax = bytesMax;
    this.bound = bound;
    this.ofFleet = ofFleet;
  }

  /// The window that begins at `from` and ends at the durable end, or earlier where it is full.
  ///
  /// @param nowHour of notes that name no time, when no entry stands before them
  /// @param nextSeq of the first entry, -1 when that is not known
  Window scan(LogPosition from, long nowHour, long nextSeq) throws IOException {
    Window window = new Window(from, nextSeq);
    SeqSet noted = new SeqSet();
    reader.lost().forEach(range -> noted.add(SeqSpan.of(range)));
    LogPosition end = reader.durableEnd(); // fixed here: the log grows meanwhile
    long bytes = 0;
    long hour = nowHour;
    LogPosition at = from;
    while (at.compareTo(end) < 0) {
      Optional<LogRecord> next = reader.next(at);
      if (next.isEmpty() || next.get().at().compareTo(end) >= 0) {
        at = end;
        break;
      }
      switch (next.get()) {
        case LogRecord.EntryAt entry -> {
          hour = Partition.hourOf(entry.timeMillis());
          if (bytes >= bytesMax || !window.fits(entry.at(), entry.seq(), hour)) {
            window.endsAt(entry.at());
            return window;
          }
          bytes += entry.length() + RECORD_OVERHEAD;
          addTurnedBad(window, entry.seq(), hour, noted);
          window.add(group(entry, hour, window), entry.at(), entry.seq());
        }
        case LogRecord.NoteAt note -> addNote(note.note(), hour, window::notes);
      }
      at = next.get().next();
    }
    window.endsAt(at);
    return window;
  }

  /// What the reader stepped over since the last entry, and no note tells of.
  private static void addTurnedBad(Window window, long seq, long hour, SeqSet noted) {
    if (window.nextSeq() >= 0 && seq > window.nextSeq()) {
      noted.missingOf(new SeqSpan(window.nextSeq(), seq - 1)).forEach(window.notes(hour)::addLost);
    }
  }

  private Window.Group group(LogRecord.EntryAt entry, long hour, Window window) {
    String model = PathPart.of(entry.model().name());
    String version = PathPart.of(entry.model().version());
    if (bound.admits(entry.kind(), hour, model, version) || ofFleet.test(entry.model())) {
      bound.opened(entry.kind(), hour, model, version);
      return new Window.Group(entry.kind(), model, version, hour);
    }
    window.notes(hour).addOverflowed(1);
    return new Window.Group(entry.kind(), PathPart.OTHER, PathPart.OTHER, hour);
  }

  /// Adds what a note says to the books of the hours it touches.
  ///
  /// @param hour of what names no time
  static void addNote(NoteMessage note, long hour, LongFunction<HourBook> books) {
    switch (note.getNoteCase()) {
      case LEDGER -> {
        for (LedgerRow row : note.getLedger().getRowsList()) {
          if (row.hasDelta() && !note.getLedger().getSnapshot()) {
            books.apply(row.getHour()).addLedger(row);
          }
        }
      }
      case GAP -> addGap(note.getGap(), books);
      case LOST -> addLost(note.getLost(), books.apply(hour));
      case NOTE_NOT_SET -> {} // of a later version
    }
  }

  private static void addGap(GapNote gap, LongFunction<HourBook> books) {
    long first = Partition.hourOf(gap.getFromMs());
    long last = Math.max(first, Partition.hourOf(gap.getToMs()));
    Manifest.Gap entry =
        new Manifest.Gap(
            Instant.ofEpochMilli(gap.getFromMs()).toString(),
            Instant.ofEpochMilli(gap.getToMs()).toString(),
            gap.getReason());
    books.apply(first).addGap(entry);
    for (long hour = Math.max(first + 1, last - GAP_HOURS_MAX); hour <= last; hour++) {
      books.apply(hour).addGap(entry);
    }
  }

  private static void addLost(LostNote lost, HourBook notes) {
    for (SeqRange range : lost.getSeqsList()) {
      notes.addLost(new SeqSpan(range.getFirst(), range.getLast()));
    }
  }
}
