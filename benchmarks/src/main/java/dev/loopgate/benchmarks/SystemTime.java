package dev.loopgate.benchmarks;

import dev.loopgate.capture.TimeSource;

/// Both clocks of the machine. Any thread.
record SystemTime() implements TimeSource {
  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    return System.currentTimeMillis();
  }
}
