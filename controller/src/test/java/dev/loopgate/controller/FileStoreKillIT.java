package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Kills real processes amid their writes: no fake shows what the kernel keeps.
/// `-Dloopgate.kill.rounds=N` for more rounds than 10.
final class FileStoreKillIT {
  private static final String NOTHING = "-";
  private static final int LIVES = 3;

  @TempDir Path root;

  /// What is known of one id.
  private static final class Known {
    String acknowledged = NOTHING;
    String begun = NOTHING; // as acknowledged, when nothing was under way
  }

  private final Map<String, Known> known = new HashMap<>();
  private long highest;

  static LongStream seeds() {
    long first = Long.getLong("loopgate.kill.seed", 1);
    return LongStream.range(first, first + Long.getLong("loopgate.kill.rounds", 10));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsAllThatWasAcknowledgedWheneverItIsKilled(long seed) throws Exception {
    for (int life = 0; life < LIVES; life++) {
      String as = "seed=" + seed + ", life=" + life;
      liveAndDie(seed * LIVES + life, life, as);
      check(as);
    }
  }

  private void liveAndDie(long seed, int life, String as) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path journal = root.resolve("journal-" + life);
    Process child =
        new ProcessBuilder(
                java.toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                StoreKillChild.class.getName(),
                directory().toString(),
                Long.toString(seed),
                Long.toString(life * 1_000_000L))
            .redirectOutput(journal.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    while (Files.size(journal) < 300 && child.isAlive()) {
      child.waitFor(5, TimeUnit.MILLISECONDS);
    }
    if (life == 0) {
      assertThatThrownBy(() -> open(1)).as(as).hasMessageContaining("another process has it");
    }
    child.waitFor(new Random(seed).nextInt(300), TimeUnit.MILLISECONDS);
    assertThat(child.isAlive()).as("%s: it died by itself", as).isTrue();
    child.destroyForcibly();
    assertThat(child.waitFor(60, TimeUnit.SECONDS)).as(as).isTrue();
    readJournal(journal);
  }

  private void readJournal(Path journal) throws IOException {
    String text = Files.readString(journal, StandardCharsets.US_ASCII);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1); // the last line may be cut
    for (String line : whole.lines().filter(each -> !each.equals("ready")).toList()) {
      List<String> words = List.of(line.split(" ", -1));
      Known one = known.computeIfAbsent(words.get(1), _ -> new Known());
      one.begun = words.get(2);
      if (words.getFirst().equals("A")) {
        one.acknowledged = words.get(2);
        highest = Math.max(highest, Long.parseLong(words.get(3)));
      }
    }
  }

  private void check(String as) throws IOException {
    try (FileStore store = open(7)) {
      for (Map.Entry<String, Known> each : known.entrySet()) {
        Optional<Declared<DeploymentSpec, DeploymentStatus>> found =
            store.get(Kind.DEPLOYMENT, each.getKey());
        String image = found.map(one -> one.spec().image()).orElse(NOTHING);
        Known one = each.getValue();
        assertThat(image).as("%s, id=%s", as, each.getKey()).isIn(one.acknowledged, one.begun);
        one.acknowledged = image; // what was under way is decided now
        one.begun = image;
        Optional<Declared<RouteSpec, RouteStatus>> route = store.defaultRoute(each.getKey());
        assertThat(route.isPresent())
            .as("%s, id=%s", as, each.getKey())
            .isEqualTo(found.isPresent());
      }
      List<Declared<DeploymentSpec, DeploymentStatus>> all = store.list(Kind.DEPLOYMENT);
      assertThat(known.keySet()).as(as).containsAll(all.stream().map(Declared::id).toList());
      assertThat(store.list(Kind.ROUTE)).as(as).hasSameSizeAs(all);
      assertThat(store.left().temporaries()).as(as).isBetween(0, StoreKillChild.WRITERS);
      assertThat(store.events(Kind.DEPLOYMENT, 0, 1).cursor())
          .as(as)
          .isGreaterThanOrEqualTo(highest);
    }
  }

  private FileStore open(long seed) throws IOException {
    return FileStore.open(directory(), new ManualClock(), new Random(seed));
  }

  private Path directory() {
    return root.resolve("declared");
  }
}
