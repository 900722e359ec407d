package dev.loopgate.fleet;

import org.jspecify.annotations.Nullable;

/// What one replica of a model gets: null is what was not said.
public record Resources(@Nullable Amounts requests, @Nullable Amounts limits) {
  /// Quantities as Kubernetes writes them (`250m`, `1`, `128Mi`), unchecked; null for none.
  public record Amounts(@Nullable String cpu, @Nullable String memory, @Nullable String gpu) {}

  /// What holds where nothing is configured (contract section 4).
  public static final Resources DEFAULT =
      new Resources(new Amounts("125m", "128Mi", null), new Amounts("250m", "256Mi", null));
}
