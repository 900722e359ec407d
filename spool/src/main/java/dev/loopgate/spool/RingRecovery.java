package dev.loopgate.spool;

import dev.loopgate.proto.v1.GapNote;
import dev.loopgate.proto.v1.NoteMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Moves into the log what an earlier process left in its ring, and counts what it left open.
/// Changes nothing but the log, so a recovery that is killed is begun again and stores nothing
/// twice: each group names how far the ring is consumed. Confined to the opening of the spool.
final class RingRecovery {
  /*
   * A read that stops at the first open claim would hide what is committed behind it. So the scan steps
   * over negative lengths, which nobody was promised, and over zeros, left by a kill between the
   * claim and its first length, word by word.
   */

  /// What was found.
  ///
  /// @param entries taken into the log
  /// @param killed exchanges that began and never ended
  /// @param unfinished messages that were claimed and not committed
  record Found(long entries, long killed, long unfinished) {}

  private final Log log;
  private final Group group;
  private final SpoolEvents events;
  private final String bootId;
  private final long knownMillis;
  private final long nowMillis;

  /// @param knownMillis the time of the last thing that the log knows, or of its making
  RingRecovery(
      Log log, Group group, SpoolEvents events, String bootId, long knownMillis, long nowMillis) {
    this.knownMillis = knownMillis;
    this.log = log;
    this.group = group;
    this.events = events;
    this.bootId = bootId;
    this.nowMillis = nowMillis;
  }

  /// Recovers the ring file at `path`. A file that can't be used is told and becomes a gap.
  void recover(Path path) throws LogFailedException {
    try (RingFile file = RingFile.openToRead(path)) {
      boolean sameBoot = file.header().bootId().equals(bootId);
      if (!sameBoot) {
        gap("another boot", file.header().ringId());
      }
      Found found = sameBoot ? recover(file) : recoverChecked(file);
      if (found.entries() + found.killed() + found.unfinished() > 0) {
        events.recovered(
            "ring: entries="
                + found.entries()
                + ", open exchanges="
                + found.killed()
                + ", unfinished="
                + found.unfinished()
                + ", file="
                + path);
      }
    } catch (LogFailedException e) {
      throw e;
    } catch (IOException e) {
      events.recovered("ring not usable: " + e.getMessage());
      gap("ring not usable", 0);
    }
  }

  /// Notes that between the last thing the log knows and now anything may have passed.
  void gap(String reason, long ringId) throws LogFailedException {
    gap(reason, ringId, knownMillis);
  }

  /// Notes that other spools lay here, whose rings these are: what they kept since those were made,
  /// and no file has, is not ours to tell. The rings are left alone, for whoever has the spools.
  void gapOfOthers(List<Path> rings) throws LogFailedException {
    long from = nowMillis;
    for (Path ring : rings) {
      events.recovered(
          "ring of another spool that lay here: file="
              + ring
              + ", left for `loopgate ship` where that spool was moved to; else remove it");
      from = Math.min(from, madeMillis(ring));
    }
    if (!rings.isEmpty()) {
      gap("another spool was here", 0, from);
    }
  }

