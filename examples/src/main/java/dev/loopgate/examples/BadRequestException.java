package dev.loopgate.examples;

/// A request that the model can't answer; the message tells its sender why.
final class BadRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  BadRequestException(String message) {
    super(message);
  }
}
