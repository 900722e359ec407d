package dev.loopgate.api;

import dev.loopgate.fleet.StoreException;

/// What the API tells about itself; for counters and the log. Told on its threads and on event
/// loops: must not block. Nothing of it is what a caller sent.
public interface ApiEvents {
  /// A write could not be kept; its caller was answered 500.
  void storeFailed(StoreException cause);

  /// As much waits as may; its caller was answered 503.
  void overloaded();

  /// What a model says of its API can't be shown; the catalogue has what is known without it.
  ///
  /// @param why in words of ours
  void documentRefused(String deployment, String why);

  /// A bug: whoever asked was answered 500, or had an answer already.
  void failed(Throwable cause);
}
