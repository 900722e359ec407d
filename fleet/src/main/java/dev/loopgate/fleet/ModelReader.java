package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// Asks a model's server what it is. Done once for each revision, when its first replica is ready,
/// and never later: a question must keep no model awake. Any thread; waits for answers, which are
/// bounded in time and size.
public interface ModelReader {
  /// What a server says of itself.
  ///
  /// @param name as [Model#isLabel] allows; empty when it says none
  /// @param version likewise
  /// @param document its API's description, as it came: Swagger 2.0 or OpenAPI 3 in JSON text, at
  ///   most [#DOCUMENT_BYTES_MAX]; null when it has none
  record ModelCard(String name, String version, @Nullable String document) {}

  /// Longer documents are refused.
  int DOCUMENT_BYTES_MAX = 1 << 20;

  /// Asks the server at `at`.
  ///
  /// @param deployment for servers of several models that have to be asked by a name
  /// @throws UnreadableModelException when it does not answer as its protocol says; the message
  ///   says how
  ModelCard read(String deployment, Replica at, Predictor predictor)
      throws UnreadableModelException, InterruptedException;
}
