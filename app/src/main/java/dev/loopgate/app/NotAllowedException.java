package dev.loopgate.app;

/// A value is not of its kind. The message says what is allowed, and nothing of the value.
final class NotAllowedException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  NotAllowedException(String allowed) {
    super(allowed);
  }
}
