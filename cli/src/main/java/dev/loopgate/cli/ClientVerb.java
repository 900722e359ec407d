package dev.loopgate.cli;

/// What a verb of a client does.
@FunctionalInterface
interface ClientVerb {
  /// Does it.
  ///
  /// @return the exit code
  /// @throws ClientException when it did not work; the message is shown as it is
  int run(Call call) throws ClientException, InterruptedException;
}
