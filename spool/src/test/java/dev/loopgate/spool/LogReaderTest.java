package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LogReaderTest {
  private static final int MODELS = 7;

  private final FaultyDisk disk = new FaultyDisk(new Random(5));

  @Test
  void aWindowsSegmentsStayOpenWhileItsGroupsAreRead() throws IOException {
    Log log = logOfSegments(5);
    try (LogReader reader = log.reader(LogFixture::decode)) {
      List<LogRecord.EntryAt> all = all(reader);
      long opened = disk.opens();

      assertThat(groupByGroup(reader, all)).isEqualTo(all.size());

      assertThat(disk.opens()).isEqualTo(opened);
    }
  }

  @Test
  void readsRightWhereMoreSegmentsAreReadThanStayOpen() throws IOException {
    Log log = logOfSegments(2 * OpenSegments.OF_A_WINDOW);
    int before = disk.openNow();
    try (LogReader reader = log.reader(LogFixture::decode)) {
      List<LogRecord.EntryAt> all = all(reader);

      assertThat(groupByGroup(reader, all)).isEqualTo(all.size());

      assertThat(disk.openNow() - before).isEqualTo(OpenSegments.OF_A_WINDOW);
    }
    assertThat(disk.openNow()).isEqualTo(before);
  }

  @Test
  void closesWhatIsReleased() throws IOException {
    Log log = logOfSegments(5);
    int before = disk.openNow();
    try (LogReader reader = log.reader(LogFixture::decode)) {
      List<LogRecord.EntryAt> all = all(reader);
      assertThat(disk.openNow() - before).isEqualTo(5);

      LogPosition last = all.getLast().at();
      reader.release(last);

      assertThat(disk.openNow() - before).isEqualTo(1);
      assertThat(reader.read(all.getLast())).isInstanceOf(Feedback.class);
    }
  }

  @Test
  void anEntryWhoseDictionaryRecordRottedIsNotTakenForALaterModels() throws IOException {
    Log log = LogFixture.open(disk);
    append(log, "early", "a");
    append(log, "early", "b"); // the last group is written again
    disk.kill();
    Path file = LogFixture.SPOOL.resolve("wal").resolve(HexName.of(0) + ".seg");
    String bytes = new String(disk.bytes(file), StandardCharsets.ISO_8859_1);
    for (int at = bytes.indexOf("early"); at >= 0; at = bytes.indexOf("early", at + 1)) {
      disk.flipBit(file, 8L * at); // both: the segment's and its first group's
    }

    Log again = LogFixture.open(disk, new LogFixture.Told(), new Random(2));
    append(again, "late", "c");

    try (LogReader reader = again.reader(LogFixture::decode)) {
      List<String> models = List.of("m", "m", "late"); // "m": as the fixture's entries say
      assertThat(all(reader)).extracting(entry -> entry.model().name()).isEqualTo(models);
      assertThat(all(reader)).extracting(entry -> entry.model().name()).isEqualTo(models);
    }
  }

  /// Entries of several models, over so many segments.
  private Log logOfSegments(int count) throws IOException {
    Log log = LogFixture.open(disk);
    for (int i = 0; log.durableEnd().segment() < count - 1; i++) {
      append(log, "model-" + i % MODELS, "entry " + i + " " + "x".repeat(2_000));
    }
    return log;
  }

  private static void append(Log log, String model, String text) throws IOException {
    Group group = log.newGroup();
    group.begin(7);
    assertThat(
            group.addEntry(
                EntryKind.FEEDBACK, true, text.length(), model, "1", LogFixture.encoded(text)))
        .isTrue();
    group.end(1);
    log.append(group, LogFixture.NO_SNAPSHOT);
  }

  private static List<LogRecord.EntryAt> all(LogReader reader) throws IOException {
    List<LogRecord.EntryAt> all = new ArrayList<>();
    Optional<LogRecord> next = reader.next(LogPosition.START);
    while (next.isPresent()) {
      if (next.get() instanceof LogRecord.EntryAt entry) {
        all.add(entry);
      }
      next = reader.next(next.get().next());
    }
    return all;
  }

  /// Reads each model's entries after the other's, as the shipper does; answers how many were
  /// right.
  private static int groupByGroup(LogReader reader, List<LogRecord.EntryAt> all)
      throws IOException {
    int right = 0;
    for (int model = 0; model < MODELS; model++) {
      for (LogRecord.EntryAt entry : all) {
        if (entry.model().name().equals("model-" + model)) {
          Feedback read = (Feedback) reader.read(entry);
          right += read.payloadJson().startsWith("entry " + entry.seq() + ' ') ? 1 : 0;
        }
      }
    }
    return right;
  }
}
