package dev.loopgate.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The threads of `docs/threads.md` are those of the code.
///
/// A name stands as a literal where its thread or thread factory is made. What follows the literal
/// (a number, an id) is a `*` in the document.
final class ThreadsTest {
  private static final String BUILDER = "Thread\\s*\\.of(?:Platform|Virtual)\\(\\)";
  private static final Pattern CREATED =
      Pattern.compile(
          BUILDER
              + "|new (?:Default)?ThreadFactory\\(|new Thread\\(|Executors\\.new|new Timer\\(|"
              + "\\bThread::new");
  private static final Pattern NAMED =
      Pattern.compile(
          BUILDER
              + "(?:\\s*\\.(?!name)\\w+\\((?:[^()]|\\([^()]*\\))*\\))*?\\s*\\.name\\(\\s*\"([^\"]+)\""
              + "|new DefaultThreadFactory\\(\\s*\"([^\"]+)\""
              + "|new Thread\\((?:[^;\"]*?,)?\\s*\"([^\"]+)\"");

  @Test
  void theDocumentNamesTheThreadsOfTheCode() {
    TreeSet<String> documented = new TreeSet<>();
    Matcher row =
        Pattern.compile("^\\| `([^`]+)` \\|", Pattern.MULTILINE)
            .matcher(Repository.read("docs/threads.md"));
    while (row.find()) {
      documented.add(stem(row.group(1)));
    }
    TreeSet<String> created = new TreeSet<>();
    for (Path file : Repository.mainSourcesOfRoles()) {
      Matcher named = NAMED.matcher(Repository.read(file));
      while (named.find()) {
        created.add(stem(firstGroup(named)));
      }
    }

    assertThat(created).as("threads of the code, and those of the document").isEqualTo(documented);
  }

  @Test
  void everyThreadHasAName() {
    List<String> unnamed = new ArrayList<>();
    for (Path file : Repository.mainSourcesOfRoles()) {
      String source = Repository.read(file);
      long created = CREATED.matcher(source).results().count();
      long named = NAMED.matcher(source).results().count();
      if (created != named) {
        unnamed.add(Repository.shown(file) + ": created=" + created + ", named=" + named);
      }
    }

    assertThat(unnamed).isEmpty();
  }

  private static String firstGroup(Matcher match) {
    for (int group = 1; group <= match.groupCount(); group++) {
      String found = match.group(group);
      if (found != null) {
        return found;
      }
    }
    throw new IllegalStateException(match.group());
  }

  private static String stem(String name) {
    return name.replaceAll("\\*.*$", "").replaceAll("-+$", "");
  }
}
