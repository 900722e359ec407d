package dev.loopgate.spool;

import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.LostNote;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.Disk.DiskFile;
import dev.loopgate.spool.FoundSegment.FoundGroup;
import dev.loopgate.spool.LogMap.Extent;
import dev.loopgate.spool.LogMap.SegmentFile;
import dev.loopgate.spool.SegmentLayout.GroupHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds out which bytes on disk are the log. Reads and copies to quarantine only: what must be
/// written anew is the log's to write, so that a crash in here changes nothing.
///
/// Each group names the end up to which the log was durable before it. The highest such end is
/// proved: a hole before it is damage, a hole after it the torn tail of a group that was never
/// answered. A group that is whole after it may be clean in the cache yet absent on disk: that is
/// the tail, to be written again.
final class LogRecovery {
  /// A whole group after the proved end.
  record Tail(long segment, long offset, GroupHeader header) {
    Extent extent() {
      return new Extent(header.place(), header.paddedLength(), segment, offset);
    }
  }

  /// What was found.
  ///
  /// @param diskEnd the proved end, in the segments' own places
  /// @param continued number of the segment to go on in, -1: none
  /// @param kept numbers of segments that must stay although nothing of them is read
  /// @param holes seqs between the first and the last that no record has
  /// @param lost those of them that no note names yet
  record Recovered(
      LogMap map,
      PartSets sets,
      long nextSeq,
      long nextNumber,
      int nextKeyId,
      LogPosition diskEnd,
      long continued,
      List<Tail> tail,
      Map<ModelKey, Integer> tailKeys,
      Set<Long> kept,
      List<SeqRange> holes,
      List<SeqRange> lost,
      Map<Long, Long> ringEnds,
      Map<Long, Map<LedgerKey, LedgerRow>> ledgers,
      Optional<NoteMessage> snapshot,
      long timeMillis,
      long entries) {
    private static final int RANGES_A_NOTE = 1000;

    /// Notes that name the holes.
    List<NoteMessage> lostNotes() {
      List<NoteMessage> notes = new ArrayList<>();
      for (int i = 0; i < lost.size(); i += RANGES_A_NOTE) {
        List<SeqRange> some = lost.subList(i, Math.min(lost.size(), i + RANGES_A_NOTE));
        LostNote note = LostNote.newBuilder().addAllSeqs(some).setReason("log_damaged").build();
        notes.add(NoteMessage.newBuilder().setLost(note).build());
      }
      return notes;
    }
  }

  private static final int COPY_BYTES = 1 << 20;

  private final Disk disk;
  private final LogDirectory directory;
  private final SpoolEvents events;
  private final LogMap map = new LogMap();
  private final Set<Long> kept = new HashSet<>();
  private final List<FoundSegment> segments = new ArrayList<>();
  private final List<Tail> tail = new ArrayList<>();
  private final List<Extent> walk = new ArrayList<>(); // what is kept, tail included, in order
  private final Map<Long, Long> ringEnds = new HashMap<>();
  private LogPosition proved = LogPosition.START;
  private long seqsSeen;
  private long seqsGiven; // before the first of a tail's group; what they were may have rotted
  private boolean sound = true; // of the last segment: can be continued at its end

  private LogRecovery(Disk disk, LogDirectory directory, SpoolEvents events) {
    this.disk = disk;
    this.directory = directory;
    this.events = events;
  }

  /// Looks at everything in `wal/`.
  static Recovered of(Disk disk, LogDirectory directory, SpoolEvents events) throws IOException {
    return new LogRecovery(disk, directory, events).recover();
  }

