package dev.loopgate.fleet;

/// Finds out by which key a host of a repository shows that it is the one.
@FunctionalInterface
public interface HostKeys {
  /// The key of the host that `uri` names, in base64.
  ///
  /// @throws IllegalArgumentException when it can't be had; the message says why
  Secret of(String uri);

  /// Nobody is asked.
  HostKeys NONE =
      _ -> {
        throw new IllegalArgumentException("it is not asked for; allowed: a publicKey");
      };
}
