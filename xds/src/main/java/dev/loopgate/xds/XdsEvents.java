package dev.loopgate.xds;

/// Everything this room tells the outside. Called on its thread.
public interface XdsEvents {
  /// Does nothing.
  XdsEvents SILENT = new XdsEvents() {};

  /// An Envoy's stream was taken.
  default void opened() {}

  /// It is over.
  default void closed() {}

  /// Somebody, or what he asked, was refused, and his stream ended.
  ///
  /// @param line what he was told
  default void refused(RefusedReason reason, String line) {}

  /// A configuration was made of the fleet and is offered from now on.
  ///
  /// @param clusters how many models can be asked by Envoys themselves
  /// @param routes how many rules lead to them or to our proxy
  default void published(int clusters, int routes) {}

  /// No configuration could be made of the fleet; the one before stays.
  ///
  /// @param reason one line
  default void unpublished(String reason) {}

  /// A type's resources were sent to an Envoy.
  default void sent(XdsType type) {}

  /// An Envoy uses what it was sent.
  default void acked(XdsType type) {}

  /// An Envoy uses some or nothing of what it was sent, and keeps what it had of the rest.
  ///
  /// @param version of what it was sent
  /// @param node the Envoy's own name, printable
  /// @param reason what it says, printable and cut
  default void nacked(XdsType type, String version, String node, String reason) {}

  /// A bug.
  default void failed(Throwable cause) {}
}
