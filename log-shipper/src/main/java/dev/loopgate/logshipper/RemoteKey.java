package dev.loopgate.logshipper;

import java.util.Optional;

/// Names in a bucket as keys of ours.
final class RemoteKey {
  private RemoteKey() {}

  /// The key of the object `name`, whose root is `base`; empty for what is no key, or is hidden
  /// from readers: a part that begins with a dot.
  ///
  /// @param base empty, or ends with `/`
  static Optional<ObjectKey> of(String base, String name) {
    if (!name.startsWith(base) || name.length() == base.length()) {
      return Optional.empty();
    }
    String path = name.substring(base.length());
    return path.startsWith(".") || path.contains("/.") || !ObjectKey.isValid(path)
        ? Optional.empty()
        : Optional.of(new ObjectKey(path));
  }
}
