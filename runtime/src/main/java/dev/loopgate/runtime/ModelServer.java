package dev.loopgate.runtime;

import java.time.Duration;

/// A model server that was started for a replica, whatever it runs as. Any thread may call the
/// methods.
interface ModelServer extends AutoCloseable {
  /// Which one it is, for people: `pid 17`.
  String shown();

  /// Whether it runs, as far as can be known: what nobody can say is no death.
  boolean isAlive();

  /// Runs `action`, on any thread, once it has ended.
  void onExit(Runnable action);

  /// Waits for its end, but no longer than `atMost`: some can't be killed.
  void waitFor(Duration atMost) throws InterruptedException;

  /// 128 + signal for one that was killed; -1 while it lives.
  int exitCode();

  /// How it came to its end, as a sentence about it goes on: `ended with exit code 3`.
  String ending();

  /// Asks it to end, and kills what is left of it after `grace`.
  void end(Duration grace) throws InterruptedException;

  /// Returns when all that it printed is in its log, or after so long.
  void awaitLog(Duration atMost) throws InterruptedException;

  /// Nobody asks after it any more. It is not ended by that.
  @Override
  void close();
}
