package dev.loopgate.logshipper;

import static java.nio.charset.StandardCharsets.US_ASCII;

/// When an hour's end closes the window that is open. Belongs to the one thread named `shipper`.
///
/// At a remote store it does so up to 15 s later, each gateway at a moment of its own: or all of
/// them would publish in the same second, every hour. A window that is old enough waits for none of
/// it.
final class HourRoll {
  /// The latest moment, milliseconds behind the hour's end.
  static final long SPREAD_MILLIS = 15_000;

  private final long delayMillis;
  private long hour;

  /// @param delayMillis behind the hour's end
  HourRoll(long delayMillis) {
    this.delayMillis = delayMillis;
  }

  /// Of a gateway and the store that it ships to.
  static HourRoll of(ObjectStore store, String spoolId) {
    return new HourRoll(store.isRemote() ? delayMillis(spoolId) : 0);
  }

  /// Of a gateway: the same in each hour, from 0 to [#SPREAD_MILLIS], spread evenly over gateways.
  static long delayMillis(String spoolId) {
    int hash = Checksum.of(spoolId.getBytes(US_ASCII)).crc32c();
    return Integer.toUnsignedLong(hash) % (SPREAD_MILLIS + 1);
  }

  /// A window opens at this time.
  void opened(long nowMillis) {
    hour = Partition.hourOf(nowMillis);
  }

  /// Whether the hour that the window was opened in closes it; one that the clock stepped out of,
  /// too.
  boolean isOver(long nowMillis) {
    return nowMillis < Partition.startOf(hour)
        || nowMillis - Partition.startOf(hour + 1) >= delayMillis;
  }
}
