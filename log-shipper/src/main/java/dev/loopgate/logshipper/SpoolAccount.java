package dev.loopgate.logshipper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All that is known of one spool's entries: its seqs are dense, each stands once, and what the
/// ledger accepted is there, hour by hour. Confined to one thread.
final class SpoolAccount {
  private static final List<LogStream> COUNTED =
      List.of(
          LogStream.REQUEST_RESPONSE,
          LogStream.FEEDBACK,
          LogStream.ACCESS_LOG); // one line an entry

  /// An hour's entries of one kind.
  private static final class Entries {
    private long accepted;
    private long found;
  }

  private final String spool;
  private final List<Manifest> parts = new ArrayList<>();
  private final List<SeqSpan> damaged = new ArrayList<>();
  private boolean here;

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

  /// The spool itself lies beside the files: what no manifest says, it has.
  ///
  /// @param damaged seqs that its log can't give back
  void isHere(List<SeqSpan> damaged) {
    here = true;
    this.damaged.addAll(damaged);
  }

  /// Adds what is wrong to `findings`.
  ///
  /// @param unproven hours have no manifest yet: theirs may be the missing seqs
  void check(boolean unproven, Consumer<String> findings) {
    SeqSet all = new SeqSet();
    SeqSet found = new SeqSet();
    for (Manifest part : parts) {
      if (!found.addAll(part.seqs())) {
        findings.accept("entries stand twice: spool=" + name() + ", hour=" + part.hour());
      }
      all.addAll(part.seqs());
      all.addAll(part.lost());
      all.addAll(part.quarantined());
      all.addAll(part.skipped());
    }
    addDamaged(all, findings);
    if (!unproven) {
      for (SeqSpan hole : all.holes()) {
        findings.accept(
            "entries are missing: spool=%s, seqs=%d..%d"
                .formatted(name(), hole.first(), hole.last()));
      }
    }
    if (here || !unproven) {
      checkAccepted(all.count() - found.count(), findings);
    }
  }

  /// What is in a file all the same, or noted as lost before, is none of this log's damage.
  private void addDamaged(SeqSet all, Consumer<String> findings) {
    for (SeqSpan span : damaged) {
      long before = all.count();
      all.add(span);
      long lost = all.count() - before;
      if (lost > 0) {
        findings.accept(
            "the log is damaged: spool=%s, seqs=%d..%d, entries lost=%d"
                .formatted(name(), span.first(), span.last(), lost));
      }
    }
  }

  /// In each hour `accepted = found + lost + quarantined + skipped`; of a lost entry neither kind
  /// nor hour is certain. An hour with a gap may have lost its count.
  private void checkAccepted(long missing, Consumer<String> findings) {
    Map<String, Map<String, Entries>> hours = new TreeMap<>();
    TreeSet<String> gaps = new TreeSet<>();
    for (Manifest part : parts) {
      Map<String, Entries> hour = hours.computeIfAbsent(part.hour(), _ -> new TreeMap<>());
      for (Manifest.LedgerEntry row : part.ledger()) {
        hour.computeIfAbsent(row.kind(), _ -> new Entries()).accepted += row.accepted();
      }
      for (LogStream stream : COUNTED) {
        hour.computeIfAbsent(stream.kind().word(), _ -> new Entries()).found +=
            part.records().getOrDefault(stream.word(), 0L);
      }
      if (!part.gaps().isEmpty()) {
        gaps.add(part.hour());
      }
    }
    hours.keySet().removeAll(gaps);
    long fewer = 0;
    for (Map<String, Entries> hour : hours.values()) {
      for (Entries entries : hour.values()) {
        fewer += Math.max(0, entries.accepted - entries.found);
      }
    }
    boolean tooFew = fewer > missing;
    hours.forEach((hour, kinds) ->
        kinds.forEach((kind, entries) -> {
          long difference = entries.accepted - entries.found;
          if (difference < 0 || (difference > 0 && tooFew)) {
            findings.accept(
                "ledger and entries differ: spool=%s, hour=%s, kind=%s, accepted=%d, found=%d, lost=%d"
                    .formatted(name(), hour, kind, entries.accepted, entries.found, missing));
          }
        }));
  }

  private String name() {
    return ShipperConfig.instanceOf(spool);
  }
}
