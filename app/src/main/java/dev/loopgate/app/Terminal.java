package dev.loopgate.app;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Whether a person looks on.
final class Terminal {
  private static final Path ERR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /// Whether stdin, stdout and, where the system tells, stderr are a terminal.
  static boolean isAttached() {
    // Of stdin and stdout alone; some releases of the JDK say null where there is none.
    return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false)
        && isTerminal(ERR);
  }

  private static boolean isTerminal(Path stream) {
    try {
      return !Files.isSymbolicLink(stream)
          || Files.readSymbolicLink(stream).toString().matches("/dev/(pts/|tty|console).*");
    } catch (IOException _) {
      return true; // not told: as the others are
    }
  }
}
