package dev.loopgate.api;

import dev.loopgate.fleet.Changes.Ref;

/// Who runs what is declared, for what the API asks of it at once. Any thread that may block.
public interface Hosting {
  /// Whether a model has this id that nobody declared, but the configuration has: it is the one
  /// that callers reach.
  boolean isConfigured(String id);

  /// Waits until callers reach a deployment or a route that was just declared, or for a moment:
  /// nobody who asks next is told that there is none.
  void awaitServed(Ref declared);

  /// The last of what the servers of a deployment printed.
  ///
  /// @param bytesMax at most so much of it
  /// @return empty when there is nothing
  String log(String deployment, int bytesMax);

  /// Has one replica at least, as the first request would. Nothing happens to a deployment that
  /// nobody runs yet, or any more.
  void wake(String deployment);
}
