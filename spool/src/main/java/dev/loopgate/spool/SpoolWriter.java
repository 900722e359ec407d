package dev.loopgate.spool;

import dev.loopgate.capture.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Moves entries from the ring to the log. `doWork` belongs to the one thread named `spool-writer`,
/// which must never be interrupted: an interrupt closes a `FileChannel`.
final class SpoolWriter {
  /*
   * Forced at once when a feedback waits; else when the oldest capture is 10 ms in our hands (so at most
   * 15 ms old) or enough wait: a kill loses nothing of the ring, only a power cut asks for the force.
   *
   * The counts of the lanes are read ten times a second and not for each group: they lie in mapped memory
   * that a kill leaves alone, so noting them is for the manifests and for a power cut, which loses what
   * the last note does not have, and says so in a gap. What was accepted is counted from the very heads
   * that go into the group, so entries and their count become durable by one force.
   */

  private static final long COUNT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long MARKER_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Ring ring;
  private final Ledger ledger;
  private final Log log;
  private final LedgerNotes notes;
  private final Batch batch;
  private final Intake intake;
  private final ForceTickets tickets;
  private final SpoolEvents events;
  private final TimeSource time;
  private final long forceAfterNanos;
  private final int forceAfterBytes;

  private final List<Long> ticketsInBatch = new ArrayList<>();
  private long peeked; // position: messages before it are in the batch, or in the log
  private boolean full; // the next message does not fit the batch
  private boolean amidSet; // the last message taken was not its entry's last
  private boolean waits; // a ticket is in the batch
  private long oldestNanos; // when the first message came into the batch
  private long countedNanos;
  private long forcedNanos;
  private long failedNanos;
  private boolean marked = true; // the log ends in a marker, or is empty
  private volatile long logged;

  SpoolWriter(RingFile file, Log log, Group group, SpoolConfig config, RingLane.Shared shared) {
    this.ring = file.ring();
    this.ledger = file.ledger();
    this.log = log;
    this.notes = new LedgerNotes(file.header().ringId(), ledger, Map.of());
    this.peeked = ring.head();
    this.batch = new Batch(log, group, notes, file.header().ringId(), peeked);
    this.intake = shared.intake();
    this.tickets = shared.tickets();
    this.events = shared.events();
    this.time = shared.time();
    this.forceAfterNanos = config.forceAfter().toNanos();
    this.forceAfterBytes = Math.min(config.forceAfterBytes(), ring.capacity() / 4);
    this.countedNanos = time.nanos() - COUNT_NANOS;
    this.forcedNanos = time.nanos();
    intake.fillPercent(log.fillPercent());
  }

  /// Runs until the intake is closed and everything is in the log, or the disk refuses it.
  void run() {
    while (!Thread.currentThread().isInterrupted()) {
      int done;
      try {
        done = doWork(time.nanos());
      } catch (RuntimeException e) {
        fail(time.nanos(), "spool-writer: " + e); // a bug: say so, and try again at the next probe
        done = 0;
      }
      if (done == 0 && intake.isClosed() && (intake.isFailed() || isDrained())) {
        return;
      }
      if (done == 0 && !log.fillPool()) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
    }
  }

  /// Makes what waits in the ring durable, with one force for all. Returns the count of what it
  /// did; 0 is idle.
  int doWork(long nowNanos) {
    if (intake.isFailed()) {
      return nowNanos - failedNanos >= PROBE_NANOS ? probe(nowNanos) : 0;
    }
    fill(nowNanos);
    count(nowNanos);
    if (!isDue(nowNanos)) {
      return 0;
    }
    return force(nowNanos);
  }

  /// Nothing is left to be noted, nothing in the ring, and nothing comes into it any more.
  private boolean isDrained() {
    return batch.isEmpty() && !notes.isPending() && ring.sealEmpty();
  }

