package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// A process that no other can be taken for: its id and when it started. Ids are used again, after
/// a reboot even at the same moment of the machine's life.
///
/// @param pid the process id
/// @param start the boot and the tick of the process's start on Linux, else the wall time of it
record ProcessIdentity(long pid, String start) {
  /*
   * The kernel's own tick count and not ProcessHandle's start instant, where there is one: that is computed
   * from the wall clock and moves when somebody corrects it.
   */

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /// The process that has this id now; empty when none lives. A zombie does not live.
  static Optional<ProcessIdentity> of(long pid) {
    Optional<ProcessHandle> handle = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    if (handle.isEmpty()) {
      return Optional.empty();
    }
    if (!Files.exists(BOOT_ID)) {
      return handle
          .flatMap(one -> one.info().startInstant())
          .map(start -> new ProcessIdentity(pid, start.toString()));
    }
    try {
      String[] fields = statFields(pid);
      if (fields[0].equals("Z") || fields[0].equals("X")) {
        return Optional.empty();
      }
      String boot = Files.readString(BOOT_ID).strip();
      return Optional.of(new ProcessIdentity(pid, boot + ":" + fields[19]));
    } catch (IOException _) {
      return Optional.empty(); // it went while we looked
    }
  }

  /// What [#toText] wrote into the file; empty when there is no file or it is not ours.
  static Optional<ProcessIdentity> read(Path file) throws IOException {
    try {
      String[] words = Files.readString(file).strip().split(" ", 2);
      return words.length == 2
          ? Optional.of(new ProcessIdentity(Long.parseLong(words[0]), words[1]))
          : Optional.empty();
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (NumberFormatException _) {
      return Optional.empty(); // cut by a crash: it names nobody, so nobody is ended
    }
  }

  /// Whether this very process lives.
  boolean isAlive() {
    return of(pid).filter(this::equals).isPresent();
  }

  /// Whether it leads a process group of its own, which can be signalled as a whole.
  boolean leadsItsGroup() {
    try {
      return statFields(pid)[2].equals(Long.toString(pid));
    } catch (IOException _) {
      return false; // gone, or not Linux
    }
  }

  /// One line for a pidfile.
  String toText() {
    return pid + " " + start + "\n";
  }

  /// The fields behind the name, which may itself hold spaces and brackets: state is 0, group 2,
  /// start 19.
  private static String[] statFields(long pid) throws IOException {
    String stat = new String(Files.readAllBytes(Path.of("/proc/" + pid + "/stat")), UTF_8);
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
  }
}
