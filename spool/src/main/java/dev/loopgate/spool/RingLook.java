package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.spool.RingRecovery.Scan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// A ring file that somebody else may be using at this moment. Confined to one look.
final class RingLook implements AutoCloseable {
  /*
   * The order makes the sum exact beside a live process, and nothing is held up for it: first the cells,
   * then the ring, then its head, and only then, by the caller, the log. An entry that the cells count
   * was committed before, so it is in the ring or has moved to the log. One that was released while the
   * ring was scanned, so that its bytes prove nothing, lies before the head read afterwards: it was forced
   * before, so the log that is read later has it. One that moves after that is in both, and the log's own
   * word on how far this ring is consumed tells it apart.
   */

  /// A whole entry of the ring.
  private record Kept(long position, long hour, EntryKind kind, int slot) {}

  private final RingFile file;
  private final boolean sameBoot;
  private final Map<EntryKind, Long> counted = new EnumMap<>(EntryKind.class);
  private final List<Kept> scanned = new ArrayList<>();
  private final List<Kept> kept = new ArrayList<>();
  private final long released;
  private final long unfinished;

  private RingLook(RingFile file, String bootId) {
    this.file = file;
    this.sameBoot = file.header().bootId().equals(bootId);
    for (EntryKind kind : EntryKind.values()) {
      counted.put(kind, acceptedIn(kind));
    }
    Ring ring = file.ring();
    long head = sameBoot ? ring.head() : ring.head() & ~7L;
    long tail = sameBoot ? ring.tail() : head + ring.capacity();
    Scan scan = new Scan(ring, head, tail, !sameBoot);
    for (List<Scan.Message> set = scan.next(); !set.isEmpty(); set = scan.next()) {
      EntryHead first = set.getFirst().head();
      scanned.add(new Kept(set.getFirst().position(), first.hour(), first.kind(), first.slot()));
    }
    this.unfinished = sameBoot ? scan.unfinished() : 0;
    this.released = sameBoot ? ring.head() : head;
  }

  /// Looks at the ring file at `path`.
  ///
  /// @param bootId of this machine: of a ring of another boot only what is checked counts
  /// @throws IOException when it is none that can be used; the message says why
  static RingLook at(Path path, String bootId) throws IOException {
    return new RingLook(RingFile.openToRead(path), bootId);
  }

  /// Leaves out the first `count` of what the log does not have: they have moved on meanwhile, in
  /// this order. Answers how many that were.
  long skip(long count) {
    int skipped = (int) Math.min(count, kept.size());
    kept.subList(0, skipped).clear();
    return skipped;
  }

  /// Leaves out what the log has, as it was found after this ring was looked at.
  void afterLog(Map<Long, Long> ringEnds) {
    long from = Math.max(released, ringEnds.getOrDefault(ringId(), 0L));
    kept.clear();
    for (Kept entry : scanned) {
      if (entry.position() >= from) {
        kept.add(entry);
      }
    }
  }

  long ringId() {
    return file.header().ringId();
  }

  /// Whether it was written since the machine started; else its pages may stem from different
  /// moments.
  boolean isOfThisBoot() {
    return sameBoot;
  }

  /// Claims that nobody was promised.
  long unfinished() {
    return unfinished;
  }

  /// Whole entries that the log does not have, by hour and kind.
  void countInto(Map<Long, Map<EntryKind, Long>> byHour) {
    for (Kept entry : kept) {
      byHour
          .computeIfAbsent(entry.hour(), _ -> new EnumMap<>(EntryKind.class))
          .merge(entry.kind(), 1L, Long::sum);
    }
  }

  /// Entries of a kind that the cells counted and that are neither here nor in the log's notes.
  ///
  /// @param noted by place, what the log has of this ledger
  long missing(EntryKind kind, Map<LedgerKey, LedgerRow> noted) {
    long found = kept.stream().filter(entry -> entry.kind() == kind).count();
    for (Map.Entry<LedgerKey, LedgerRow> row : noted.entrySet()) {
      if (row.getKey().kind() == kind.number()) {
        found += row.getValue().getTotal().getAccepted();
      }
    }
    return sameBoot ? Math.max(0, counted.getOrDefault(kind, 0L) - found) : 0;
  }

  /// The note that a start would write of all this, what is open left aside.
  NoteMessage pending(Map<LedgerKey, LedgerRow> noted) {
    LedgerNotes notes = new LedgerNotes(ringId(), file.ledger(), noted);
    if (sameBoot) {
      notes.scan(file.ledger()::lastHour);
    }
    for (Kept entry : kept) {
      notes.accepted(entry.hour(), entry.kind(), entry.slot());
    }
    return notes.seal(Integer.MAX_VALUE);
  }

  Map<EntryKind, Map<String, LedgerCounts>> ledger() {
    return Spool.counts(file.ledger());
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private long acceptedIn(EntryKind kind) {
    long sum = 0;
    for (int slot = 0; slot < file.ledger().slots(); slot++) {
      for (int plane = 0; plane < Ledger.PLANES; plane++) {
        sum += file.ledger().sum(Ledger.cell(slot, kind.number(), plane, Ledger.ACCEPTED));
      }
    }
    return sum;
  }
}
