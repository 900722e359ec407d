package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.proto.v1.GapNote;
import dev.loopgate.proto.v1.NoteMessage;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which hours of the manifests a note of the log goes to.
final class WindowScanTest {
  private static final long FIRST = 498_754;
  private static final long REPEATED = 48;

  @ParameterizedTest
  @CsvSource({"0", "1", "47", "48", "49", "50", "240", "5000"})
  void aGapIsNotedWhereItBeginsAndWhereItEnds(long hours) {
    TreeMap<Long, HourBook> books = new TreeMap<>();
    NoteMessage note =
        NoteMessage.newBuilder()
            .setGap(
                GapNote.newBuilder()
                    .setFromMs(Partition.startOf(FIRST) + 1)
                    .setToMs(Partition.startOf(FIRST + hours) + 2)
                    .setReason("ring lost"))
            .build();

    WindowScan.addNote(note, 0, hour -> books.computeIfAbsent(hour, HourBook::new));

    Set<Long> expected = new TreeSet<>(List.of(FIRST));
    LongStream.rangeClosed(Math.max(FIRST, FIRST + hours - REPEATED), FIRST + hours)
        .forEach(expected::add);
    assertThat(books.keySet()).isEqualTo(expected);
  }
}
