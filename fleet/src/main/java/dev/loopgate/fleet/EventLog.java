package dev.loopgate.fleet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The last events of one kind, bounded; for stores. Guarded by the lock of its store.
public final class EventLog {
  private record Kept(DeclaredEvent event, int bytes) {}

  private final int countMax;
  private final long bytesMax;
  private final Deque<Kept> kept = new ArrayDeque<>(); // bounded by what add takes out
  private long bytes;
  private long first; // whatever happened after this one is kept
  private long last;

  /// A log without events, of which nobody knows what happened up to `cursor`.
  ///
  /// @param countMax events that are kept at most
  /// @param bytesMax bytes of what they carry that are kept at most
  /// @param cursor not less than any that an earlier log of this kind gave; 0 for the first
  public EventLog(int countMax, long bytesMax, long cursor) {
    this.countMax = countMax;
    this.bytesMax = bytesMax;
    this.first = cursor;
    this.last = cursor;
  }

  /// Adds an event; the oldest go where there are too many.
  ///
  /// @param eventBytes of what it carries
  public void add(DeclaredEvent event, int eventBytes) {
    if (event.cursor() <= last) {
      throw new IllegalArgumentException(
          "event: cursor=" + event.cursor() + ", allowed=above " + last);
    }
    last = event.cursor();
    kept.addLast(new Kept(event, eventBytes));
    bytes += eventBytes;
    while (kept.size() > countMax || bytes > bytesMax) {
      Kept gone = kept.removeFirst();
      bytes -= gone.bytes();
      first = gone.event().cursor();
    }
  }

  /// What happened after `cursor`, at most `limit` of it.
  ///
  /// @param cursor as a page said it, 0 for everything
  /// @param limit from 1 on: a page of none would say that nothing is new
  public EventPage after(long cursor, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit: value=" + limit + ", allowed=1 or more");
    }
    List<DeclaredEvent> events = new ArrayList<>();
    for (Kept each : kept) {
      if (each.event().cursor() > cursor && events.size() < limit) {
        events.add(each.event());
      }
    }
    // One that was never given is of another store, and so is what its holder knows.
    boolean cutOff = cursor < first || cursor > last;
    return new EventPage(events, events.isEmpty() ? last : events.getLast().cursor(), cutOff);
  }
}
