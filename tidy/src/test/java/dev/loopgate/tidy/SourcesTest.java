package dev.loopgate.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What only the text of a source shows.
final class SourcesTest {
  private static final int LINES_MAX = 450;
  private static final int TEST_LINES_MAX = 600; // one case after the other: long, not deep

  /// Files that are over the limit today, and by how much at most. A file may only leave this list.
  /// `Log` holds the segment being written for both its halves, recovery and running.
  private static final Map<String, Integer> GROWN =
      Map.of("spool/src/main/java/dev/loopgate/spool/Log.java", 570);

  // Written in halves, or this file would break its own rules.
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b|@Dis" + "abled\\b");
  private static final Pattern SLEEP = Pattern.compile("\\bThread\\.sl" + "eep\\(");
  private static final Pattern MOCKS = Pattern.compile("import (static )?org\\.(mockito|easymock)");
  private static final Pattern SWALLOWED = Pattern.compile("catch \\([^)]*\\) \\{\\s*\\}");
  private static final Pattern LOCK = Pattern.compile("^\\s*[^/*\\s].*\\bsynchronized\\b");
  private static final Pattern UNBOUNDED =
      Pattern.compile(
          "new LinkedBlocking(Queue|Deque)<[^>]*>\\(\\)|new PriorityBlockingQueue|"
              + "Executors\\.new(Cached|Fixed|Single)");
  private static final Pattern NARROWED = Pattern.compile("@SuppressWarnings");
  private static final Pattern HOME = Pattern.compile("\"/(work|home|root|Users)/");

  @Test
  void nothingIsUnfinishedOrTurnedOff() {
    assertThat(found(Repository.allSources(), UNFINISHED)).isEmpty();
  }

  @Test
  void nobodySleepsInTestsEither() {
    assertThat(found(Repository.allSources(), SLEEP)).isEmpty();
  }

  @Test
  void nobodyMocks() {
    assertThat(found(Repository.allSources(), MOCKS)).isEmpty();
  }

  @Test
  void noFailureIsSwallowedWithoutAWord() {
    List<String> swallowed = new ArrayList<>();
    for (Path file : Repository.mainSources()) {
      Matcher catches = SWALLOWED.matcher(Repository.read(file));
      while (catches.find()) {
        swallowed.add(Repository.shown(file) + ": " + catches.group());
      }
    }

    assertThat(swallowed).as("an empty catch says why in its braces").isEmpty();
  }

  @Test
  void theProxySynchronizesNothing() {
    assertThat(found(Repository.javaUnder(Repository.mainSources("proxy")), LOCK)).isEmpty();
  }

  @Test
  void everyQueueIsBounded() {
    assertThat(found(Repository.mainSources(), UNBOUNDED)).isEmpty();
  }

  @Test
  void everySoftenedWarningHasItsReason() {
    List<String> bare = new ArrayList<>();
    for (Path file : Repository.mainSources()) {
      List<String> lines = Repository.read(file).lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        boolean reason = lines.get(i).contains("//") || (i > 0 && lines.get(i - 1).contains("//"));
        if (NARROWED.matcher(lines.get(i)).find() && !reason) {
          bare.add(Repository.shown(file) + ": " + lines.get(i).strip());
        }
      }
    }

    assertThat(bare).isEmpty();
  }

  @Test
  void noFileHasGrownWithoutAWall() {
    List<String> grown =
        Repository.allSources().stream()
            .filter(file -> Repository.read(file).lines().count() > linesMax(file))
            .map(file -> Repository.shown(file) + ": " + Repository.read(file).lines().count())
            .toList();

    assertThat(grown).as("files over %d lines, tests %d", LINES_MAX, TEST_LINES_MAX).isEmpty();
  }

  @Test
  void whatHasShrunkIsNoExceptionAnyMore() {
    assertThat(GROWN.keySet())
        .allSatisfy(
            file -> assertThat(Repository.read(file).lines().count()).isGreaterThan(LINES_MAX));
  }

  @Test
  void noSourceNamesTheMachineItWasWrittenOn() {
    assertThat(found(Repository.mainSources(), HOME)).isEmpty();
  }

  @Test
  void testsAreFiledByTechnique() throws IOException {
    List<String> misfiled = new ArrayList<>();
    for (String room : Repository.rooms()) {
      for (Path file : Repository.javaUnder(Repository.ROOT.resolve(room).resolve("src/test"))) {
        String name = file.getFileName().toString();
        boolean contract = name.endsWith("Contract.java");
        boolean filed = contract || name.matches(".*(Test|Fuzz|IT)\\.java");
        if (Files.readString(file).contains("  @Test\n") && !filed) {
          misfiled.add(Repository.shown(file));
        }
      }
    }

    assertThat(misfiled).as("*Test, *ModelTest, *Fuzz, *IT or a *Contract").isEmpty();
  }

  private static int linesMax(Path file) {
    Integer grown = GROWN.get(Repository.shown(file));
    if (grown != null) {
      return grown;
    }
    return file.toString().contains("/src/test/") ? TEST_LINES_MAX : LINES_MAX;
  }

  private static List<String> found(List<Path> files, Pattern pattern) {
    assertThat(files).isNotEmpty();
    Function<Path, Stream<String>> hits =
        file ->
            Repository.read(file)
                .lines()
                .filter(line -> pattern.matcher(line).find())
                .map(line -> Repository.shown(file) + ": " + line.strip());
    return files.stream().flatMap(hits).toList();
  }
}
