package dev.loopgate.cli;

/// A verb of a client did not work, and its message says why.
final class ClientException extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;
  private final boolean unsent;

  private ClientException(String message, int status, boolean unsent) {
    super(message);
    this.status = status;
    this.unsent = unsent;
  }

  /// With what the user is to read.
  ClientException(String message) {
    this(message, 0, false);
  }

  /// The server answered, but not what was hoped for.
  static ClientException answered(String message, int status) {
    return new ClientException(message, status, false);
  }

  /// Nobody could be asked: nothing was sent.
  static ClientException unsent(String message) {
    return new ClientException(message, 0, true);
  }

  /// The status of the answer, 0 when there was none.
  int status() {
    return status;
  }

  /// Whether nothing was sent, so that asking again asks once.
  boolean isUnsent() {
    return unsent;
  }
}
