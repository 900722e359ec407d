package dev.loopgate.app;

/// The gateway can't start as the machine is: a port is taken, a directory can't be written. The
/// message is one line for a person; the process ends with 1.
final class StartException extends Exception {
  private static final long serialVersionUID = 1;

  StartException(String line) {
    super(line);
  }

  StartException(String line, Throwable cause) {
    super(line, cause);
  }
}
