package dev.loopgate.proxy;

/// Who made a request, and how much of it is read: an HTTP/1.1 connection, or one stream of an
/// HTTP/2 connection. Confined to the event loop; used by one exchange at a time.
interface Caller {
  /// The caller's address, for `x-forwarded-for`.
  String address();

  /// Whether the caller came over TLS.
  boolean isSecure();

  /// Where the answer goes.
  Answer answer();

  /// Whether bytes of the request wait to be looked at.
  boolean hasUnread();

  /// The exchange can take the request's body now, or more of it than before.
  void resume();

  /// Reads on, or for now no more, as [Exchange#wantsMore] says.
  void updateReading();

  /// What follows the answer's head is another protocol's, both ways and to the connection's end.
  /// Only for a request that asked for it ([CallerRequest#upgrade]).
  void switchProtocols();

  /// The exchange is over and its answer whole.
  void finish();

  /// The exchange is over and its answer is not whole: the caller must not take it for whole.
  void abort();
}
