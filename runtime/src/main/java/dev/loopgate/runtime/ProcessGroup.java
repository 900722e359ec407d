package dev.loopgate.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// Ends a process together with what it started. Blocks; any thread that may wait.
final class ProcessGroup {
  /*
   * A group is signalled by the shell's own `kill`, which is there where /bin/kill is not; its
   * text is fixed and its argument a number. Without a group of its own (no `setsid`) the process and the
   * descendants that it still has are signalled one by one.
   */
  private static final String SHELL = "/bin/sh";
  private static final List<Path> SETSID =
      List.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"));

  private static final long LOOK_NANOS = 20_000_000;

  private ProcessGroup() {}

  /// `command` so that it leads a group of its own, where this machine can do that.
  static List<String> leading(List<String> command) {
    return SETSID.stream()
        .filter(Files::isExecutable)
        .findFirst()
        .map(setsid -> Stream.concat(Stream.of(setsid.toString()), command.stream()).toList())
        .orElse(command);
  }

  /// Asks the process and its kin to end, and kills what is left of them after `grace`. Only for an
  /// identity that was just seen alive.
  static void end(ProcessIdentity process, Duration grace) throws InterruptedException {
    ProcessHandle handle = ProcessHandle.of(process.pid()).orElse(null);
    if (handle == null || !process.isAlive()) {
      return;
    }
    boolean isGroup = process.leadsItsGroup();
    List<ProcessHandle> kin = handle.descendants().toList();
    if (!isGroup || !signal("TERM", process.pid())) {
      kin.forEach(ProcessHandle::destroy);
      handle.destroy();
    }
    await(process, handle, grace);
    if (isGroup) {
      signal(
          "KILL",
          process.pid()); // what outlived the leader; its number is taken as long as they live
    }
    if (process.isAlive()) {
      handle.destroyForcibly();
    }
    kin.forEach(ProcessHandle::destroyForcibly);
    await(process, handle, grace);
  }

  /// Kills what a dead leader left behind in its group.
  static void endOrphansOf(long leader) throws InterruptedException {
    signal("KILL", leader);
  }

  /// Looks by itself, too: what nobody reaps stays a zombie, for which there is no exit.
  private static void await(ProcessIdentity process, ProcessHandle handle, Duration atMost)
      throws InterruptedException {
    CompletableFuture<ProcessHandle> exit = handle.onExit();
    for (long left = atMost.toNanos(); left > 0 && process.isAlive(); left -= LOOK_NANOS) {
      try {
        exit.get(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS);
      } catch (TimeoutException _) {
        // the next look, or the next, stronger step follows
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static boolean signal(String signal, long group) throws InterruptedException {
    try {
      Process kill =
          new ProcessBuilder(
                  SHELL, "-c", "kill -s \"$1\" -- \"-$2\"", "kill", signal, Long.toString(group))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return kill.waitFor() == 0;
    } catch (IOException _) {
      return false; // no shell here: the caller signals one by one
    }
  }
}
