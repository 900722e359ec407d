package dev.loopgate.logshipper;

/// Everything the shipper tells the outside. Called on the thread of its sink: must not block.
public interface ShipperEvents {
  /// A file is in the store under this key; `before` when an earlier try had put it there.
  void filePublished(String key, long size, long records, boolean before);

  /// Another owner has this key; the file gets another number.
  void keyTaken(String key);

  /// A window's files are all in the store and its commit record is forced.
  void windowCommitted(long entries, int files, long bytes);

  /// A revision of an hour's manifest is in the store.
  void manifestPublished(String key);

  /// A step failed and is tried again after `waitNanos`; nothing is lost.
  void retrying(String step, String message, long waitNanos);

  /// Nothing is shipped until a person acted, or a probe succeeds; the data is kept.
  void parked(String message);

  /// A probe succeeded: shipping goes on.
  void unparked();

  /// So many entries of a window went to `(other)/(other)`, beyond the bound of partitions.
  void partitionsOverflowed(long entries);

  /// So many entries were given up: the sink is further behind than it may be.
  void skipped(long entries);

  /// So many entries of a window could not be rendered; counted in the manifest.
  void quarantined(long entries);

  /// A file of the commit log has rotted in the middle; a copy is kept.
  void commitLogDamaged(String file);
}
