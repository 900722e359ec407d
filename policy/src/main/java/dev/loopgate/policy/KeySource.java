package dev.loopgate.policy;

import java.time.Duration;

/// Where the keys are published.
interface KeySource {
  /// A key set is never longer.
  int BYTES_MAX = 256 << 10;

  /// Reads the key set as JSON, at most [#BYTES_MAX]. Blocks, for a bounded time.
  byte[] read() throws KeysRefusedException, InterruptedException;

  /// How often it is looked at.
  Duration every();

  /// Whether there may be something new since the last [#read].
  boolean mayHaveChanged();

  /// Whether keys that could not be read again for long are not trusted any more.
  boolean goesStale();
}
