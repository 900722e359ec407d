package dev.loopgate.fleet;

/// What is observed of a connection: nothing.
public record ConnectionStatus() {
  /// The only one.
  public static final ConnectionStatus NEW = new ConnectionStatus();
}
