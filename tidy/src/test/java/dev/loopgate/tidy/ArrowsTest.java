package dev.loopgate.tidy;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Who may know whom: the drawing, the POMs and the classes say the same.
final class ArrowsTest {
  /// They watch the others, or stand beside them; nobody imports them.
  private static final Set<String> WATCHERS = Set.of("testkit", "benchmarks", "tidy");

  private final Drawing drawing = Drawing.inTheArchitecture();

  @Test
  void thePomsAndTheDrawingSayTheSame() {
    TreeMap<String, TreeSet<String>> poms = new TreeMap<>();
    for (String room : Repository.rooms()) {
      poms.put(
          room,
          Pom.of(room).dependencies().stream()
              .filter(dependency -> dependency.isRoom() && dependency.scope().equals("compile"))
              .map(Pom.Dependency::artifact)
              .collect(toCollection(TreeSet::new)));
    }

    assertThat(poms).isEqualTo(drawing.byRoom());
  }

  @Test
  void noClassKnowsARoomThatTheDrawingDoesNotShowIt() {
    TreeMap<String, String> roomOfPackage = new TreeMap<>();
    for (String room : Repository.rooms()) {
      roomOfPackage.put(Repository.packageOf(room), room);
    }
    List<String> strangers = new ArrayList<>();
    int seen = 0;
    for (JavaClass ours : Bytecode.OURS) {
      if (isBenchmark(ours)) {
        continue; // it may stand in the package of what it measures
      }
      String from = roomOfPackage.get(roomPackage(ours));
      for (Dependency dependency : ours.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        String to = roomOfPackage.get(roomPackage(target));
        if (from == null || to == null) {
          continue;
        }
        seen++;
        if (!drawing.allows(from, to)) {
          strangers.add(from + " -> " + to + ": " + dependency.getDescription());
        }
      }
    }

    assertThat(seen).as("a test that sees nothing proves nothing").isGreaterThan(100);
    assertThat(strangers).isEmpty();
  }

  @Test
  void nobodyImportsAWatcher() {
    List<String> importers = new ArrayList<>();
    for (String room : Repository.rooms()) {
      for (Pom.Dependency dependency : Pom.of(room).dependencies()) {
        boolean ofTests = dependency.scope().equals("test");
        if (dependency.isRoom() && WATCHERS.contains(dependency.artifact()) && !ofTests) {
          importers.add(room + " -> " + dependency.artifact());
        }
      }
    }

    assertThat(importers).isEmpty();
  }

  private static boolean isBenchmark(JavaClass type) {
    return type.getSource()
        .map(source -> source.getUri().toString().contains("/benchmarks"))
        .orElse(false);
  }

  private static String roomPackage(JavaClass type) {
    String name = type.getPackageName();
    if (!name.startsWith("dev.loopgate.")) {
      return "";
    }
    int end = name.indexOf('.', "dev.loopgate.".length());
    return end < 0 ? name : name.substring(0, end);
  }
}
