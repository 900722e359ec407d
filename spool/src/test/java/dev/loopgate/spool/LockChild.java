package dev.loopgate.spool;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/// Another process: ends with the number of those files that it could lock.
final class LockChild {
  private LockChild() {}

  public static void main(String[] files) throws IOException {
    int locked = 0;
    for (String file : files) {
      try (FileChannel channel = FileChannel.open(Path.of(file), StandardOpenOption.WRITE)) {
        locked += channel.tryLock() == null ? 0 : 1;
      }
    }
    Runtime.getRuntime().halt(locked);
  }

  /// How many of these files another process can lock.
  static int locks(Path... files) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            LockChild.class.getName());
    for (Path file : files) {
      builder.command().add(file.toString());
    }
    Process child = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    if (!child.waitFor(60, TimeUnit.SECONDS)) {
      child.destroyForcibly();
      throw new AssertionError("the other process does not end");
    }
    return child.exitValue();
  }
}
