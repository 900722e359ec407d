package dev.loopgate.policy;

/// Everything this room tells the outside. Any thread, event loops too: must not block.
public interface PolicyEvents {
  /// Does nothing.
  PolicyEvents SILENT = new PolicyEvents() {};

  /// A request was refused.
  default void refused(RefusalReason reason) {}

  /// A token was verified, or found to be none: not one that was known.
  default void judged() {}

  /// The keys were read.
  ///
  /// @param count of those that can verify
  /// @param changed they are not those of before
  default void keysRead(int count, boolean changed) {}

  /// The keys can't be read, or are none: those of before stay, as long as they may.
  ///
  /// @param reason one line that names the place, and nothing of what was read
  default void keysRefused(String reason) {}

  /// A bug.
  default void failed(Throwable cause) {}
}
