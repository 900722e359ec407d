package dev.loopgate.fleet;

import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An amount as Kubernetes writes it: `250m`, `1`, `0.5`, `128Mi`, `1e3`.
///
/// @param value in cores, bytes or pieces
record Quantity(BigDecimal value) {
  static final String FORMAT =
      "quantities must match the regular expression"
          + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  private static final String SUFFIX = "unable to parse quantity's suffix";

  private static final int LENGTH_MAX = 64;
  private static final Pattern WRITTEN =
      Pattern.compile("([+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+))([eEinumkKMGTP]*[-+]?[0-9]*)");
  // Three digits are beyond all that a machine has, and cost nothing to compare.
  private static final Pattern EXPONENT = Pattern.compile("[eE]([-+]?[0-9]{1,3})");
  private static final Map<String, Integer> DECIMAL =
      Map.of("n", -9, "u", -6, "m", -3, "", 0, "k", 3, "M", 6, "G", 9, "T", 12, "P", 15, "E", 18);
  private static final Map<String, Integer> BINARY =
      Map.of("Ki", 10, "Mi", 20, "Gi", 30, "Ti", 40, "Pi", 50, "Ei", 60);

  /// @throws IllegalArgumentException in the words of Kubernetes
  static Quantity parse(String text) {
    Matcher written = WRITTEN.matcher(text);
    if (text.length() > LENGTH_MAX || !written.matches()) {
      throw new IllegalArgumentException(FORMAT);
    }
    BigDecimal number = new BigDecimal(written.group(1));
    String suffix = written.group(2);
    Integer power = DECIMAL.get(suffix);
    if (power != null) {
      return new Quantity(number.scaleByPowerOfTen(power));
    }
    Integer bits = BINARY.get(suffix);
    if (bits != null) {
      return new Quantity(number.multiply(BigDecimal.valueOf(1L << bits)));
    }
    Matcher exponent = EXPONENT.matcher(suffix);
    if (!exponent.matches()) {
      throw new IllegalArgumentException(SUFFIX);
    }
    return new Quantity(number.scaleByPowerOfTen(Integer.parseInt(exponent.group(1))));
  }

  boolean isNegative() {
    return value.signum() < 0;
  }

  boolean isAbove(Quantity other) {
    return value.compareTo(other.value) > 0;
  }
}
