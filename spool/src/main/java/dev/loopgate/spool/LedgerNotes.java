package dev.loopgate.spool;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Turns what a ledger counts into notes of the log: what changed since the last note, and the
/// totals since the ledger began. Confined to `spool-writer`, or to a recovery.
///
/// The order: [#scan] and [#accepted], then [#seal] with the group that will hold the note, and
/// [#logged] when that group is durable. A sealed note that was not logged stays in its group.
final class LedgerNotes {
  /*
   * The totals make a note repeatable: whoever recovers subtracts what was noted from what the ledger and
   * the ring say, so a recovery that is killed after half of its groups notes only the rest.
   */

  // A name, 16 counts and the rest at their longest.
  private static final int ROW_BYTES_MAX = 512;

  private record Row(long hour, int kind, int slot) {}

  private final long ledgerId;
  private final Ledger ledger;

  // Per cell as in the ledger: what the cells held at the last scan, all that was ever counted
  // here, and
  // what the log has.
  private final long[] scanned;
  private final long[] counted;
  private final long[] logged;

  private final long[] noted; // what the log has and what sealed notes will add

  // What was accepted must be noted in the group that holds it; what the lanes counted may wait.
  private final Map<Row, long[]> accepted = new LinkedHashMap<>();
  private final Map<Row, long[]> pending = new LinkedHashMap<>();

  /// @param noted by place, what the log has of this ledger already
  LedgerNotes(long ledgerId, Ledger ledger, Map<LedgerKey, LedgerRow> noted) {
    int cells = Ledger.cell(Ledger.SLOTS_MAX + 1, 0, 0, 0);
    this.ledgerId = ledgerId;
    this.ledger = ledger;
    this.logged = new long[cells];
    noted.forEach(this::restore);
    this.noted = logged.clone();
    this.counted = logged.clone();
    this.scanned = logged.clone();
  }

  /// Takes what the lanes counted since the last scan. A change in the plane of `hour` is of that
  /// hour, one in the other plane of the hour before; so `hour` is asked of the clock after the
  /// cells were read.
  void scan(LongSupplier hourNow) {
    int cells = Ledger.cell(ledger.slots(), 0, 0, 0);
    long[] sums = new long[cells];
    for (int cell = 0; cell < cells; cell++) {
      if (cell % Ledger.FIELDS != Ledger.ACCEPTED) { // counted from what is logged
        sums[cell] = ledger.sum(cell);
      }
    }
    long hour = hourNow.getAsLong();
    for (int cell = 0; cell < cells; cell++) {
      int field = cell % Ledger.FIELDS;
      long delta = sums[cell] - scanned[cell];
      if (field != Ledger.ACCEPTED && delta > 0) {
        int plane = cell / Ledger.FIELDS % Ledger.PLANES;
        long rowHour = Ledger.planeOf(hour) == plane ? hour : hour - 1;
        add(pending, rowHour, kindOf(cell), slotOf(cell), field, delta);
        scanned[cell] = sums[cell];
      }
    }
  }

  /// The group being made holds one more accepted entry.
  void accepted(EntryHead head) {
    accepted(head.hour(), head.kind(), head.slot());
  }

  /// The same of an entry known by its row alone.
  void accepted(long hour, EntryKind kind, int slot) {
    add(accepted, hour, kind.number(), slot, Ledger.ACCEPTED, 1);
  }

  /// Counts what began and never ended as dropped by the kill, in `hour`. After [#scan] and after
  /// everything accepted was told.
  ///
  /// @return how many
  long killed(long hour) {
    long sum = 0;
    for (int slot = 0; slot < ledger.slots(); slot++) {
      for (int kind = 0; kind < Ledger.KINDS; kind++) {
        long open = open(slot, kind);
        if (open > 0) {
          add(pending, hour, kind, slot, Ledger.DROPPED + DropReason.GATEWAY_KILLED.number(), open);
          sum += open;
        }
      }
    }
    return sum;
  }

  /// Something waits to be noted.
  boolean isPending() {
    return !accepted.isEmpty() || !pending.isEmpty();
  }

  /// At most so many bytes does the part of the next note take that cannot wait.
  int bytesMax() {
    return (accepted.size() + 1) * ROW_BYTES_MAX;
  }

  /// The note for what waits; from here on it belongs to the group that is being made.
  ///
  /// @param bytes that there is room for, at least [#bytesMax]
  NoteMessage seal(int bytes) {
    LedgerNote.Builder note = LedgerNote.newBuilder().setLedgerId(ledgerId);
    accepted.forEach((row, delta) -> note.addRows(row(row, delta)));
    accepted.clear();
    var rows = pending.entrySet().iterator();
    while (rows.hasNext() && (note.getRowsCount() + 1) * ROW_BYTES_MAX <= bytes) {
      Map.Entry<Row, long[]> row = rows.next();
      note.addRows(row(row.getKey(), row.getValue()));
      rows.remove();
    }
    return NoteMessage.newBuilder().setLedger(note).build();
  }

