package dev.loopgate.api;

/// What the API has a host do at once, beside what is declared. Any thread that may block.
public interface Hosting {
  /// The last of what the servers of a deployment printed.
  ///
  /// @param bytesMax at most so much of it
  /// @return empty when there is nothing
  String log(String deployment, int bytesMax);

  /// Has one replica at least, as the first request would. Nothing happens to a deployment that
  /// nobody runs yet, or any more.
  void wake(String deployment);
}
