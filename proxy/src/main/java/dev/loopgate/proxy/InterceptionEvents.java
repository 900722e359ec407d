package dev.loopgate.proxy;

/// What is told of intercepted connections, beside what [ProxyEvents] tells of the requests on
/// them. Called on event loops: must not block.
public interface InterceptionEvents {
  /// Does nothing.
  InterceptionEvents SILENT = new InterceptionEvents() {};

  /// What a connection is, once it is known. None for one that is refused before.
  default void intercepted(Spoken spoken) {}

  /// A connection was reset.
  default void refused(InterceptionFault fault) {}

  /// Bytes of a connection begin to pass.
  default void passingBegan() {}

  /// Exactly one for each that began.
  default void passingEnded() {}

  /// Bytes were taken from one side, for the other.
  ///
  /// @param toServer or from it
  default void bytesPassed(Spoken spoken, boolean toServer, int count) {}

  /// A connection over TLS begins.
  ///
  /// @param name of the server, as the caller says it: a lower-case host name, of which callers can
  ///   invent any number; or [ServerName#NONE] or [ServerName#INVALID]
  default void tlsBegan(String name) {}
}
