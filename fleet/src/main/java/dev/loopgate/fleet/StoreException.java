package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// A write could not be kept. The message says why, and is for operators; whether it may be there
/// after a restart, [#isUncertain] says.
public final class StoreException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean uncertain;

  /// A failure.
  ///
  /// @param uncertain false when nothing of the write is kept for sure
  public StoreException(String message, boolean uncertain, @Nullable Throwable cause) {
    super(message, cause);
    this.uncertain = uncertain;
  }

  /// Whether the write may show after a restart although it failed.
  public boolean isUncertain() {
    return uncertain;
  }
}
