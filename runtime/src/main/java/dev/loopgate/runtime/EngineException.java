package dev.loopgate.runtime;

import java.io.IOException;

/// A Docker Engine did not do what it was asked. The message says why, in its own words where it
/// had any, and holds no secret.
final class EngineException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /// @param status of the answer
  EngineException(int status, String message) {
    super(message);
    this.status = status;
  }

  /// It can't be reached, or does not speak as an Engine does.
  EngineException(String message, IOException cause) {
    super(message, cause);
    this.status = 0;
  }

  /// It did not say what an Engine says.
  EngineException(String message) {
    this(0, message);
  }

  /// Of the answer; 0 without one.
  int status() {
    return status;
  }

  /// Whether what it was asked about is not there.
  boolean isNotFound() {
    return status == 404;
  }
}