  /// After the intake was closed and the ring drained: counts what is still open as dropped, and
  /// ends the log with a marker. True when all of it is durable.
  boolean finish(long nowNanos) {
    if (intake.isFailed() || !isDrained()) {
      return false;
    }
    count(nowNanos + COUNT_NANOS);
    notes.killed(Ledger.hourOf(time.epochMillis()));
    batch.addMarker(time.epochMillis());
    force(nowNanos);
    return !intake.isFailed();
  }

  /// Entries made durable. Any thread.
  long logged() {
    return logged;
  }

  private void fill(long nowNanos) {
    while (!full && peeked < ring.tail()) {
      int length = ring.peek(peeked);
      if (length == 0) {
        break; // claimed and not yet whole: what is behind it waits too
      }
      long end = ring.skip(peeked);
      if (length == Ring.TYPE_PADDING) {
        peeked = end;
        continue;
      }
      take(length, end, nowNanos);
    }
    if (batch.isEmpty() && !amidSet && peeked > ring.head()) {
      batch.skipTo(peeked);
      ring.release(peeked); // padding only: there is nothing that the log could keep
    }
  }

  private void take(int length, long end, long nowNanos) {
    long at = ring.payloadAt(peeked);
    EntryHead head = EntryHead.read(ring.memory(), at, length);
    if (head == null) {
      events.recovered("ring: no entry at position=" + peeked + ", bytes=" + length + ", left out");
      peeked = end;
      return;
    }
    boolean first = batch.isEmpty();
    if (!batch.add(ring.memory(), at, length, head, end)) {
      full = true;
      return;
    }
    amidSet = !head.isLastPart();
    if (first) {
      oldestNanos = nowNanos;
    }
    if (head.ticket() != ForceTickets.NONE && head.isLastPart()) {
      ticketsInBatch.add(head.ticket());
      waits = true;
    }
    peeked = end;
  }

  private void count(long nowNanos) {
    if (nowNanos - countedNanos >= COUNT_NANOS || intake.isClosed()) {
      countedNanos = nowNanos;
      notes.scan(() -> Ledger.hourOf(time.epochMillis()));
      ledger.hourIs(Ledger.hourOf(time.epochMillis()));
      intake.fillPercent(log.fillPercent());
    }
  }

  private boolean isDue(long nowNanos) {
    if (batch.isEmpty()) {
      if (!marked && nowNanos - forcedNanos >= MARKER_NANOS) {
        marked = batch.addMarker(time.epochMillis());
        return true;
      }
      return notes.isPending() && countedNanos == nowNanos;
    }
    return waits
        || full
        || intake.isClosed()
        || nowNanos - oldestNanos >= forceAfterNanos
        || batch.bytes() >= forceAfterBytes;
  }

  private int force(long nowNanos) {
    int entries = batch.entries();
    try {
      batch.append(time.epochMillis());
    } catch (LogFailedException e) {
      fail(nowNanos, String.valueOf(e.getMessage()));
      return 0;
    }
    long before = logged;
    logged = before + entries; // this thread alone writes it
    for (long ticket : ticketsInBatch) {
      tickets.tell(
          ticket, ForceListener.Outcome.DURABLE); // after the force: it is answered 200 (P2)
    }
    ring.release(batch.consumedTo()); // last: until here the ring holds the copy to write again
    batch.clear();
    ticketsInBatch.clear();
    full = false;
    waits = false;
    marked = entries == 0 && marked;
    forcedNanos = nowNanos;
    intake.fillPercent(log.fillPercent());
    return Math.max(1, entries);
  }

  private int probe(long nowNanos) {
    if (!log.probe(notes::snapshot)) {
      failedNanos = nowNanos;
      return 0;
    }
    boolean _ = log.fillPool(); // looks at the free space, too: what was full may have room now
    intake.fillPercent(log.fillPercent());
    intake.failed(false);
    int done = batch.isEmpty() ? 0 : force(nowNanos);
    if (!intake.isFailed()) {
      events.spoolRecovered();
    }
    return done;
  }

  private void fail(long nowNanos, String message) {
    intake.failed(true);
    failedNanos = nowNanos;
    events.spoolFailed(message);
    tickets.tellAllUnknown();
  }
}
