package dev.loopgate.spool;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;
import dev.loopgate.proto.v1.Counts;
import dev.loopgate.proto.v1.LedgerRow;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// The tiny language of the spool's tests: a spool whose time is turned by hand and that can die.
final class SpoolFixture {
  static final long START_MILLIS = 1_700_000_000_000L;

  /// What the spool told.
  static final class Heard implements SpoolEvents {
    final List<DropReason> dropped = new ArrayList<>();
    final List<String> recovered = new ArrayList<>();
    final List<String> onDisk = new ArrayList<>();
    long damaged;
    int cut;
    int failed;
    int healed;

    @Override
    public void entryDropped(DropReason reason) {
      dropped.add(reason);
    }

    @Override
    public void entryCut() {
      cut++;
    }

    @Override
    public void groupForced(int entries, long bytes, long forceNanos) {}

    @Override
    public void diskFailed(String step, String message) {}

    @Override
    public void spoolFailed(String message) {
      failed++;
    }

    @Override
    public void spoolRecovered() {
      healed++;
    }

    @Override
    public void watermark(int percent) {}

    @Override
    public void damaged(LogPosition at, long bytes) {
      damaged += bytes;
    }

    @Override
    public void ringOnDisk(String message) {
      onDisk.add(message);
    }

    @Override
    public void recovered(String what) {
      recovered.add(what);
    }
  }

  /// A machine with this boot id and this much memory for rings.
  record Host(String bootId, long memoryBytesFree) implements RingHost {
    @Override
    public long memoryBytesFree(Path directory) {
      return memoryBytesFree;
    }
  }

  final ManualTime time = new ManualTime(Instant.ofEpochMilli(START_MILLIS));
  final Heard heard = new Heard();
  final Disk disk;
  final SpoolConfig config;
  Host host = new Host(RingHost.LINUX.bootId(), 1L << 30);
  Random random = new Random(1);

  SpoolFixture(Disk disk, Path spool, Path rings, int ringBytes) {
    this.disk = disk;
    this.config =
        new SpoolConfig(
            spool,
            rings,
            ringBytes,
            2 << 20,
            1L << 30,
            0,
            4,
            Duration.ofMillis(10),
            4 << 20,
            Duration.ofSeconds(10));
  }

  Spool open() throws SpoolException {
    return Spool.open(config, time, heard, disk, host, random);
  }

  /// The id at the start of what [#entries] says of one.
  static String idOf(String entry) {
    int colon = entry.indexOf(':');
    return colon < 0 ? entry : entry.substring(0, colon);
  }

  /// Everything that can be read, and the notes.
  static List<LogRecord> records(Spool spool) throws IOException {
    List<LogRecord> all = new ArrayList<>();
    LogPosition at = LogPosition.START;
    Optional<LogRecord> next = spool.reader().next(at);
    while (next.isPresent()) {
      all.add(next.get());
      at = next.get().next();
      next = spool.reader().next(at);
    }
    return all;
  }

  /// The ids of the entries in the log, in order, with the lengths of their bodies.
  static List<String> entries(Spool spool) throws IOException {
    List<String> ids = new ArrayList<>();
    long seq = -1;
    for (LogRecord record : records(spool)) {
      if (record instanceof LogRecord.EntryAt at) {
        if (seq >= 0 && at.seq() != seq + 1) {
          throw new AssertionError("seq=" + at.seq() + " after " + seq);
        }
        seq = at.seq();
        ids.add(described(spool.reader().read(at)));
      }
    }
    return ids;
  }

  static String described(Entry entry) {
    return switch (entry) {
      case Feedback feedback -> feedback.requestId().value();
      case AccessRecord access -> access.requestId().value();
      case Prediction p ->
          p.requestId().value()
              + ":"
              + p.requestBody().keptLength()
              + ":"
              + p.responseBody().keptLength();
    };
  }

  /// The sum of all deltas noted in the log, by hour, kind and deployment.
  static Map<String, LedgerCounts> noted(Spool spool) throws IOException {
    Map<String, LedgerCounts> sums = new TreeMap<>();
    for (LogRecord record : records(spool)) {
      if (record instanceof LogRecord.NoteAt at && at.note().hasLedger()) {
        for (LedgerRow row : at.note().getLedger().getRowsList()) {
          String key = row.getHour() + "/" + row.getKind() + "/" + row.getDeployment();
          sums.merge(key, counts(row.getDelta()), SpoolFixture::plus);
        }
      }
    }
    return sums;
  }

  /// All noted deltas of this kind.
  static LedgerCounts noted(Spool spool, EntryKind kind) throws IOException {
    LedgerCounts sum = counts(Counts.getDefaultInstance());
    for (var row : noted(spool).entrySet()) {
      if (row.getKey().contains("/" + kind.number() + "/")) {
        sum = plus(sum, row.getValue());
      }
    }
    return sum;
  }

  static List<NoteMessage> gaps(Spool spool) throws IOException {
    List<NoteMessage> gaps = new ArrayList<>();
    for (LogRecord record : records(spool)) {
      if (record instanceof LogRecord.NoteAt at && at.note().hasGap()) {
        gaps.add(at.note());
      }
    }
    return gaps;
  }

  static LedgerCounts plus(LedgerCounts one, LedgerCounts other) {
    List<Long> dropped = new ArrayList<>();
    for (int i = 0; i < DropReason.COUNT; i++) {
      dropped.add(one.dropped().get(i) + other.dropped().get(i));
    }
    return new LedgerCounts(
        one.begun() + other.begun(),
        one.accepted() + other.accepted(),
        one.sampledOut() + other.sampledOut(),
        dropped);
  }

  private static LedgerCounts counts(Counts counts) {
    List<Long> dropped = new ArrayList<>();
    for (int i = 0; i < DropReason.COUNT; i++) {
      dropped.add(i < counts.getDroppedCount() ? counts.getDropped(i) : 0L);
    }
    return new LedgerCounts(
        counts.getBegun(), counts.getAccepted(), counts.getSampledOut(), dropped);
  }
}
