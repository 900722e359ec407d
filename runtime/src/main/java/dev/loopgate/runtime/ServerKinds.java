package dev.loopgate.runtime;

import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// All the kinds of servers that this machine runs, as one. A directory is asked of each of them:
/// which kind its replica is of, only its earlier life knew.
///
/// @param kinds the first one that takes an image runs it
record ServerKinds(List<ServerKind> kinds) implements ServerKind {
  ServerKinds {
    kinds = List.copyOf(kinds);
  }

  @Override
  public boolean takes(String image) {
    return kinds.stream().anyMatch(kind -> kind.takes(image));
  }

  @Override
  public Start prepare(Workload workload, Consumer<Runnable> atEnding) throws ImageException {
    for (ServerKind kind : kinds) {
      if (kind.takes(workload.image())) {
        return kind.prepare(workload, atEnding);
      }
    }
    throw new ImageException(
        "image: value="
            + Shown.of(workload.image())
            + ", allowed=file:<path>.jar, exec:<program> <arguments>, an image of a registry");
  }

  @Override
  public boolean endLeft(Path directory, Duration grace, Consumer<String> ended)
      throws IOException, InterruptedException {
    boolean isNothingLeft = true;
    for (ServerKind kind : kinds) {
      isNothingLeft &= kind.endLeft(directory, grace, ended);
    }
    return isNothingLeft;
  }
}
