package dev.loopgate.spool;

import java.io.IOException;

/// One segment that a reader has open. Confined to its reader; owns the file.
final class OpenSegment {
  private final SegmentScan scan;
  private long keysTo = SegmentLayout.PAGE_BYTES;

  OpenSegment(SegmentScan scan) {
    this.scan = scan;
  }

  /// The walk through its records.
  SegmentScan scan() {
    return scan;
  }

  /// Reads on until `keys` has been told of every dictionary record before `offset`.
  void tellKeys(long offset, KnownKeys keys) throws IOException {
    while (keysTo < offset && scan.seek(keysTo, offset)) {
      if (scan.head().type() == RecordLayout.DICTIONARY) {
        keys.add(scan.head().keyId(), ModelKey.decoded(scan.payload()));
      }
      keysTo = scan.nextOffset();
    }
    keysTo = Math.max(keysTo, offset);
  }

  /// The record at hand was told of, or has nothing to tell.
  void passed() {
    keysTo = Math.max(keysTo, scan.nextOffset());
  }
}
