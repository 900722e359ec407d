package dev.loopgate.tidy;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The map is true or the build is red. In these documents a type in backticks is one of ours;
/// another library's is written without.
final class DocumentsTest {
  private static final Pattern TYPE = Pattern.compile("`([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)`");
  private static final Pattern FOLDER = Pattern.compile("`([a-z.][a-z0-9./-]*/[a-zA-Z0-9./-]*)`");

  /// What keeps a rule besides a test of ours.
  private static final Set<String> TOOLS =
      Set.of("Error Prone", "NullAway", "javac", "doclint", "Spotless", "Enforcer", "Maven");

  @ParameterizedTest
  @ValueSource(strings = {"ARCHITECTURE.md", "docs/threads.md", "docs/promises.md"})
  void everyTypeNamedExists(String document) {
    assertThat(typesNamedIn(document)).isNotEmpty().isSubsetOf(typesInTheSources());
  }

  @ParameterizedTest
  @ValueSource(strings = {"STYLE.md", "CONTRIBUTING.md"})
  void everyTypeThatIsNamedForAnExampleExists(String document) {
    assertThat(typesNamedIn(document)).isSubsetOf(typesInTheSources());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ARCHITECTURE.md",
        "STYLE.md",
        "CONTRIBUTING.md",
        "docs/threads.md",
        "docs/faults.md"
      })
  void everyFileNamedExists(String document) {
    List<String> missing = new ArrayList<>();
    Matcher file = FOLDER.matcher(Repository.read(document));
    while (file.find()) {
      String path = file.group(1);
      boolean ofTheRepository = Files.exists(Repository.ROOT.resolve(path.split("/", 2)[0]));
      if (ofTheRepository && !Files.exists(Repository.ROOT.resolve(path))) {
        missing.add(path);
      }
    }

    assertThat(missing).isEmpty();
  }

  @Test
  void aPredictionIsFollowedThroughEveryRoomOfItsWay() {
    String way = Repository.read("ARCHITECTURE.md").split("## One prediction's way", 2)[1];

    for (String room : List.of("proxy", "capture", "spool", "log-shipper")) {
      TreeSet<String> types =
          Repository.javaUnder(Repository.mainSources(room)).stream()
              .map(file -> file.getFileName().toString().replace(".java", ""))
              .collect(toCollection(TreeSet::new));
      types.retainAll(typesIn(way));
      assertThat(types).as("types of %s on the way", room).isNotEmpty();
    }
  }

  @Test
  void everyRuleOfTheStyleHasAKeeperThatExists() {
    List<String> keeperless = new ArrayList<>();
    int rules = 0;
    Matcher row =
        Pattern.compile("^\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE)
            .matcher(Repository.read("STYLE.md"));
    while (row.find()) {
      String keeper = row.group(3);
      if (keeper.equals("keeper") || keeper.startsWith("--")) {
        continue;
      }
      rules++;
      if (TOOLS.stream().noneMatch(keeper::contains) && !namesATestOfOurs(keeper)) {
        keeperless.add(row.group(1) + ": " + keeper);
      }
    }

    assertThat(rules).isGreaterThan(20);
    assertThat(keeperless).as("rules whose keeper is neither a test nor a tool").isEmpty();
  }

  private static boolean namesATestOfOurs(String keeper) {
    Matcher named = Pattern.compile("`(\\w+)(?:\\.(\\w+))?`").matcher(keeper);
    boolean any = false;
    while (named.find()) {
      any = true;
      if (!Repository.hasTest(named.group(1), named.group(2))) {
        return false;
      }
    }
    return any;
  }

  private static Set<String> typesNamedIn(String document) {
    return typesIn(Repository.read(document));
  }

  private static Set<String> typesIn(String text) {
    TreeSet<String> types = new TreeSet<>();
    Matcher type = TYPE.matcher(text);
    while (type.find()) {
      types.add(type.group(1));
    }
    return types;
  }

  private static Set<String> typesInTheSources() {
    TreeSet<String> types = new TreeSet<>();
    for (Path file : Repository.allSources()) {
      types.add(file.getFileName().toString().replace(".java", ""));
    }
    for (JavaClass type : Bytecode.OURS) {
      types.add(type.getSimpleName());
    }
    return types;
  }
}
