package dev.loopgate.spool;

import dev.loopgate.capture.EntryKind;
import java.util.Map;

/// A look at the spool at one moment, for metrics and readiness. The sums hold when nothing moves.
///
/// @param counts this process' ledger, by kind and deployment
/// @param inRing accepted entries that are not in the log yet
/// @param logged entries durable in the log since this process began, recovered ones not among them
/// @param ringBytesUsed bytes of the ring that wait
/// @param ringBytes bytes of the ring
/// @param logBytes bytes of segments in use
/// @param logBytesMax the log's budget
/// @param failed the disk failed for good and nothing is taken
public record SpoolStatus(
    Map<EntryKind, Map<String, LedgerCounts>> counts,
    long inRing,
    long logged,
    long ringBytesUsed,
    long ringBytes,
    long logBytes,
    long logBytesMax,
    boolean failed) {
  public SpoolStatus {
    counts = Map.copyOf(counts);
  }
}
