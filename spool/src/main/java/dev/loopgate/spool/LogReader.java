package dev.loopgate.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.loopgate.capture.Entry;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogMap.Extent;
import dev.loopgate.spool.LogMap.SegmentFile;
import dev.loopgate.spool.RecordLayout.Head;
import dev.loopgate.spool.RecordLayout.PartHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A reader of the log. Belongs to the thread of its sink.
///
/// An entry in parts is known by its last part, which leads back to the others; so the order of
/// entries is the order of their seqs.
final class LogReader implements SpoolReader, AutoCloseable {
  /// What only whoever writes the log can do for its reader.
  interface Keeper {
    /// Takes back a segment that nobody needs.
    void recycle(SegmentFile file) throws IOException;

    /// As [SpoolReader#releaseReserve].
    void releaseReserve() throws IOException;

    /// As [SpoolReader#refillReserve].
    boolean refillReserve();
  }

  /// Is told of bytes that no checksum proves, as [SpoolEvents#damaged].
  @FunctionalInterface
  interface DamageListener {
    void damaged(LogPosition at, long bytes);
  }

  private final LogMap map;
  private final PartSets sets;
  private final List<SeqRange> holes;
  private final Supplier<LogPosition> durableEnd;
  private final Keeper keeper;
  private final DamageListener listener;
  private final EntryDecoder decoder;

  private final KnownKeys keys = new KnownKeys();
  private final OpenSegments segments;
  private final OpenSegments ofParts; // apart: parts lie far before the entry they belong to
  private ByteBuffer joined = ByteBuffer.allocate(0);
  private LogPosition lastDamage = LogPosition.START;

  LogReader(
      Disk disk,
      LogMap map,
      PartSets sets,
      List<SeqRange> holes,
      Supplier<LogPosition> durableEnd,
      Keeper keeper,
      DamageListener listener,
      EntryDecoder decoder) {
    this.map = map;
    this.segments = new OpenSegments(disk, map, OpenSegments.OF_A_WINDOW);
    this.ofParts = new OpenSegments(disk, map, OpenSegments.OF_PARTS);
    this.sets = sets;
    this.holes = holes;
    this.durableEnd = durableEnd;
    this.keeper = keeper;
    this.listener = listener;
    this.decoder = decoder;
  }

  @Override
  public LogPosition durableEnd() {
    return durableEnd.get();
  }

  @Override
  public LogPosition start() {
    LogPosition end = durableEnd.get(); // first: an extent may come in between
    Extent first = map.atOrAfter(LogPosition.START);
    return first == null || first.start().compareTo(end) > 0 ? end : first.start();
  }

  @Override
  public Optional<LogRecord> next(LogPosition from) throws IOException {
    LogPosition end = durableEnd.get();
    LogPosition at = from;
    while (true) {
      Extent extent = map.atOrAfter(at);
      if (extent == null || at.compareTo(end) >= 0 || extent.start().compareTo(end) >= 0) {
        return Optional.empty();
      }
      at = at.compareTo(extent.start()) < 0 ? extent.start() : at;
      OpenSegment open = openAt(extent, at);
      SegmentScan segment = open.scan();
      long limit = extent.offset() + extent.bytes();
      boolean found = segment.seek(extent.offsetOf(at), limit);
      reportDamage(at, segment.skipped());
      if (!found) {
        at = extent.end();
        continue;
      }
      LogPosition place = placeOf(extent, segment.offset());
      LogPosition next = placeOf(extent, segment.nextOffset());
      open.passed();
      Optional<LogRecord> record = record(segment, place, next);
      if (record.isPresent()) {
        return record;
      }
      at = next;
    }
  }

  @Override
  public Entry read(LogRecord.EntryAt entry) throws IOException {
    Extent extent = map.atOrAfter(entry.at());
    if (extent == null || extent.start().compareTo(entry.at()) > 0) {
      throw new IOException("log: no record there: position=" + entry.at());
    }
    SegmentScan segment = openAt(extent, entry.at()).scan();
    long offset = extent.offsetOf(entry.at());
    if (!segment.seek(offset, extent.offset() + extent.bytes()) || segment.offset() != offset) {
      throw new IOException("log: record damaged: position=" + entry.at());
    }
    if (segment.head().type() == RecordLayout.ENTRY) {
      return decoder.decode(segment.payload());
    }
    if (!join(entry.at(), segment.payload())) {
      throw new IOException("log: a part is damaged: position=" + entry.at());
    }
    return decoder.decode(joined.duplicate());
  }

  @Override
  public List<SeqRange> lost() {
    return holes;
  }

  @Override
  public void release(LogPosition position) throws IOException {
    closeSegmentsBefore(position.segment());
    ReaderMarks readers = map.readers();
    synchronized (readers) {
      for (SegmentFile file : map.takeBefore(sets.needed(readers.moved(this, position)))) {
        keeper.recycle(file);
      }
    }
  }

  @Override
  public void releaseReserve() throws IOException {
    synchronized (map.readers()) {
      keeper.releaseReserve();
    }
  }

  @Override
  public boolean refillReserve() {
    synchronized (map.readers()) {
      return keeper.refillReserve();
    }
  }

