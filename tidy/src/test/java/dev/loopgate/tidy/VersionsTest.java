package dev.loopgate.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One version of what must be one, chosen in one place.
final class VersionsTest {
  /// Of the same group, with numbers of their own that the group's BOM chooses.
  private static final Pattern VERSIONED_APART =
      Pattern.compile("jackson-annotations$|netty-tcnative-");

  @ParameterizedTest
  @ValueSource(strings = {"io/netty", "com/google/protobuf", "com/fasterxml/jackson/core"})
  void allRoomsTogetherCarryOneVersion(String group) {
    Pattern artifact = Pattern.compile("/" + group + "/([^/]+)/([^/]+)/[^/]+\\.jar$");
    TreeSet<String> versions = new TreeSet<>();
    for (String path : classPath()) {
      Matcher found = artifact.matcher(path.replace(File.separatorChar, '/'));
      if (found.find() && !VERSIONED_APART.matcher(found.group(1)).lookingAt()) {
        versions.add(found.group(2));
      }
    }

    assertThat(versions).as("%s on the class path of all rooms", group).hasSize(1);
  }

  @Test
  void noRoomChoosesAVersion() {
    List<String> choices = new ArrayList<>();
    for (String room : Repository.rooms()) {
      for (Pom.Dependency dependency : Pom.of(room).dependencies()) {
        if (!dependency.version().isEmpty() && !dependency.version().equals("${project.version}")) {
          choices.add(room + ": " + dependency.artifact() + " " + dependency.version());
        }
      }
    }

    assertThat(choices).as("versions stand in the reactor's POM").isEmpty();
  }

  private static List<String> classPath() {
    // With a long class path Surefire hands over a jar that names the others.
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
    return List.of(path.split(File.pathSeparator, -1));
  }
}
