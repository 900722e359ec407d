package dev.loopgate.controller;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;

/// A process that opens the store in a directory and ends: with [#REFUSED] when another one has it.
final class StoreLockChild {
  static final int REFUSED = 3;

  private StoreLockChild() {}

  public static void main(String[] args) throws IOException {
    int status = 0;
    try {
      FileStore.open(Path.of(args[0]), () -> Instant.parse("2026-11-27T10:00:00Z"), new Random(1))
          .close();
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("another process has it")) {
        throw e;
      }
      status = REFUSED;
    }
    Runtime.getRuntime().halt(status);
  }
}
