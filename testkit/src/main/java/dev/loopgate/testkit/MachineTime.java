package dev.loopgate.testkit;

import dev.loopgate.capture.TimeSource;

/// Both clocks of the machine, for processes that a test lets die. Any thread.
public record MachineTime() implements TimeSource {
  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    return System.currentTimeMillis();
  }
}
