package dev.loopgate.app;

import dev.loopgate.testkit.FileLine;
import dev.loopgate.testkit.FilesReader;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.LoadJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One data directory and the ways to run the built product on it, as its user would.
///
/// @param directory of the test: configuration and data
/// @param jvmFlags of the gateway
/// @param options of the gateway, beside those that all need
record Rig(Path directory, List<String> jvmFlags, List<String> options) {
  /// The name and version of the model `m` in the records.
  static final String MODEL = "scripted";

  static final String VERSION = "1.0";

  private static final Pattern METRIC =
      Pattern.compile("(?m)^(loopgate_\\S+?)(\\{.*\\})? ([0-9.eE+-]+)$");

  Rig {
    jvmFlags = List.copyOf(jvmFlags);
    options = List.copyOf(options);
  }

  /// A rig whose one model, `/model/m`, answers at `url`; `more` lines of YAML follow.
  static Rig infrontOf(Path directory, String url, String... more) throws IOException {
    Files.writeString(
        directory.resolve("loopgate.yaml"),
        """
        models:
          - id: m
            url: %s
            name: %s
            version: "%s"
        """
                .formatted(url, MODEL, VERSION)
            + String.join("", more));
    return new Rig(
        directory,
        List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        List.of("--config", directory.resolve("loopgate.yaml").toString()));
  }

  /// The same with these options beside the others.
  Rig with(String... more) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(more));
    return new Rig(directory, jvmFlags, all);
  }

  /// The same with these flags of the JVM in place of the others.
  Rig flagged(String... flags) {
    return new Rig(directory, List.of(flags), options);
  }

  /// Starts the gateway.
  GatewayProcess start() throws IOException, InterruptedException {
    return start("gateway");
  }

  /// Starts it in this role.
  GatewayProcess start(String role) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.add(role);
    arguments.addAll(List.of("--listen", "127.0.0.1:0"));
    if (!options.contains("--ship.window")) {
      arguments.addAll(List.of("--ship.window", "1s"));
    }
    if (!options.contains("--drain-delay")) {
      arguments.addAll(List.of("--drain-delay", "0s")); // nobody here looks at readiness first
    }
    arguments.addAll(List.of("--data", data().toString()));
    arguments.addAll(options);
    return GatewayProcess.start(new GatewayProcess.Launch(jar(), jvmFlags, arguments));
  }

  /// What `loopgate verify` says of the data directory.
  GatewayProcess.Run verify() throws IOException, InterruptedException {
    return GatewayProcess.run(
        new GatewayProcess.Launch(jar(), List.of(), List.of("verify", data().toString())));
  }

  Path data() {
    return directory.resolve("data");
  }

  Path files() {
    return data().resolve("files");
  }

  /// All lines of the files.
  List<FileLine> lines() throws IOException {
    return FilesReader.lines(files());
  }

  /// The lines of one stream that have this Request-Id.
  List<FileLine> linesOf(String stream, String id) throws IOException {
    return lines().stream()
        .filter(line -> line.stream().equals(stream) && line.requestId().equals(id))
        .toList();
  }

  /// Waits until files hold a line of this stream and id; the first such.
  FileLine awaitLine(String stream, String id) throws Exception {
    await("a line of " + stream + " with id " + id, () -> !linesOf(stream, id).isEmpty());
    return linesOf(stream, id).getFirst();
  }

  /// Waits until each of these ids has a line in a file, reading no file twice.
  void awaitIds(Set<String> ids) throws Exception {
    Set<String> missing = new HashSet<>(ids);
    Set<String> read = new HashSet<>();
    await(
        "lines of " + ids.size() + " ids",
        () -> {
          FilesReader.read(files(), read::add, line -> missing.remove(line.requestId()));
          return missing.isEmpty();
        });
  }

  /// Holds all lines against the journal; the reader, for names and manifests.
  FilesReader check(LoadJournal journal) throws IOException {
    return FilesReader.read(files(), journal::check);
  }

  /// A request's head of these lines.
  static String head(String... lines) {
    return String.join("\r\n", lines) + "\r\n\r\n";
  }

  /// Waits for a condition, generously bounded: it passes at once when it holds.
  static void await(String what, Callable<Boolean> condition) throws Exception {
    await(what, Duration.ofSeconds(40), condition);
  }

  /// The same, bounded otherwise.
  static void await(String what, Duration within, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + within.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited " + within.toSeconds() + " s for " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  /// The metrics of this moment: name with labels, value.
  static Map<String, Double> metrics(GatewayProcess gateway) throws IOException {
    Map<String, Double> metrics = new HashMap<>();
    Matcher matcher = METRIC.matcher(gateway.get("/metrics").text());
    while (matcher.find()) {
      String labels = matcher.group(2) == null ? "" : matcher.group(2);
      metrics.put(matcher.group(1) + labels, Double.parseDouble(matcher.group(3)));
    }
    return metrics;
  }

  private static Path jar() {
    return Path.of(System.getProperty("loopgate.root", "..")).resolve("app/target/loopgate.jar");
  }
}
