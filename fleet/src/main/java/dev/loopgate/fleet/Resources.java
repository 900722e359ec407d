package dev.loopgate.fleet;

import java.math.BigDecimal;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What one replica of a model gets: null is what was not said.
public record Resources(@Nullable Amounts requests, @Nullable Amounts limits) {
  /// Quantities as Kubernetes writes them (`250m`, `1`, `128Mi`), unchecked; null for none.
  public record Amounts(@Nullable String cpu, @Nullable String memory, @Nullable String gpu) {}

  /// What holds where nothing is configured (contract section 4).
  public static final Resources DEFAULT =
      new Resources(new Amounts("125m", "128Mi", null), new Amounts("250m", "256Mi", null));

  private static final BigDecimal BYTES_MAX = BigDecimal.valueOf(Long.MAX_VALUE);

  /// How many bytes of memory a replica may take at most; empty where nothing is said that can be
  /// read as one or more.
  public OptionalLong memoryBytesMax() {
    String memory = limits == null ? null : limits.memory();
    if (memory == null) {
      return OptionalLong.empty();
    }
    try {
      long bytes = Quantity.parse(memory).value().min(BYTES_MAX).longValue();
      return bytes > 0 ? OptionalLong.of(bytes) : OptionalLong.empty();
    } catch (IllegalArgumentException _) {
      return OptionalLong.empty(); // the rules refuse it before anything runs
    }
  }
}
