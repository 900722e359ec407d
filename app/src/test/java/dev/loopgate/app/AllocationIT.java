package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Keeps the heap that a request costs from growing: what is measured is at most what the table in
/// `benchmarks/ALLOCATION.md` says, and the table is no wider than it must be.
final class AllocationIT {
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z0-9-]+)` \\| ([0-9,]+) \\| ([0-9,]+) \\|");
  // A large body comes in more or fewer pieces.
  private static final double SLACK = 1.5;

  @TempDir private Path directory;

  @Test
  void aRequestAllocatesWhatTheTableSaysAndNoMore() throws Exception {
    Map<String, Long> table = table();
    Command probe =
        Command.run(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xint",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                AllocationProbe.class.getName(),
                directory.resolve("data").toString()),
            directory,
            Map.of());

    assertThat(probe.exit()).as(probe.err()).isZero();
    Map<String, Long> measured = new LinkedHashMap<>();
    probe
        .out()
        .lines()
        .map(line -> line.split(" ", -1))
        .forEach(word -> measured.put(word[0] + " " + word[1], Long.parseLong(word[2])));
    System.out.println("bytes allocated per request: " + measured);
    assertThat(measured).hasSize(4);
    measured.forEach((what, bytes) -> {
      assertThat(table).containsKey(what);
      long most = table.getOrDefault(what, 0L);
      assertThat(bytes).as(what).isLessThanOrEqualTo(most);
      assertThat(most)
          .as("the table's bound is too wide: " + what)
          .isLessThanOrEqualTo((long) (bytes * SLACK) + 64);
    });
  }

  private static Map<String, Long> table() throws Exception {
    Map<String, Long> table = new LinkedHashMap<>();
    Path page = Path.of(System.getProperty("loopgate.root", ".."), "benchmarks", "ALLOCATION.md");
    for (String line : Files.readAllLines(page)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        table.put(row.group(1) + " 257", Long.parseLong(row.group(2).replace(",", "")));
        table.put(row.group(1) + " 65536", Long.parseLong(row.group(3).replace(",", "")));
      }
    }
    return table;
  }
}
