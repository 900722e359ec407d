package dev.loopgate.spool;

import java.util.HexFormat;

/// A spool's identity, random, for its whole life.
record SpoolId(long high, long low) {
  /// 32 lower-case hex digits.
  String hex() {
    return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
  }
}
