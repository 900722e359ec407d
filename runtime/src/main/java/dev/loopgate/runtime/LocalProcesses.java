package dev.loopgate.runtime;

import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Runs servers as processes of this machine: `file:<path>.jar`, `exec:<program> <arguments>`.
///
/// @param images what is run for an image
/// @param limits of each process
/// @param events told what becomes of logs
record LocalProcesses(LocalImages images, ProcessSpec.Limits limits, RuntimeEvents events)
    implements ServerKind {
  @Override
  public boolean takes(String image) {
    return LocalImages.isLocal(image);
  }

  @Override
  public Start prepare(Workload workload, Consumer<Runnable> atEnding) throws ImageException {
    List<String> command = images.command(workload.image(), workload.resources());
    return place ->
        ModelProcess.start(
            new ProcessSpec(
                workload.deployment(), command, place.port(), Map.of(), place.directory(), limits),
            events);
  }

  @Override
  public boolean endLeft(Path directory, Duration grace, Consumer<String> ended)
      throws IOException, InterruptedException {
    ModelProcess.endLeft(directory, grace, pid -> ended.accept("pid " + pid));
    return !ModelProcess.isLeft(directory);
  }
}
