package dev.loopgate.runtime;

import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/// A way in which this machine runs servers: which images it takes, how one is started, what an
/// earlier life may have left of it. Blocks; any thread that may wait.
interface ServerKind {
  /// Where a replica's server runs.
  ///
  /// @param replica whose it is
  /// @param directory the replica's own: log, what the next life has to know
  /// @param port where it is to be reached on 127.0.0.1
  record Place(ReplicaName replica, Path directory, int port) {}

  /// What can be started now.
  @FunctionalInterface
  interface Start {
    /// Starts it; it need not answer yet.
    ///
    /// @throws IOException when it could not be started; [ServerKind#endLeft] ends what may run of
    ///   it all the same
    ModelServer at(Place place) throws IOException;
  }

  /// Whether images written so are of this kind.
  boolean takes(String image);

  /// Looks for what is to be run, and fetches it where it has to be.
  ///
  /// @param atEnding given what ends the call before its time, for when its result is not wanted
  ///   any more
  /// @throws ImageException when there is nothing to be run now; that may change
  Start prepare(Workload workload, Consumer<Runnable> atEnding) throws ImageException;

  /// Ends what was left running of the server of `directory`, and never a stranger.
  ///
  /// @param ended told which each was that ran
  /// @return whether nothing is left
  /// @throws IOException when that can't be said
  boolean endLeft(Path directory, Duration grace, Consumer<String> ended)
      throws IOException, InterruptedException;
}