  private Recovered recover() throws IOException {
    disk.forceDirectory(directory.wal()); // what is seen from here on stays seen
    long nextNumber = 0;
    for (String name : disk.list(directory.wal())) {
      long number = LogDirectory.numberOf(name);
      if (number >= 0) {
        segments.add(FoundSegment.scan(disk, directory.wal().resolve(name), number));
        nextNumber = number + 1; // names sort as numbers
      }
    }
    for (FoundSegment segment : segments) {
      for (FoundGroup group : segment.groups()) {
        LogPosition end = group.header().previousEnd();
        proved = end.compareTo(proved) > 0 ? end : proved;
      }
    }
    for (int i = 0; i < segments.size(); i++) {
      place(i);
    }
    LogWalk walked = new LogWalk(disk, map, firstSeq());
    walked.walk(walk, Math.max(seqsSeen, seqsGiven));
    long nextSeq = Math.max(Math.max(seqsSeen, seqsGiven), walked.nextSeq());
    List<SeqRange> lost = walked.lost();
    tell(walked.entries(), lost);
    long continued = continued();
    return new Recovered(
        map,
        walked.sets(),
        nextSeq,
        nextNumber,
        walked.nextKeyId(),
        diskEnd(continued),
        continued,
        List.copyOf(tail),
        walked.keysOf(tail),
        kept,
        walked.holes(),
        lost,
        ringEnds,
        walked.ledgers(),
        walked.snapshot(),
        walked.timeMillis(),
        walked.entries());
  }

  private long firstSeq() {
    for (FoundSegment segment : segments) {
      if (segment.header() != null) {
        return segment.header().firstSeq();
      }
      if (!segment.groups().isEmpty()) {
        return segment.groups().getFirst().header().firstSeq();
      }
    }
    return 0;
  }

  /// Decides about one segment: what of it is the log, what is its tail, what is damage.
  private void place(int i) {
    FoundSegment segment = segments.get(i);
    long end = endOf(i);
    if (segment.header() != null) {
      seqsSeen = Math.max(seqsSeen, segment.header().firstSeq());
    }
    boolean damaged = !segment.readable() || segment.header() == null;
    long at = SegmentLayout.PAGE_BYTES;
    for (FoundGroup group : segment.groups()) {
      if (group.offset() >= end) {
        break;
      }
      if (group.offset() > at) {
        damaged = true;
        addGap(segment, at, group.offset());
      }
      addGroup(group);
      at = group.end();
    }
    long gapEnd = Math.min(end, segment.size());
    if (at < gapEnd) {
      damaged = true;
      addGap(segment, at, gapEnd);
    }
    segment.groups().stream().filter(group -> group.offset() >= end).forEach(this::addTail);
    if (damaged) {
      quarantine(segment);
    } else if (segment.tornAt() >= end) {
      quarantineTail(segment);
    }
    // A reader may be behind the groups after the end, markers too: what is written in their
    // place it would never see.
    boolean ended = segment.groups().isEmpty() || segment.groups().getLast().end() <= end;
    sound = !damaged && segment.tornAt() < 0 && ended;
    map.addFile(new SegmentFile(segment.number(), segment.path(), segment.generation(), !damaged));
  }

  /// The offset up to which the segment is known to have been durable.
  private long endOf(int i) {
    FoundSegment segment = segments.get(i);
    FoundGroup own = segment.preamble();
    long preambleEnd = own == null ? SegmentLayout.PAGE_BYTES : own.end();
    if (segment.number() > proved.segment()) {
      return preambleEnd; // forced before the segment got its name
    }
    long named = SegmentLayout.PAGE_BYTES;
    for (FoundSegment other : segments) {
      for (FoundGroup group : other.groups()) {
        LogPosition end = group.header().previousEnd();
        named = end.segment() == segment.number() ? Math.max(named, end.offset()) : named;
      }
    }
    boolean certain =
        segment.number() == proved.segment()
            || (i + 1 < segments.size() && segments.get(i + 1).preamble() != null);
    if (certain || segment.groups().isEmpty()) {
      return named;
    }
    // Who names this end is damaged. Take all that is whole; a seq that comes again later is left
    // out there.
    return Math.max(named, segment.groups().getLast().end());
  }

