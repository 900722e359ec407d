package dev.loopgate.spool;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.TimeSource;
import org.jspecify.annotations.Nullable;

/// One producer of the ring. Confined to the thread that opened it.
final class RingLane implements SpoolLane {
  /// An entry larger than this is not kept: `dropped{too_large}`.
  static final int ENTRY_BYTES_MAX = 32 << 20;

  /// A message of the ring carries at most this much of an entry.
  static final int PART_BYTES_MAX = 1 << 20;

  /// What all lanes of a spool share.
  record Shared(
      RingFile file,
      boolean checked,
      Intake intake,
      ForceTickets tickets,
      Runnable wakeWriter,
      TimeSource time,
      SpoolEvents events,
      long forceTimeoutNanos) {}

  private final int lane;
  private final Shared shared;
  private final Ring ring;
  private final Ledger ledger;
  private final int reserveBytes; // for feedback alone
  private final EncodedEntry encoded = new EncodedEntry();
  private final EntryHead.Facts facts = new EntryHead.Facts();
  private long hour = Long.MIN_VALUE;

  RingLane(int lane, Shared shared) {
    this.lane = lane;
    this.shared = shared;
    this.ring = shared.file().ring();
    this.ledger = shared.file().ledger();
    this.reserveBytes = ring.capacity() / 8;
  }

  @Override
  public void begun(EntryKind kind, int slot, long startMillis) {
    count(kind, slot, startMillis, Ledger.BEGUN);
  }

  @Override
  public Appended append(Prediction prediction, int slot) {
    Appended appended = offer(prediction, slot);
    if (appended != null) {
      return appended;
    }
    EntryCodec.encode(prediction.withoutBodies(), encoded, ENTRY_BYTES_MAX);
    if (put(prediction, slot, ForceTickets.NONE, reserveBytes)) {
      count(EntryKind.PREDICTION, slot, prediction.timeMillis(), Ledger.ACCEPTED);
      shared.events().entryCut();
      return Appended.ACCEPTED_WITHOUT_BODIES;
    }
    return drop(prediction, slot, DropReason.RING_FULL, Appended.FULL);
  }

  @Override
  public Appended append(AccessRecord access, int slot) {
    Appended appended = offer(access, slot);
    return appended == null ? drop(access, slot, DropReason.RING_FULL, Appended.FULL) : appended;
  }

  /// Null when the ring has no room for it; nothing is counted then.
  private @Nullable Appended offer(Entry entry, int slot) {
    if (shared.intake().takesNothing()) {
      return drop(entry, slot, DropReason.SPOOL_FAILED, Appended.CLOSED);
    }
    if (!shared.intake().takesPredictions()) {
      return drop(entry, slot, DropReason.SPOOL_FULL, Appended.FULL);
    }
    if (!EntryCodec.encode(entry, encoded, ENTRY_BYTES_MAX)) {
      encoded.clear();
      return drop(entry, slot, DropReason.TOO_LARGE, Appended.FULL);
    }
    if (!put(entry, slot, ForceTickets.NONE, reserveBytes)) {
      return null;
    }
    count(entry.kind(), slot, entry.timeMillis(), Ledger.ACCEPTED);
    return Appended.ACCEPTED;
  }

  @Override
  public void sampledOut(EntryKind kind, int slot, long endMillis) {
    count(kind, slot, endMillis, Ledger.SAMPLED_OUT);
  }

  @Override
  public void dropped(EntryKind kind, int slot, DropReason reason, long endMillis) {
    count(kind, slot, endMillis, Ledger.DROPPED + reason.number());
    shared.events().entryDropped(reason);
  }

