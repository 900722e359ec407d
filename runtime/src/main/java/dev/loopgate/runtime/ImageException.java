package dev.loopgate.runtime;

import dev.loopgate.fleet.DeploymentStatus.Reason;

/// An image can't be run here. The message is for who declared it.
final class ImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /// What another look costs.
  enum Look {
    /// Nothing: what is there now should not be waited for.
    FREE,
    /// It asks others, who must not be asked all the time.
    DEAR
  }

  private final Reason reason;
  private final Look look;

  ImageException(Reason reason, Look look, String message) {
    super(message);
    this.reason = reason;
    this.look = look;
  }

  /// There is no such image, and another look costs nothing.
  ImageException(String message) {
    this(Reason.IMAGE_PULL_FAILED, Look.FREE, message);
  }

  Reason reason() {
    return reason;
  }

  Look look() {
    return look;
  }
}
