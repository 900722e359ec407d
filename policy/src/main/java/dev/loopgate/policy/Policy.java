package dev.loopgate.policy;

import java.util.function.Consumer;

/// Who may call which model. Any thread.
public interface Policy {
  /// Whether a call of a model needs no token: health and metrics.
  ///
  /// @param path below the model's prefix, without query, as it came
  default boolean isOpen(String method, String path) {
    return OpenPaths.isOpen(method, path);
  }

  /// Whether the model gets the `authorization` header that was verified here.
  boolean forwardsTokens();

  /// Decides, without blocking.
  ///
  /// @param answer told exactly once: before this returns where the token is known, else on a
  ///   thread of this room, which it must not block; within 15 s
  void decide(Question question, Consumer<Decision> answer);
}
