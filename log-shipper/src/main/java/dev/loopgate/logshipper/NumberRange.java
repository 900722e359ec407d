package dev.loopgate.logshipper;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The numbers that a gateway may give to its files of an hour.
///
/// @param first the smallest
/// @param last the largest
record NumberRange(long first, long last) {
  /*
   * Where a store can't create without replacing, the number must be nobody else's. It takes 18 digits,
   * all that a reader of ours takes: one bit that no counter from 0 reaches, the 48 bits of the instance,
   * and room for 1,024 files of a partition and hour before it runs into the numbers of the instance
   * that comes next, if that is at work in the same partition and hour. A file every 150 s makes 24.
   */
  private static final int INSTANCE_SHIFT = 10;
  private static final long OWN = 1L << 58;
  private static final long OWN_MAX = 1L << 20;

  /// Of all gateways, where the store says which are taken.
  static final NumberRange SHARED = new NumberRange(0, OWN - 1);

  private static final Pattern FILE = Pattern.compile("[0-9]{10}_([0-9]{1,18})\\..*");
  private static final Pattern MANIFEST = Pattern.compile("[0-9]{10}\\.([0-9a-f]+)\\..*");

  /// Of the gateway that publishes to a store.
  ///
  /// @param spoolId 32 hex digits
  static NumberRange of(ObjectStore store, String spoolId) {
    return store.createsOnly() ? SHARED : ownOf(ShipperConfig.instanceOf(spoolId));
  }

  /// Of one gateway alone.
  ///
  /// @param instance first 12 hex digits of the spool id
  static NumberRange ownOf(String instance) {
    long first = OWN | (Long.parseLong(instance, 16) << INSTANCE_SHIFT);
    return new NumberRange(first, first + OWN_MAX - 1);
  }

  boolean contains(long n) {
    return first <= n && n <= last;
  }

  /// Whether nobody but the instance gives this key to an object: a file with a number of its own,
  /// or one of its manifests.
  static boolean isOwn(ObjectKey key, String instance) {
    String name = key.path().substring(key.path().lastIndexOf('/') + 1);
    Matcher manifest = MANIFEST.matcher(name);
    if (manifest.matches()) {
      return manifest.group(1).equals(instance);
    }
    Matcher file = FILE.matcher(name);
    return file.matches() && ownOf(instance).contains(Long.parseLong(file.group(1)));
  }
}
