package dev.loopgate.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A command as a process of its own that ends by itself.
///
/// @param exit its code
/// @param out what it wrote to stdout
/// @param err what it wrote to stderr
record Command(int exit, String out, String err) {
  private static final int SECONDS_MAX = 120;

  /// Runs the product's jar.
  static Command loopgate(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--sun-misc-unsafe-memory-access=allow", "-Xmx128m", "-jar"));
    command.add(jar().toString());
    command.addAll(List.of(arguments));
    return run(command, Path.of("").toAbsolutePath(), environment);
  }

  /// Where the build puts it.
  static Path jar() {
    return Path.of(System.getProperty("loopgate.root", ".."), "app", "target", "loopgate.jar")
        .toAbsolutePath()
        .normalize();
  }

  /// Runs any command with these variables alone.
  static Command run(List<String> command, Path directory, Map<String, String> environment)
      throws IOException, InterruptedException {
    Path err = Files.createTempFile("loopgate-command", ".err");
    Path out = Files.createTempFile("loopgate-command", ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectError(err.toFile())
            .redirectOutput(out.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        throw new IOException("did not end: " + command + "\n" + Files.readString(err));
      }
      return new Command(
          process.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
      Files.delete(err);
      Files.delete(out);
    }
  }
}
