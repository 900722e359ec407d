package dev.loopgate.runtime;

/// An image can't be run here. The message is for who declared it.
final class ImageException extends Exception {
  private static final long serialVersionUID = 1L;

  ImageException(String message) {
    super(message);
  }
}
