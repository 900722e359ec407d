package dev.loopgate.spool;

import java.io.IOException;

/// The spool cannot be opened; the message is one line for a person and names the directory.
public final class SpoolException extends IOException {
  private static final long serialVersionUID = 1;

  /// One line for a person.
  public SpoolException(String message) {
    super(message);
  }

  /// One line for a person, and what the system said.
  public SpoolException(String message, Throwable cause) {
    super(message, cause);
  }
}
