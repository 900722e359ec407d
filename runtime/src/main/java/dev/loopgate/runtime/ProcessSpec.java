package dev.loopgate.runtime;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A model server as a local process.
///
/// @param deployment the deployment's id
/// @param command program and arguments, handed over as they are: no shell reads them
/// @param port where it is to listen on 127.0.0.1; told to it as `PORT` and `MODEL_PORT`
/// @param environment added to the gateway's own, of which `LOOPGATE_...` is kept back
/// @param directory of its own, below the gateway's data: log, pidfile, working directory
/// @param limits how long and how much
public record ProcessSpec(
    String deployment,
    List<String> command,
    int port,
    Map<String, String> environment,
    Path directory,
    Limits limits) {

  /// Bounds of one process.
  ///
  /// @param grace from SIGTERM to SIGKILL; 5 s by default
  /// @param pauseMin before the first restart; doubled at each further death; 200 ms by default
  /// @param pauseMax never a longer pause; 10 s by default. A replica that ran longer starts over
  ///   at `pauseMin`
  /// @param logBytesMax of one log file, beside which two older ones are kept; 8 MiB by default
  public record Limits(Duration grace, Duration pauseMin, Duration pauseMax, long logBytesMax) {
    /// What is good for a model server on one's own machine.
    public static final Limits DEFAULT =
        new Limits(Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofSeconds(10), 8L << 20);
  }

  public ProcessSpec {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    if (command.isEmpty()) {
      throw new IllegalArgumentException("command of " + deployment + ": empty");
    }
  }
}
