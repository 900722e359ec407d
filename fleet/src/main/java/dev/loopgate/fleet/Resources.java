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

  private static final BigDecimal LONG_MAX = BigDecimal.valueOf(Long.MAX_VALUE);
  private static final int NANO_DIGITS = 9;

  /// How many bytes of memory a replica may take at most; empty where nothing is said that can be
  /// read as one or more.
  public OptionalLong memoryBytesMax() {
    return limits == null ? OptionalLong.empty() : whole(limits.memory(), 0);
  }

  /// How many billionths of a processor a replica may take at most; empty as above.
  public OptionalLong cpuNanosMax() {
    return limits == null ? OptionalLong.empty() : whole(limits.cpu(), NANO_DIGITS);
  }

  /// How many GPUs a replica gets: its limit, or what it requests where there is none (contract
  /// section 4); empty as above.
  public OptionalLong gpus() {
    OptionalLong most = limits == null ? OptionalLong.empty() : whole(limits.gpu(), 0);
    return most.isPresent() || requests == null ? most : whole(requests.gpu(), 0);
  }

  private static OptionalLong whole(@Nullable String quantity, int digits) {
    if (quantity == null) {
      return OptionalLong.empty();
    }
    try {
      BigDecimal value = Quantity.parse(quantity).value().scaleByPowerOfTen(digits);
      long whole = value.min(LONG_MAX).longValue();
      return whole > 0 ? OptionalLong.of(whole) : OptionalLong.empty();
    } catch (IllegalArgumentException _) {
      return OptionalLong.empty(); // the rules refuse it before anything runs
    }
  }
}