  @Override
  public long bytesAfter(LogPosition from) {
    return map.bytesAfter(from);
  }

  @Override
  public void close() throws IOException {
    map.readers().left(this);
    closeSegmentsBefore(Long.MAX_VALUE);
  }

  private static LogPosition placeOf(Extent extent, long offset) {
    return new LogPosition(
        extent.start().segment(), extent.start().offset() + offset - extent.offset());
  }

  private Optional<LogRecord> record(SegmentScan segment, LogPosition place, LogPosition next)
      throws IOException {
    Head head = segment.head();
    return switch (head.type()) {
      case RecordLayout.DICTIONARY -> {
        keys.add(head.keyId(), ModelKey.decoded(segment.payload()));
        yield Optional.empty();
      }
      case RecordLayout.ENTRY -> entryAt(head, place, next, segment.payload());
      case RecordLayout.PART -> lastPart(segment, head, place, next);
      case RecordLayout.NOTE -> note(segment, place, next);
      default -> Optional.empty(); // a marker, or of a later version
    };
  }

  private Optional<LogRecord> entryAt(
      Head head, LogPosition place, LogPosition next, ByteBuffer whole) {
    ModelKey key = keys.of(head.keyId());
    try {
      if (key == null) { // its dictionary record is damaged or long past; the entry says the same
        Entry entry = decoder.decode(whole.duplicate());
        key = new ModelKey(entry.kind(), entry.model().name(), entry.model().version());
      }
    } catch (IOException _) {
      reportDamage(place, whole.remaining());
      return Optional.empty();
    }
    return Optional.of(
        new LogRecord.EntryAt(
            place,
            next,
            head.seq(),
            key.kind(),
            head.timeMillis(),
            key.model(),
            whole.remaining()));
  }

  private Optional<LogRecord> lastPart(
      SegmentScan segment, Head head, LogPosition place, LogPosition next) throws IOException {
    PartHead part = RecordLayout.readPartHead(segment.payload(), 0);
    if (!part.isLast()) {
      return Optional.empty();
    }
    if (!join(place, segment.payload())) {
      reportDamage(place, segment.head().recordBytes());
      return Optional.empty();
    }
    return entryAt(head, place, next, joined.duplicate());
  }

  private Optional<LogRecord> note(SegmentScan segment, LogPosition place, LogPosition next) {
    try {
      return Optional.of(
          new LogRecord.NoteAt(place, next, NoteMessage.parseFrom(segment.payload())));
    } catch (InvalidProtocolBufferException _) {
      reportDamage(place, segment.head().recordBytes());
      return Optional.empty();
    }
  }

  /// Joins the parts that lead up to the last one, from the back; false when one is damaged.
  private boolean join(LogPosition lastPlace, ByteBuffer lastPayload) throws IOException {
    PartHead part = RecordLayout.readPartHead(lastPayload, 0);
    if (joined.capacity() < part.totalLength()) {
      joined = ByteBuffer.allocateDirect(part.totalLength());
    }
    int room = part.totalLength();
    LogPosition place = lastPlace;
    ByteBuffer payload = lastPayload;
    while (true) {
      int length = payload.remaining() - RecordLayout.PART_HEAD_BYTES;
      room -= length;
      if (room < 0) {
        return false;
      }
      joined.clear().put(room, payload, RecordLayout.PART_HEAD_BYTES, length);
      if (part.number() == 0) {
        joined.limit(part.totalLength());
        return room == 0;
      }
      place =
          part.back() > 0
              ? new LogPosition(place.segment(), place.offset() - part.back())
              : part.before();
      ByteBuffer before = partAt(place);
      if (before == null) {
        return false;
      }
      PartHead head = RecordLayout.readPartHead(before, 0);
      if (head.entryId() != part.entryId() || head.number() != part.number() - 1) {
        return false;
      }
      part = head;
      payload = before;
    }
  }

  private @Nullable ByteBuffer partAt(LogPosition place) throws IOException {
    Extent extent = map.atOrAfter(place);
    if (extent == null || extent.start().compareTo(place) > 0) {
      return null;
    }
    long offset = extent.offsetOf(place);
    SegmentScan segment = ofParts.of(extent.segment()).scan();
    boolean found =
        segment.seek(offset, extent.offset() + extent.bytes())
            && segment.offset() == offset
            && segment.head().type() == RecordLayout.PART;
    return found ? segment.payload() : null;
  }

  /// The segment of `at`, its dictionary known up to there.
  private OpenSegment openAt(Extent extent, LogPosition at) throws IOException {
    OpenSegment segment = segments.of(extent.segment());
    segment.tellKeys(extent.offsetOf(at), keys);
    return segment;
  }

  private void closeSegmentsBefore(long number) throws IOException {
    segments.closeBefore(number);
    ofParts.closeBefore(number);
  }

  private void reportDamage(LogPosition at, long bytes) {
    if (bytes > 0 && at.compareTo(lastDamage) > 0) {
      lastDamage = at; // once, however often it is read
      listener.damaged(at, bytes);
    }
  }
}
