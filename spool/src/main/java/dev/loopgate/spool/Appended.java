package dev.loopgate.spool;

/// What became of an entry that was offered. Whatever it is, the ledger has counted it already.
public enum Appended {
  /// In the ring: it survives the process, and the last bytes may be released.
  ACCEPTED,
  /// In the ring without the bytes of its bodies: there was no room for them (`cut{ring_full}`).
  ACCEPTED_WITHOUT_BODIES,
  /// No room in the ring, or the spool's disk budget is used up: counted as dropped. Go on; a
  /// feedback is answered 503.
  FULL,
  /// Stopping, or the disk failed for good: counted as dropped. Go on; a feedback is answered 503.
  CLOSED
}
