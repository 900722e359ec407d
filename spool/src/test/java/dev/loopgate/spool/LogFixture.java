package dev.loopgate.spool;

import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.RequestId;
import dev.loopgate.proto.v1.NoteMessage;
import dev.loopgate.testkit.ManualTime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/// The tiny language of the log's tests: entries are texts.
final class LogFixture {
  static final Path SPOOL = Path.of("/spool");
  static final int SEGMENT_BYTES = 64 << 10;
  static final Supplier<Optional<NoteMessage>> NO_SNAPSHOT = Optional::empty;

  /// What was read back.
  record Read(LogPosition at, LogPosition next, long seq, String text) {}

  private LogFixture() {}

  /// A clock that nobody turns.
  static ManualTime time() {
    return new ManualTime(Instant.ofEpochMilli(SpoolFixture.START_MILLIS));
  }

  static SpoolConfig config(long logBytesMax) {
    return new SpoolConfig(
        SPOOL,
        Path.of("/dev/shm"),
        64 << 10,
        SEGMENT_BYTES,
        logBytesMax,
        0,
        4,
        Duration.ofMillis(10),
        4 << 20,
        Duration.ofSeconds(10));
  }

  static Log open(Disk disk, SpoolEvents events, Random random) throws SpoolException {
    return Log.open(disk, config(1 << 30), events, time(), random);
  }

  static Log open(Disk disk) throws SpoolException {
    return open(disk, new Told(), new Random(1));
  }

  static Entry decode(ByteBuffer bytes) {
    String text = StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    return new Feedback(new RequestId("r"), new ModelIdentity("m", "1"), 0, text, "");
  }

  static ByteBuffer encoded(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static boolean add(Group group, String text) {
    return group.addEntry(EntryKind.FEEDBACK, true, text.length(), "m", "1", encoded(text));
  }

  static void append(Log log, String... texts) throws IOException {
    Group group = log.newGroup();
    group.begin(7);
    for (String text : texts) {
      if (!add(group, text)) {
        throw new AssertionError("does not fit: length=" + text.length());
      }
    }
    group.end(1);
    log.append(group, NO_SNAPSHOT);
  }

  static List<Read> read(Log log, LogPosition from) throws IOException {
    List<Read> all = new ArrayList<>();
    try (LogReader reader = log.reader(LogFixture::decode)) {
      LogPosition at = from;
      Optional<LogRecord> next = reader.next(at);
      while (next.isPresent()) {
        if (next.get() instanceof LogRecord.EntryAt entry) {
          Feedback feedback = (Feedback) reader.read(entry);
          all.add(new Read(entry.at(), entry.next(), entry.seq(), feedback.payloadJson()));
        }
        at = next.get().next();
        next = reader.next(at);
      }
    }
    return all;
  }

  static List<NoteMessage> notes(Log log) throws IOException {
    List<NoteMessage> all = new ArrayList<>();
    try (LogReader reader = log.reader(LogFixture::decode)) {
      LogPosition at = LogPosition.START;
      Optional<LogRecord> next = reader.next(at);
      while (next.isPresent()) {
        if (next.get() instanceof LogRecord.NoteAt note) {
          all.add(note.note());
        }
        at = next.get().next();
        next = reader.next(at);
      }
    }
    return all;
  }

  static List<String> texts(Log log) throws IOException {
    return read(log, LogPosition.START).stream().map(Read::text).toList();
  }

  static List<Long> seqs(Log log) throws IOException {
    return read(log, LogPosition.START).stream().map(Read::seq).toList();
  }

  /// Remembers what it was told.
  static final class Told implements SpoolEvents {
    final List<String> lines = new ArrayList<>();
    final List<Integer> watermarks = new ArrayList<>();
    int groups;

    @Override
    public void entryDropped(DropReason reason) {
      lines.add("dropped " + reason);
    }

    @Override
    public void entryCut() {
      lines.add("cut");
    }

    @Override
    public void groupForced(int entries, long bytes, long forceNanos) {
      groups++;
    }

    @Override
    public void diskFailed(String step, String message) {
      lines.add("disk failed: " + step + ": " + message);
    }

    @Override
    public void spoolFailed(String message) {
      lines.add("spool failed: " + message);
    }

    @Override
    public void spoolRecovered() {
      lines.add("spool recovered");
    }

    @Override
    public void watermark(int percent) {
      watermarks.add(percent);
    }

    @Override
    public void damaged(LogPosition at, long bytes) {
      lines.add("damaged " + at);
    }

    @Override
    public void ringOnDisk(String message) {
      lines.add("ring on disk " + message);
    }

    @Override
    public void recovered(String what) {
      lines.add("recovered " + what);
    }
  }
}
