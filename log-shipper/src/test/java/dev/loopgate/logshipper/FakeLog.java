package dev.loopgate.logshipper;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerNote;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.LostNote;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.proto.v1.SeqRange;
import dev.loopgate.spool.LogPosition;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A durable log in memory, and a small language of entries. Each entry is followed by the ledger's
/// delta, as in the spool's groups.
final class FakeLog implements SpoolReader {
  private static final int RECORDS_A_SEGMENT = 16;

  private final List<Object> records = new ArrayList<>();
  private final List<Long> seqs = new ArrayList<>();
  private final Set<Integer> bad = new HashSet<>();
  private final List<Entry> entries = new ArrayList<>();
  private final List<SeqRange> lost = new ArrayList<>();
  private long nextSeq;
  private LogPosition released = LogPosition.START;
  private LogPosition recycled = LogPosition.START;
  private boolean hasReserve = true;
  private @Nullable FaultyTree reserveDisk;
  private long reserveBytes;
  private long reserveDiskBytes;

  static Feedback feedback(String id, String model, String version, long millis) {
    return new Feedback(
        new RequestId(id), new ModelIdentity(model, version), millis, "{\"json\":1.0}", "");
  }

  static AccessRecord access(String id, String model, String version, long millis) {
    return new AccessRecord(
        new RequestId(id),
        false,
        "x-" + id,
        new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity(model, version), 3),
        new RequestHead("POST", "/x", "h", "http", "/x", "h", List.of(new Header("accept", "*/*"))),
        new ResponseHead(504, List.of()),
        new AccessRecord.Sizes(2, 24),
        Ending.TIMED_OUT,
        new Timing(millis - 5, millis, 5_000_000, Timing.NONE, Timing.NONE),
        new AccessRecord.Told("HTTP/1.1", "response_timeout", "upstream_request_timeout"));
  }

  static Prediction prediction(String id, String model, String version, long millis) {
    return prediction(id, model, version, millis, "in " + id);
  }

  static Prediction prediction(
      String id, String model, String version, long millis, String request) {
    return new Prediction(
        new RequestId(id),
        false,
        "",
        "",
        new Target("wine", "wine", "127.0.0.1:5000", new ModelIdentity(model, version)),
        new RequestHead("POST", "/x", "h", "http", "/x", "h", List.of(new Header("accept", "*/*"))),
        Body.of(request.getBytes(StandardCharsets.UTF_8)),
        new ResponseHead(200, List.of()),
        Body.of(("out " + id).getBytes(StandardCharsets.UTF_8)),
        Ending.COMPLETE,
        new Timing(millis - 5, millis, 5_000_000, 3_000_000, Timing.NONE),
        GrpcStatus.NONE);
  }

  void append(Entry entry) {
    entries.add(entry);
    seqs.add(nextSeq++);
    records.add(entry);
    note(ledger(entry.timeMillis(), entry.kind(), 1, 1));
  }

  void note(NoteMessage note) {
    seqs.add(-1L);
    records.add(note);
  }

  /// The next seqs are lost, and a note says so.
  void lose(int count) {
    note(
        NoteMessage.newBuilder()
            .setLost(
                LostNote.newBuilder()
                    .addSeqs(SeqRange.newBuilder().setFirst(nextSeq).setLast(nextSeq + count - 1))
                    .setReason("rot"))
            .build());
    lost.add(SeqRange.newBuilder().setFirst(nextSeq).setLast(nextSeq + count - 1).build());
    nextSeq += count;
  }

  static NoteMessage ledger(long millis, EntryKind kind, long begun, long accepted) {
    return NoteMessage.newBuilder()
        .setLedger(
            LedgerNote.newBuilder()
                .addRows(
                    LedgerRow.newBuilder()
                        .setHour(Partition.hourOf(millis))
                        .setKind(kind.number())
                        .setDeployment("wine")
                        .setDelta(Counts.newBuilder().setBegun(begun).setAccepted(accepted))))
        .build();
  }

  /// Record `index` turns bad after the first pass saw it.
  void turnBad(int index) {
    bad.add(index);
  }

  List<Entry> entries() {
    return entries;
  }

  LogPosition positionOf(Entry entry) {
    return position(records.indexOf(entry));
  }

  LogPosition released() {
    return released;
  }

  private static LogPosition position(int index) {
    return new LogPosition(index / RECORDS_A_SEGMENT, 4096L + 64L * (index % RECORDS_A_SEGMENT));
  }

  private static int index(LogPosition position) {
    return Math.toIntExact(
        position.segment() * RECORDS_A_SEGMENT + Math.max(0, (position.offset() - 4096 + 63) / 64));
  }

  @Override
  public LogPosition durableEnd() {
    return position(records.size());
  }

  @Override
  public LogPosition start() {
    return LogPosition.START;
  }

  @Override
  public Optional<LogRecord> next(LogPosition asked) {
    LogPosition from = asked.compareTo(recycled) < 0 ? recycled : asked;
    if (from.compareTo(released) < 0 && index(from) < index(released)) {
      throw new AssertionError("read before what was released: " + from);
    }
    int index = index(from);
    if (index >= records.size()) {
      return Optional.empty();
    }
    LogPosition at = position(index);
    LogPosition next = position(index + 1);
    return switch (records.get(index)) {
      case Entry entry ->
          Optional.of(
              new LogRecord.EntryAt(
                  at, next, seqs.get(index), entry.kind(), entry.timeMillis(), entry.model(), 100));
      case NoteMessage note -> Optional.of(new LogRecord.NoteAt(at, next, note));
      default -> throw new AssertionError();
    };
  }

  @Override
  public Entry read(LogRecord.EntryAt entry) throws IOException {
    if (bad.contains(index(entry.at()))) {
      throw new IllegalArgumentException("no entry");
    }
    return (Entry) records.get(index(entry.at()));
  }

  @Override
  public List<SeqRange> lost() {
    return lost;
  }

  @Override
  public void release(LogPosition position) {
    if (position.compareTo(released) < 0) {
      throw new AssertionError("released backwards: " + position);
    }
    released = position;
  }

  /// All there is goes, for other readers have it.
  void recycleAll() {
    recycled = durableEnd();
  }

  /// The reserve is a part of what `disk` holds.
  void reserveIn(FaultyTree disk, long bytes, long diskBytes) {
    reserveDisk = disk;
    reserveBytes = bytes;
    reserveDiskBytes = diskBytes;
    disk.holdAtMost(diskBytes - bytes);
  }

  boolean hasReserve() {
    return hasReserve;
  }

  @Override
  public void releaseReserve() {
    hasReserve = false;
    if (reserveDisk != null) {
      reserveDisk.holdAtMost(reserveDiskBytes);
    }
  }

  @Override
  public boolean refillReserve() {
    if (reserveDisk == null || reserveDisk.bytesHeld() + reserveBytes <= reserveDiskBytes) {
      hasReserve = true;
      if (reserveDisk != null) {
        reserveDisk.holdAtMost(reserveDiskBytes - reserveBytes);
      }
    }
    return hasReserve;
  }

  @Override
  public long bytesAfter(LogPosition from) {
    return 64L * (records.size() - index(from));
  }
}
