package dev.loopgate.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A room is one sentence; it says who calls it and what it never does.
final class RoomsTest {
  /// Rooms without `main` of their own: messages only, and these tests.
  private static final Set<String> WITHOUT_MAIN = Set.of("proto", "tidy");

  private static final Pattern NEGATION =
      Pattern.compile("\\b(never|not|no|nothing|neither|nobody)\\b", Pattern.CASE_INSENSITIVE);

  static TreeSet<String> rooms() {
    return Repository.rooms();
  }

  static TreeSet<String> roomsWithMain() {
    TreeSet<String> rooms = Repository.rooms();
    rooms.removeAll(WITHOUT_MAIN);
    return rooms;
  }

  @Test
  void everyRoomIsAModuleOfTheReactorAndEveryModuleARoom() {
    Matcher module =
        Pattern.compile("<module>([a-z-]+)</module>").matcher(Repository.read("pom.xml"));
    TreeSet<String> modules = new TreeSet<>();
    while (module.find()) {
      modules.add(module.group(1));
    }

    assertThat(modules).isEqualTo(Repository.rooms());
  }

  @ParameterizedTest
  @MethodSource("roomsWithMain")
  void saysWhatItIsWhoCallsItAndWhatItNeverDoes(String room) {
    String text = packageInfo(room);
    String[] paragraphs = prose(text).split("\n\n", 2);

    assertThat(paragraphs).as("%s: a sentence, then who calls it", room).hasSize(2);
    assertThat(paragraphs[0]).as("%s: as its POM says", room).isEqualTo(Pom.of(room).description());
    assertThat(paragraphs[1])
        .as("%s: who calls it", room)
        .containsAnyOf("Called by", "Called over", "Started by");
    assertThat(NEGATION.matcher(paragraphs[1]).find())
        .as("%s: what it never does, in `%s`", room, paragraphs[1])
        .isTrue();
    assertThat(text).as(room).contains("\n@NullMarked\npackage " + Repository.packageOf(room));
  }

  static TreeSet<String> roomsOfOnePackage() {
    TreeSet<String> rooms = roomsWithMain();
    rooms.remove("benchmarks"); // a benchmark may stand in the package of what it measures
    return rooms;
  }

  @ParameterizedTest
  @MethodSource("roomsOfOnePackage")
  void hasOneFlatPackage(String room) {
    String folder = Repository.packageOf(room).replace('.', '/');

    assertThat(Repository.javaUnder(Repository.mainSources(room)))
        .isNotEmpty()
        .allSatisfy(file ->
            assertThat(file.getParent()).isEqualTo(Repository.mainSources(room).resolve(folder)));
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void isOnTheMapWithItsSentence(String room) {
    // `room/    sentence`, the sentence possibly wrapped
    String map = Repository.read("ARCHITECTURE.md").replaceAll("\\s+", " ");

    assertThat(map).contains(" " + room + "/ " + Pom.of(room).description());
  }

  private static String packageInfo(String room) {
    Path folder = Path.of(Repository.packageOf(room).replace('.', '/'));
    return Repository.read(
        Repository.mainSources(room).resolve(folder).resolve("package-info.java"));
  }

  /// The `///` lines as paragraphs of one line each.
  private static String prose(String source) {
    StringBuilder prose = new StringBuilder();
    for (String line : source.lines().filter(line -> line.startsWith("///")).toList()) {
      String text = line.substring(3).strip();
      if (text.isEmpty()) {
        prose.append("\n\n");
      } else {
        prose.append(prose.isEmpty() || prose.toString().endsWith("\n") ? "" : " ").append(text);
      }
    }
    return prose.toString();
  }
}
