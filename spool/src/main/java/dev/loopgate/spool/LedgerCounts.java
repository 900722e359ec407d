package dev.loopgate.spool;

import java.util.List;

/// One row of the ledger, or a sum of rows: `begun = open + accepted + sampledOut + dropped`.
///
/// @param dropped by the number of the drop reason
public record LedgerCounts(long begun, long accepted, long sampledOut, List<Long> dropped) {
  public LedgerCounts {
    dropped = List.copyOf(dropped);
  }

  /// All drops.
  public long droppedTotal() {
    long sum = 0;
    for (long count : dropped) {
      sum += count;
    }
    return sum;
  }

  /// Begun and not ended.
  public long open() {
    return begun - accepted - sampledOut - droppedTotal();
  }
}
