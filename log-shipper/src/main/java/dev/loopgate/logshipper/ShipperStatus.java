package dev.loopgate.logshipper;

/// How far shipping is at one moment, for metrics and readiness.
///
/// @param oldestUnshippedMillis age of the oldest entry that is durable and not committed; 0 when
///   there is none
/// @param unshippedBytes bytes of log that are not committed
/// @param committedEntries entries committed since this process began
/// @param committedFiles files published since this process began, manifests not among them
/// @param quarantinedEntries entries that could not be rendered, since this process began
/// @param lostEntries entries whose records are damaged, known by the windows committed since this
///   process began
/// @param firstSeq the first that was not committed when this process began; -1 when nothing waited
/// @param overflowedEntries entries that went to `(other)/(other)`, since this process began
/// @param skippedEntries entries that the sink was too far behind for, since this process began
/// @param failures tries that failed in a row
/// @param parked why nothing is shipped, empty while it is
public record ShipperStatus(
    long oldestUnshippedMillis,
    long unshippedBytes,
    long committedEntries,
    long committedFiles,
    long quarantinedEntries,
    long lostEntries,
    long firstSeq,
    long overflowedEntries,
    long skippedEntries,
    int failures,
    String parked) {}
