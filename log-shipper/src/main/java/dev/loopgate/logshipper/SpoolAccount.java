package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All that the manifests of one spool say together: its seqs are dense, each stands once, and what
/// the ledger accepted is there. Confined to one thread.
final class SpoolAccount {
  private final String spool;
  private final List<Manifest> parts = new ArrayList<>();
  private final SeqSet planned = new SeqSet();
  private boolean openPlan;

  SpoolAccount(String spool) {
    this.spool = spool;
  }

  void add(Manifest manifest) {
    parts.add(manifest);
  }

  /// Puts what the spool says now of an hour where its last manifest stood.
  void replace(@Nullable Manifest before, Manifest now) {
    if (before != null) {
      parts.remove(before);
    }
    parts.add(now);
  }

  /// Seqs of a window that is on its way.
  void openPlan(CommitRecord.WindowPlan plan) {
    openPlan = true;
    for (CommitRecord.HourPart part : plan.parts()) {
      planned.addAll(part.part().seqs());
      planned.addAll(part.part().lost());
      planned.addAll(part.part().quarantined());
    }
  }

  /// Adds what is wrong to `findings`.
  ///
  /// @param open hours of this data directory are open: the newest entries may be on their way
  /// @param unproven hours have no manifest yet: theirs may be the missing seqs
  void check(boolean open, boolean unproven, List<String> findings) {
    SeqSet all = new SeqSet();
    SeqSet found = new SeqSet();
    boolean gap = false;
    Map<String, Long> accepted = new TreeMap<>();
    Map<String, Long> records = new TreeMap<>();
    for (Manifest part : parts) {
      if (!found.addAll(part.seqs())) {
        findings.add("entries stand twice: spool=" + name() + ", hour=" + part.hour());
      }
      all.addAll(part.seqs());
      all.addAll(part.lost());
      all.addAll(part.quarantined());
      gap |= !part.gaps().isEmpty();
      part.ledger().forEach(row -> accepted.merge(row.kind(), row.accepted(), Long::sum));
      part.records().forEach((stream, count) -> records.merge(stream, count, Long::sum));
    }
    all.addAll(planned.spans());
    if (!unproven) {
      for (SeqSpan hole : all.holes()) {
        findings.add(
            "entries are missing: spool=%s, seqs=%d..%d"
                .formatted(name(), hole.first(), hole.last()));
      }
    }
    if (!open && !unproven && !openPlan && !gap) {
      long missing = all.count() - found.count();
      checkAccepted("prediction", accepted, records, LogStream.REQUEST_RESPONSE, missing, findings);
      checkAccepted("feedback", accepted, records, LogStream.FEEDBACK, missing, findings);
    }
  }

  /// `accepted = found + lost + quarantined`; of a lost entry the kind is not known.
  private void checkAccepted(
      String kind,
      Map<String, Long> accepted,
      Map<String, Long> records,
      LogStream stream,
      long missing,
      List<String> findings) {
    long taken = accepted.getOrDefault(kind, 0L);
    long found = records.getOrDefault(stream.word(), 0L);
    if (taken < found || taken > found + missing) {
      findings.add(
          "ledger and files differ: spool=%s, kind=%s, accepted=%d, found=%d, lost=%d"
              .formatted(name(), kind, taken, found, missing));
    }
  }

  private String name() {
    return ShipperConfig.instanceOf(spool);
  }
}
