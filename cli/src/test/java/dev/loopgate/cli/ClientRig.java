package dev.loopgate.cli;

import dev.loopgate.testkit.ManualTime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The command line in this process, with a home and an environment of its own. A pause takes no
/// time, and the clock says that it did.
final class ClientRig {
  final Map<String, String> environment = new HashMap<>();
  final List<Duration> pauses = new ArrayList<>();
  final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  String input = "";

  private final Path home;
  private volatile StringWriter lastErr = new StringWriter();

  ClientRig(Path home) {
    this.home = home;
  }

  /// What a run left.
  record Run(int code, String out, String err) {}

  /// A file in the home.
  String file(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return file.toString();
  }

  Path home() {
    return home;
  }

  /// What the run that goes on has said on its other stream; any thread.
  String err() {
    return lastErr.toString();
  }

  Run run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    lastErr = err;
    Surroundings around =
        new Surroundings(
            environment,
            home,
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            time,
            pause -> {
              pauses.add(pause);
              time.advance(pause);
            });
    int code =
        new Cli(none(), around, new PrintWriter(out, true), new PrintWriter(err, true))
            .run(arguments);
    return new Run(code, out.toString(), err.toString());
  }

  private static Verbs none() {
    Verbs.Serve serve = _ -> 99;
    Verbs.Look look = (_, _) -> 99;
    return new Verbs(
        serve,
        serve,
        serve,
        serve,
        serve,
        look,
        look,
        List.of(),
        () -> List.of(new Verbs.SettingOption("data", "DIR", "Where.")),
        List::of,
        List::of,
        List::of,
        List::of,
        "loopgate test");
  }
}
