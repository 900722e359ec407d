package dev.loopgate.logshipper;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.spool.LogPosition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Consecutive records of the log that are shipped together: where each entry lies, by partition,
/// in 8 bytes an entry, and what the notes among them say. Confined to one thread.
final class Window {
  /// Entries of one kind, model, version and hour: one partition in each stream of the kind.
  ///
  /// @param model an escaped part of a path
  /// @param version an escaped part of a path
  record Group(EntryKind kind, String model, String version, long hour) {
    Partition partition(LogStream stream) {
      return new Partition(stream, model, version, hour);
    }
  }

  /// An entry takes a word: its group, the segments behind the first one, its offset.
  private static final int OFFSET_BITS = 28;

  private static final int SEGMENT_BITS = 12;
  private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
  private static final long SEGMENT_MASK = (1L << SEGMENT_BITS) - 1;

  /// Beyond any of these a window ends early.
  static final int ENTRIES_MAX = 1 << 20;

  private static final int SEQS_MAX = 1 << 24;
  private static final int HOURS_MAX = 64;

  private final LogPosition from;
  private final Map<Group, Integer> groupNumbers = new HashMap<>();
  private final List<Group> groups = new ArrayList<>();
  private final Map<Long, BitSet> seqsByHour = new TreeMap<>();
  private final Map<Long, HourBook> notes = new TreeMap<>();
  private long[] index = new long[1024];
  private int count;
  private long firstSeq;
  private long firstSegment; // of a sink that comes late it is far behind `from`
  private long nextSeq;
  private LogPosition to;

  /// @param nextSeq of its first entry, -1 when that is not known
  Window(LogPosition from, long nextSeq) {
    this.from = from;
    this.nextSeq = nextSeq;
    this.to = from;
  }

  LogPosition from() {
    return from;
  }

  LogPosition to() {
    return to;
  }

  void endsAt(LogPosition position) {
    to = position;
  }

  int count() {
    return count;
  }

  List<Group> groups() {
    return groups;
  }

  /// Whether an entry fits; if not, the window ends before it. The first one always fits.
  boolean fits(LogPosition at, long seq, long hour) {
    if (count == 0) {
      return true;
    }
    long behind = seq - firstSeq;
    return count < ENTRIES_MAX
        && behind >= 0
        && behind < SEQS_MAX
        && at.segment() - firstSegment <= SEGMENT_MASK
        && at.offset() <= OFFSET_MASK
        && (seqsByHour.size() < HOURS_MAX || seqsByHour.containsKey(hour));
  }

  /// The seq of its first entry; meaningless without any.
  long firstSeq() {
    return firstSeq;
  }

  /// The seq after its last entry; without any, that of the entry to come, -1 when not known.
  long nextSeq() {
    return nextSeq;
  }

  void add(Group group, LogPosition at, long seq) {
    nextSeq = seq + 1;
    if (count == 0) {
      firstSeq = seq;
      firstSegment = at.segment();
    }
    if (count == index.length) {
      index = Arrays.copyOf(index, count * 2);
    }
    int number = groupNumbers.computeIfAbsent(group, _ -> groups.size());
    if (number == groups.size()) {
      groups.add(group);
    }
    long segment = at.segment() - firstSegment;
    index[count++] =
        ((long) number << (SEGMENT_BITS + OFFSET_BITS)) | (segment << OFFSET_BITS) | at.offset();
    seqsByHour
        .computeIfAbsent(group.hour(), _ -> new BitSet())
        .set(Math.toIntExact(seq - firstSeq));
  }

  /// What the notes say of an hour.
  HourBook notes(long hour) {
    return notes.computeIfAbsent(hour, HourBook::new);
  }

  Map<Long, HourBook> notes() {
    return notes;
  }

  /// Orders the entries by group and, within it, as in the log.
  void sort() {
    Arrays.sort(index, 0, count);
  }

  /// The number of the group of entry `i` of the sorted ones.
  int groupOf(int i) {
    return (int) (index[i] >>> (SEGMENT_BITS + OFFSET_BITS));
  }

  /// Where entry `i` of the sorted ones lies.
  LogPosition positionOf(int i) {
    return new LogPosition(
        firstSegment + ((index[i] >>> OFFSET_BITS) & SEGMENT_MASK), index[i] & OFFSET_MASK);
  }

  /// The place of a seq among those of the window.
  int placeOf(long seq) {
    return Math.toIntExact(seq - firstSeq);
  }

  /// The places of an hour's seqs.
  Map<Long, BitSet> placesByHour() {
    return seqsByHour;
  }

  /// The places of this hour's seqs.
  BitSet placesOf(long hour) {
    return seqsByHour.getOrDefault(hour, new BitSet());
  }

  /// Every hour that an entry or a note is of, in ascending order; a copy.
  NavigableSet<Long> hours() {
    NavigableSet<Long> hours = new TreeSet<>(notes.keySet());
    hours.addAll(seqsByHour.keySet());
    return hours;
  }

  /// Places as spans of seqs.
  List<SeqSpan> spans(BitSet places) {
    List<SeqSpan> spans = new ArrayList<>();
    for (int start = places.nextSetBit(0); start >= 0; ) {
      int end = places.nextClearBit(start);
      spans.add(new SeqSpan(firstSeq + start, firstSeq + end - 1));
      start = places.nextSetBit(end);
    }
    return spans;
  }
}