  /// The group with what was sealed is durable.
  void logged() {
    System.arraycopy(noted, 0, logged, 0, logged.length);
  }

  /// The totals that the log has, for the start of a segment; empty when it has none.
  Optional<NoteMessage> snapshot() {
    LedgerNote.Builder note = LedgerNote.newBuilder().setLedgerId(ledgerId).setSnapshot(true);
    long hour = ledger.lastHour();
    for (int slot = 0; slot < ledger.slots(); slot++) {
      for (int kind = 0; kind < Ledger.KINDS; kind++) {
        for (int plane = 0; plane < Ledger.PLANES; plane++) {
          int from = Ledger.cell(slot, kind, plane, 0);
          long[] totals = Arrays.copyOfRange(logged, from, from + Ledger.FIELDS);
          if (Arrays.stream(totals).anyMatch(total -> total != 0)) {
            long rowHour = Ledger.planeOf(hour) == plane ? hour : hour - 1;
            note.addRows(
                row(rowHour, kind, slot)
                    .setDelta(counts(new long[Ledger.FIELDS]))
                    .setTotal(counts(totals)));
          }
        }
      }
    }
    return note.getRowsCount() == 0
        ? Optional.empty()
        : Optional.of(NoteMessage.newBuilder().setLedger(note).build());
  }

  private void restore(LedgerKey key, LedgerRow row) {
    if (key.slot() < 0
        || key.slot() > Ledger.SLOTS_MAX
        || key.kind() < 0
        || key.kind() >= Ledger.KINDS) {
      return; // of a version with more; what it counted is beyond us
    }
    int at = Ledger.cell(key.slot(), key.kind(), key.plane() & 1, 0);
    Counts total = row.getTotal();
    logged[at + Ledger.BEGUN] = total.getBegun();
    logged[at + Ledger.ACCEPTED] = total.getAccepted();
    logged[at + Ledger.SAMPLED_OUT] = total.getSampledOut();
    for (int i = 0; i < Math.min(DropReason.COUNT, total.getDroppedCount()); i++) {
      logged[at + Ledger.DROPPED + i] = total.getDropped(i);
    }
  }

  private long open(int slot, int kind) {
    long open = 0;
    for (int plane = 0; plane < Ledger.PLANES; plane++) {
      int at = Ledger.cell(slot, kind, plane, 0);
      open += counted[at + Ledger.BEGUN];
      for (int field = Ledger.ACCEPTED; field < Ledger.FIELDS; field++) {
        open -= counted[at + field];
      }
    }
    return open;
  }

  private void add(Map<Row, long[]> to, long hour, int kind, int slot, int field, long delta) {
    to.computeIfAbsent(new Row(hour, kind, slot), _ -> new long[Ledger.FIELDS])[field] += delta;
    counted[Ledger.cell(slot, kind, Ledger.planeOf(hour), field)] += delta;
  }

  // Rows of one place may follow each other in a note (two hours of a plane): each total includes
  // them.
  private LedgerRow.Builder row(Row row, long[] delta) {
    int from = Ledger.cell(row.slot(), row.kind(), Ledger.planeOf(row.hour()), 0);
    for (int i = 0; i < delta.length; i++) {
      noted[from + i] += delta[i];
    }
    long[] total = Arrays.copyOfRange(noted, from, from + Ledger.FIELDS);
    return row(row.hour(), row.kind(), row.slot()).setDelta(counts(delta)).setTotal(counts(total));
  }

  private LedgerRow.Builder row(long hour, int kind, int slot) {
    return LedgerRow.newBuilder()
        .setHour(hour)
        .setKind(kind)
        .setSlot(slot)
        .setPlane(Ledger.planeOf(hour))
        .setDeployment(ledger.nameOf(slot));
  }

  private static Counts counts(long[] fields) {
    Counts.Builder counts =
        Counts.newBuilder()
            .setBegun(fields[Ledger.BEGUN])
            .setAccepted(fields[Ledger.ACCEPTED])
            .setSampledOut(fields[Ledger.SAMPLED_OUT]);
    for (int i = 0; i < DropReason.COUNT; i++) {
      counts.addDropped(fields[Ledger.DROPPED + i]);
    }
    return counts.build();
  }

  private static int kindOf(int cell) {
    return cell / Ledger.FIELDS / Ledger.PLANES % Ledger.KINDS;
  }

  private static int slotOf(int cell) {
    return cell / Ledger.FIELDS / Ledger.PLANES / Ledger.KINDS;
  }
}
