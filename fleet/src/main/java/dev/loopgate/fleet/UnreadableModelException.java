package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// A model's server did not answer as its protocol says.
public final class UnreadableModelException extends Exception {
  private static final long serialVersionUID = 1L;

  /// Why.
  ///
  /// @param message how it answered, bounded and without anything of it that can't be shown
  public UnreadableModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