  @Override
  public Appended appendForced(Feedback feedback, int slot, ForceListener listener) {
    count(EntryKind.FEEDBACK, slot, feedback.timeMillis(), Ledger.BEGUN);
    if (shared.intake().takesNothing()) {
      return drop(feedback, slot, DropReason.SPOOL_FAILED, Appended.CLOSED);
    }
    if (!shared.intake().takesFeedback()) {
      return drop(feedback, slot, DropReason.SPOOL_FULL, Appended.FULL);
    }
    if (!EntryCodec.encode(feedback, encoded, ENTRY_BYTES_MAX)) {
      encoded.clear();
      return drop(feedback, slot, DropReason.TOO_LARGE, Appended.FULL);
    }
    // Opened before the commit: the writer may force the entry the moment after.
    long ticket =
        shared.tickets().open(listener, shared.time().nanos() + shared.forceTimeoutNanos());
    if (ticket == ForceTickets.NONE) {
      encoded.clear();
      return drop(feedback, slot, DropReason.RING_FULL, Appended.FULL);
    }
    if (!put(feedback, slot, ticket, 0)) {
      shared.tickets().cancel(ticket);
      return drop(feedback, slot, DropReason.RING_FULL, Appended.FULL);
    }
    count(EntryKind.FEEDBACK, slot, feedback.timeMillis(), Ledger.ACCEPTED);
    shared.wakeWriter().run();
    return Appended.ACCEPTED;
  }

  private Appended drop(Entry entry, int slot, DropReason reason, Appended answer) {
    dropped(entry.kind(), slot, reason, entry.timeMillis());
    return answer;
  }

  private void count(EntryKind kind, int slot, long millis, int field) {
    long now = Ledger.hourOf(millis);
    if (now != hour) {
      hour = now;
      ledger.hourIs(now);
    }
    ledger.count(lane, inRange(slot), kind, now, field);
  }

  /// Copies the encoded entry into the ring, whole or not at all; true when it is there.
  private boolean put(Entry entry, int slot, long ticket, int reserve) {
    describe(entry, slot, ticket);
    int headLength = facts.headLength();
    int partMax = Math.min(PART_BYTES_MAX, ring.payloadBytesMax() - headLength);
    int length = encoded.length();
    int parts = (length + partMax - 1) / partMax;
    int message = headLength + Math.min(length, partMax);
    int lastMessage = headLength + length - (parts - 1) * partMax;
    long claimed = ring.claim(parts, message, lastMessage, reserve);
    if (claimed == Ring.FULL) {
      return false;
    }
    boolean copied = false;
    try {
      copyParts(claimed, parts, message, lastMessage, partMax);
      copied = true;
    } finally {
      finishParts(claimed, parts, message, lastMessage, copied);
      encoded.clear();
    }
    return true;
  }

  private void describe(Entry entry, int slot, long ticket) {
    facts.kind = entry.kind();
    facts.flags =
        (ticket == ForceTickets.NONE ? 0 : EntryHead.FLAG_FORCED)
            | (shared.checked() ? EntryHead.FLAG_CHECKED : 0);
    facts.slot = inRange(slot);
    facts.lane = lane;
    facts.timeMillis = entry.timeMillis();
    facts.ticket = ticket;
    facts.name = EntryHead.nameBytes(entry.model().name());
    facts.version = EntryHead.nameBytes(entry.model().version());
  }

  private void copyParts(long claimed, int parts, int message, int lastMessage, int partMax) {
    facts.entryId = claimed;
    long position = claimed;
    for (int part = 0; part < parts; part++) {
      int length = part < parts - 1 ? message : lastMessage;
      long place = ring.placeOf(position, length);
      long at = ring.payloadAt(place);
      int headLength = facts.headLength();
      EntryHead.write(ring.memory(), at, facts, place, part, parts, encoded.length());
      encoded.copyTo(ring.memory(), at + headLength, part * partMax, length - headLength);
      if (shared.checked()) {
        EntryHead.seal(ring.memory(), at, length);
      }
      position = ring.endOf(place, length);
    }
  }

  // From the second part on, the first last: with its commit the entry is accepted, all of it at
  // once.
  private void finishParts(long claimed, int parts, int message, int lastMessage, boolean copied) {
    int firstLength = parts > 1 ? message : lastMessage;
    long first = ring.placeOf(claimed, firstLength);
    long position = ring.endOf(first, firstLength);
    for (int part = 1; part < parts; part++) {
      int length = part < parts - 1 ? message : lastMessage;
      long place = ring.placeOf(position, length);
      finish(place, length, copied);
      position = ring.endOf(place, length);
    }
    finish(first, firstLength, copied);
  }

  private void finish(long place, int length, boolean copied) {
    if (copied) {
      ring.commit(place, length); // before append returns: from here on a kill loses nothing (P1)
    } else {
      ring.abort(place, length);
    }
  }

  private static int inRange(int slot) {
    return slot < 0 || slot > Ledger.SLOTS_MAX ? Ledger.OTHER_SLOT : slot;
  }
}