  private void addGroup(FoundGroup group) {
    GroupHeader header = group.header();
    boolean again = header.count() > 0 && header.nextSeq() <= seqsSeen;
    if (again) {
      return;
    }
    seqsSeen = Math.max(seqsSeen, header.nextSeq());
    ringEnds.merge(header.ringId(), header.ringEnd(), Math::max);
    Extent extent =
        new Extent(header.place(), header.paddedLength(), group.segment(), group.offset());
    map.addExtent(extent);
    walk.add(extent);
  }

  private void addGap(FoundSegment segment, long from, long to) {
    Extent extent =
        new Extent(new LogPosition(segment.number(), from), to - from, segment.number(), from);
    map.addExtent(extent);
    walk.add(extent);
  }

  private void addTail(FoundGroup group) {
    GroupHeader header = group.header();
    seqsGiven = Math.max(seqsGiven, header.firstSeq());
    boolean beforeProved = group.segment() < proved.segment();
    boolean again =
        (header.count() > 0 && header.nextSeq() <= seqsSeen)
            || tail.stream().anyMatch(known -> known.header().place().equals(header.place()));
    if (beforeProved || again || header.markersOnly()) {
      return; // its force failed and a later segment has it, or it carries nothing
    }
    seqsSeen = Math.max(seqsSeen, header.nextSeq());
    ringEnds.merge(header.ringId(), header.ringEnd(), Math::max);
    Tail found = new Tail(group.segment(), group.offset(), header);
    tail.add(found);
    walk.add(found.extent());
  }

  /// The last segment when nothing in it needs to be written again or is in doubt.
  private long continued() {
    boolean clean = tail.isEmpty() && sound && !segments.isEmpty();
    return clean && segments.getLast().preamble() != null ? segments.getLast().number() : -1;
  }

  private LogPosition diskEnd(long continued) {
    if (continued < 0 || continued == proved.segment()) {
      return proved;
    }
    return new LogPosition(continued, endOf(segments.size() - 1));
  }

  private void tell(long entries, List<SeqRange> lost) {
    if (entries > 0 || !lost.isEmpty()) {
      events.recovered(
          "log: segments="
              + segments.size()
              + ", entries="
              + entries
              + ", groups written again="
              + tail.size()
              + ", ranges of seqs lost="
              + lost.size());
    }
  }

  /// Copies the whole file, once, before anything can happen to it.
  private void quarantine(FoundSegment segment) {
    copyAside(segment, HexName.of(segment.number()) + ".seg", 0, Long.MAX_VALUE);
  }

  /// Copies what a torn group left: neither zeros nor an earlier life's bytes, for its first page
  /// names this generation.
  private void quarantineTail(FoundSegment segment) {
    String name = HexName.of(segment.number()) + "-" + segment.tornAt() + ".torn";
    copyAside(segment, name, segment.tornAt(), SegmentLayout.GROUP_BYTES_MAX);
  }

  private void copyAside(FoundSegment segment, String name, long from, long bytesMax) {
    Path target = directory.quarantine().resolve(name);
    Path fresh = directory.quarantine().resolve(name + ".new");
    try {
      if (disk.exists(target)) {
        return;
      }
      disk.delete(fresh);
      try (DiskFile source = disk.open(segment.path());
          DiskFile copy = disk.create(fresh)) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
        long end = Math.min(source.size(), from + Math.min(bytesMax, source.size()));
        for (long at = from; at < end; at += COPY_BYTES) {
          buffer.clear().limit((int) Math.min(COPY_BYTES, end - at));
          source.read(buffer, at);
          copy.write(buffer.flip(), at - from);
        }
        copy.force();
      }
      disk.rename(fresh, target);
      disk.forceDirectory(directory.quarantine());
      events.recovered("quarantine: file=" + name);
    } catch (IOException e) {
      kept.add(segment.number());
      events.diskFailed("quarantine " + name, String.valueOf(e.getMessage()));
    }
  }
}
