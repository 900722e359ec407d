package dev.loopgate.controller;

import java.util.HexFormat;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// Ids of default routes: `<deployment>-<5 hex>`, within 63 symbols. Confined to who writes.
final class RouteIds {
  private static final int LENGTH_MAX = 63;
  private static final int HEX_DIGITS = 5;

  private final RandomGenerator random;
  private final Predicate<String> isTaken;

  RouteIds(RandomGenerator random, Predicate<String> isTaken) {
    this.random = random;
    this.isTaken = isTaken;
  }

  /// One that no route has. There are a million of each deployment, and fewer routes.
  String next(String deployment) {
    int kept = Math.min(deployment.length(), LENGTH_MAX - HEX_DIGITS - 1);
    String id;
    do {
      int drawn = random.nextInt(1 << (4 * HEX_DIGITS));
      id = deployment.substring(0, kept) + "-" + HexFormat.of().toHexDigits(drawn, HEX_DIGITS);
    } while (isTaken.test(id));
    return id;
  }
}
