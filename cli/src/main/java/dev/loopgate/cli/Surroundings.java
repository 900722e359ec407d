package dev.loopgate.cli;

import dev.loopgate.capture.TimeSource;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// What the verbs of a client are given of the world: given by `app`, or by a test.
///
/// @param environment all variables
/// @param home where the user's own files begin
/// @param in what `-f -` reads
/// @param time tells how long something took
/// @param pauses waits between two looks
public record Surroundings(
    Map<String, String> environment, Path home, InputStream in, TimeSource time, Pauses pauses) {
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  /// Waits.
  @FunctionalInterface
  public interface Pauses {
    /// Comes back when so much time has passed.
    void pause(Duration time) throws InterruptedException;
  }
}
