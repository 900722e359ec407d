package dev.loopgate.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `docs/faults.md` names tests that exist: what is said to be shown is shown.
final class FaultsTest {
  private static final String PAGE = "docs/faults.md";
  private static final Pattern ROW =
      Pattern.compile("^\\| (\\d+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");
  private static final Pattern TEST = Pattern.compile("([A-Z]\\w+)\\.(\\w+)");
  private static final Pattern PART = Pattern.compile("e2e: ([a-z0-9-]+)");
  private static final Pattern KEY = Pattern.compile("(?m)^ {4}\"([a-z0-9-]+)\": ");

  @Test
  void eachFaultHasItsRow() {
    List<String> numbers = new ArrayList<>();
    Matcher row = ROW.matcher(Repository.read(PAGE));
    while (row.find()) {
      numbers.add(row.group(1));
      assertThat(NAME.matcher(row.group(4)).results()).as("row %s", row.group(1)).isNotEmpty();
    }

    List<String> all = new ArrayList<>();
    for (int number = 1; number <= 34; number++) {
      all.add(Integer.toString(number));
    }
    assertThat(numbers).isEqualTo(all);
  }

  @Test
  void eachTestAndEachPartNamedExists() {
    Set<String> parts = parts();
    TreeSet<String> missing = new TreeSet<>();
    Matcher row = ROW.matcher(Repository.read(PAGE));
    while (row.find()) {
      Matcher name = NAME.matcher(row.group(4));
      while (name.find()) {
        Matcher test = TEST.matcher(name.group(1));
        Matcher part = PART.matcher(name.group(1));
        boolean exists =
            test.matches()
                ? Repository.hasTest(test.group(1), test.group(2))
                : part.matches() && parts.contains(part.group(1));
        if (!exists) {
          missing.add(name.group(1));
        }
      }
    }

    assertThat(missing).as("named in %s, and nowhere else", PAGE).isEmpty();
  }

  /// Of `./e2e/run`.
  private static Set<String> parts() {
    TreeSet<String> parts = new TreeSet<>();
    Matcher key = KEY.matcher(Repository.read("e2e/main.py"));
    while (key.find()) {
      parts.add(key.group(1));
    }
    assertThat(parts).hasSizeGreaterThan(5);
    return parts;
  }
}
