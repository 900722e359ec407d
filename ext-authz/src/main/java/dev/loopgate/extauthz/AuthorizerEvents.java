package dev.loopgate.extauthz;

/// Everything this room tells the outside. Called on event loops and on threads of `policy`: must
/// not block.
public interface AuthorizerEvents {
  /// Does nothing.
  AuthorizerEvents SILENT = new AuthorizerEvents() {};

  /// A request may pass. Each question is answered by exactly one of this and [#denied].
  default void allowed() {}

  /// A request may not pass.
  default void denied(DenialReason reason) {}

  /// Of those, one whose answer came too late: Envoy did not wait for it.
  default void abandoned() {}

  /// A bug, here or in the policy: the request was denied.
  default void failed(Throwable cause) {}
}
