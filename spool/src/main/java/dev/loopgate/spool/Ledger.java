package dev.loopgate.spool;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.EntryKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// Counts that outlive the process, in mapped memory: cumulative since the ledger began, never
/// zeroed. Counting is each lane's own; summing is any thread's.
///
/// ```text
///  0           8            4096         256 * 1,025, to a page   lanes, each to a page
///  +-----------+-------+----+------------+------------------------+-------------------
///  | last hour | slots | 0  | slot names |                        | cells of lane 0 ...
///  +-----------+-------+----+------------+------------------------+-------------------
///  last hour  int64   hours since the epoch, the last that a lane or the writer saw
///  slots      int32   slots in use, [#OTHER_SLOT] among them
///  slot name  uint16 length, then UTF-8
///  cells      int64   [slot][kind][plane][field]; plane is the hour modulo 2; the fields are begun,
///                     accepted, sampled out, then the drop reasons by their number
/// ```
///
/// Version 1 had two kinds and five drop reasons, see [Shape].
final class Ledger {
  /*
   * Two planes are enough: whoever reads the cells and then the time knows that the plane of the current
   * hour holds this hour's changes and the other one those of the hour before, as long as it reads
   * more often than once an hour. A disk that hangs for longer blurs the hour, never the count.
   *
   * `accepted` here is for metrics alone. What was accepted is what was committed in the ring: one store
   * by one instruction. Two stores, a commit and a count, could disagree after a kill.
   */

  /// Slots besides [#OTHER_SLOT].
  static final int SLOTS_MAX = 1024;

  static final int OTHER_SLOT = 0;

  /// A deployment's id longer than this has no slot of its own.
  static final int NAME_BYTES_MAX = 254;

  static final int BEGUN = 0;
  static final int ACCEPTED = 1;
  static final int SAMPLED_OUT = 2;
  static final int DROPPED = 3;
  static final int FIELDS = DROPPED + DropReason.COUNT;

  static final int KINDS = 3;
  static final int PLANES = 2;

  private static final int PAGE = 4096;
  private static final long LAST_HOUR_AT = 0;
  private static final long SLOTS_AT = 8;
  private static final int NAME_SLOT_BYTES = 256;
  private static final long NAMES_AT = PAGE;
  private static final long CELLS_AT = NAMES_AT + page((SLOTS_MAX + 1L) * NAME_SLOT_BYTES);
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final long MILLIS_PER_HOUR = 3_600_000;

  /// How many cells a lane has: a later version counts more, and reads what an earlier one left.
  record Shape(int kinds, int fields) {
    static final Shape FIRST = new Shape(2, DROPPED + 5);
    static final Shape NOW = new Shape(KINDS, FIELDS);

    /// What `lanes` lanes need.
    long bytes(int lanes) {
      return CELLS_AT + lanes * laneBytes();
    }

    private long laneBytes() {
      return page((SLOTS_MAX + 1L) * kinds * PLANES * fields * Long.BYTES);
    }

    private boolean has(int cell) {
      return cell % FIELDS < fields && cell / FIELDS / PLANES % KINDS < kinds;
    }

    private long at(int lane, int cell) {
      long index = cell;
      if (fields != FIELDS || kinds != KINDS) {
        int row = cell / FIELDS / PLANES; // of a slot and a kind
        index = (row / KINDS * kinds + row % KINDS) * (long) PLANES + cell / FIELDS % PLANES;
        index = index * fields + cell % FIELDS;
      }
      return CELLS_AT + lane * laneBytes() + index * Long.BYTES;
    }
  }

  private final MemorySegment memory;
  private final int lanes;
  private final Shape shape;
  private final Map<String, Integer> slots = new HashMap<>();

  /// A ledger over zeroed memory of this version's shape, or over what an earlier process left
  /// (then only to read).
  Ledger(MemorySegment memory, int lanes, Shape shape) {
    this.memory = memory;
    this.lanes = lanes;
    this.shape = shape;
  }

  static long hourOf(long epochMillis) {
    return Math.floorDiv(epochMillis, MILLIS_PER_HOUR);
  }

  static int planeOf(long hour) {
    return (int) (hour & 1);
  }

  /// Index of a cell among the cells of a lane.
  static int cell(int slot, int kind, int plane, int field) {
    return ((slot * KINDS + kind) * PLANES + plane) * FIELDS + field;
  }

  /// One more. Only the lane's own thread.
  void count(int lane, int slot, EntryKind kind, long hour, int field) {
    long at = shape.at(lane, cell(slot, kind.number(), planeOf(hour), field));
    // Released: after a kill no ending may be seen without the beginning that was counted before
    // it.
    LONG.setRelease(memory, at, (long) LONG.get(memory, at) + 1);
  }

  /// The sum of one cell over the lanes.
  long sum(int cell) {
    if (!shape.has(cell)) {
      return 0;
    }
    long sum = 0;
    for (int lane = 0; lane < lanes; lane++) {
      sum += (long) LONG.getAcquire(memory, shape.at(lane, cell));
    }
    return sum;
  }

  /// Remembers the hour that it is.
  void hourIs(long hour) {
    if ((long) LONG.getOpaque(memory, LAST_HOUR_AT) != hour) {
      LONG.setOpaque(memory, LAST_HOUR_AT, hour);
    }
  }

  /// The last hour that anybody saw.
  long lastHour() {
    return (long) LONG.getOpaque(memory, LAST_HOUR_AT);
  }

  /// Slots in use, [#OTHER_SLOT] among them.
  int slots() {
    return Math.clamp((int) INT.getAcquire(memory, SLOTS_AT), 1, SLOTS_MAX + 1);
  }

  /// The deployment's slot, given at the first call; [#OTHER_SLOT] when all are taken.
  synchronized int slotOf(String deployment) {
    Integer known = slots.get(deployment);
    if (known != null) {
      return known;
    }
    byte[] name = deployment.getBytes(StandardCharsets.UTF_8);
    int next = slots();
    if (next > SLOTS_MAX || name.length > NAME_BYTES_MAX || deployment.equals(Spool.OTHER)) {
      return OTHER_SLOT;
    }
    long at = NAMES_AT + (long) next * NAME_SLOT_BYTES;
    memory.set(ValueLayout.JAVA_SHORT, at, (short) name.length);
    MemorySegment.copy(name, 0, memory, ValueLayout.JAVA_BYTE, at + 2, name.length);
    INT.setRelease(memory, SLOTS_AT, next + 1);
    slots.put(deployment, next);
    return next;
  }

  /// The deployment in this slot.
  String nameOf(int slot) {
    if (slot == OTHER_SLOT || slot >= slots()) {
      return Spool.OTHER;
    }
    long at = NAMES_AT + (long) slot * NAME_SLOT_BYTES;
    int length = Math.clamp(memory.get(ValueLayout.JAVA_SHORT, at), 0, NAME_BYTES_MAX);
    byte[] name = new byte[length];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at + 2, name, 0, length);
    return new String(name, StandardCharsets.UTF_8);
  }

  private static long page(long bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
  }
}
