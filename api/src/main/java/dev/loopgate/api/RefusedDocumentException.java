package dev.loopgate.api;

/// A model's document can't be shown; the message says why, in words of ours alone.
final class RefusedDocumentException extends Exception {
  private static final long serialVersionUID = 1L;

  RefusedDocumentException(String message) {
    super(message);
  }
}