  private long madeMillis(Path ring) {
    try {
      return Files.readAttributes(ring, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .creationTime()
          .toMillis();
    } catch (IOException e) {
      events.recovered("ring left alone: file=" + ring + ": " + e.getMessage());
      return nowMillis;
    }
  }

  private void gap(String reason, long ringId, long from) throws LogFailedException {
    events.recovered("gap: from=" + from + ", to=" + nowMillis + ", reason=" + reason);
    GapNote gap =
        GapNote.newBuilder()
            .setFromMs(Math.min(from, nowMillis))
            .setToMs(nowMillis)
            .setReason(reason)
            .build();
    group.begin(ringId);
    group.addNote(NoteMessage.newBuilder().setGap(gap).build(), nowMillis);
    group.end(log.recoveredRingEnd(ringId).orElse(0L));
    log.append(group, Optional::empty);
  }

  private Found recover(RingFile file) throws LogFailedException {
    Ring ring = file.ring();
    long ringId = file.header().ringId();
    long from = Math.max(ring.head(), log.recoveredRingEnd(ringId).orElse(0L));
    Scan scan = new Scan(ring, from, ring.tail(), false);
    LedgerNotes notes = notesOf(file);
    Batch batch = new Batch(log, group, notes, ringId, from);
    notes.scan(file.ledger()::lastHour);
    long entries = drain(scan, batch);
    long killed = notes.killed(file.ledger().lastHour());
    batch.append(nowMillis);
    while (notes.isPending()) { // rows for which the last group had no room left
      batch.clear();
      batch.append(nowMillis);
    }
    return new Found(entries, killed, scan.unfinished());
  }

  private Found recoverChecked(RingFile file) throws LogFailedException {
    Ring ring = file.ring();
    long ringId = file.header().ringId();
    // Tail and head may be older than the pages beside them: what counts is each message's own
    // word.
    long from = Math.max(ring.head() & ~7L, log.recoveredRingEnd(ringId).orElse(0L));
    Scan scan = new Scan(ring, from, from + ring.capacity(), true);
    Batch batch = new Batch(log, group, notesOf(file), ringId, from);
    long entries = drain(scan, batch);
    batch.append(nowMillis);
    return new Found(entries, 0, 0);
  }

  private LedgerNotes notesOf(RingFile file) {
    long id = file.header().ringId();
    return new LedgerNotes(id, file.ledger(), log.recoveredLedgers().getOrDefault(id, Map.of()));
  }

  private long drain(Scan scan, Batch batch) throws LogFailedException {
    long entries = 0;
    List<Scan.Message> set = scan.next();
    while (!set.isEmpty()) {
      for (Scan.Message message : set) {
        if (!add(scan, batch, message)) {
          batch.append(nowMillis);
          batch.clear();
          if (!add(scan, batch, message)) {
            events.recovered("ring: entry too large for a group: bytes=" + message.length());
          }
        }
      }
      entries++;
      set = scan.next();
    }
    return entries;
  }

  private static boolean add(Scan scan, Batch batch, Scan.Message message) {
    return batch.add(
        scan.ring.memory(),
        scan.ring.payloadAt(message.position()),
        message.length(),
        message.head(),
        message.end());
  }

  /// Walks over what may be cut anywhere, and answers whole entries.
  static final class Scan {
    /// A committed message.
    record Message(long position, int length, EntryHead head, long end) {}

    private final Ring ring;
    private final long to;
    private final boolean checkedOnly;
    private long position;
    private long unfinished;

    /// @param checkedOnly only messages whose checksum holds count
    Scan(Ring ring, long from, long to, boolean checkedOnly) {
      this.ring = ring;
      this.position = from;
      this.to = Math.min(to, from + ring.capacity());
      this.checkedOnly = checkedOnly;
    }

    long unfinished() {
      return unfinished;
    }

    /// The next whole entry's messages; empty at the end.
    List<Message> next() {
      List<Message> set = new ArrayList<>(1);
      while (position < to) {
        Message message = step();
        if (message == null) {
          continue;
        }
        EntryHead head = message.head();
        boolean continues =
            !set.isEmpty()
                && set.getLast().head().entryId() == head.entryId()
                && head.part() == set.size();
        if (!continues) {
          unfinished += set.isEmpty() ? 0 : 1;
          set.clear();
        }
        if (continues || head.part() == 0) {
          set.add(message); // else a part whose first was never committed: nobody was promised it
        }
        if (!set.isEmpty() && set.size() == head.parts()) {
          return set;
        }
      }
      return List.of();
    }

    private @Nullable Message step() {
      long at = position;
      int length = ring.lengthAt(at);
      long end = at + Ring.aligned(Math.abs(length) - Ring.HEADER_BYTES);
      boolean plausible =
          Math.abs(length) >= Ring.HEADER_BYTES
              && end <= to
              && end - at <= ring.capacity() - (at & (ring.capacity() - 1L));
      if (!plausible) {
        position = at + 8;
        return null;
      }
      if (length < 0 || ring.typeAt(at) == Ring.TYPE_PADDING) {
        // Among pages of different moments a length proves nothing.
        position = checkedOnly ? at + 8 : end;
        unfinished += length < 0 && ring.typeAt(at) != Ring.TYPE_PADDING ? 1 : 0;
        return null;
      }
      return message(at, length - Ring.HEADER_BYTES, end);
    }

    private @Nullable Message message(long at, int length, long end) {
      EntryHead head = EntryHead.read(ring.memory(), ring.payloadAt(at), length);
      boolean ours =
          head != null
              && head.position() == at
              && (!checkedOnly
                  || (head.isChecked()
                      && EntryHead.holds(ring.memory(), ring.payloadAt(at), length)));
      if (head == null || !ours) {
        position = at + 8;
        return null;
      }
      position = end;
      return new Message(at, length, head, end);
    }
  }
}
