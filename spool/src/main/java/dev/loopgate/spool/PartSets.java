package dev.loopgate.spool;

import dev.loopgate.spool.RecordLayout.PartHead;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The entries in parts that are not complete, and the complete ones that lie across segments: what
/// recycling must not take away. `spool-writer` adds, `shipper` asks; any thread.
///
/// At most one open set a lane; a segment's end is crossed by at most as many.
final class PartSets {
  /// A set that waits for its next part.
  record Open(long entryId, int next, int count, LogPosition first, LogPosition last) {}

  private record Span(LogPosition first, LogPosition last) {}

  private final Map<Integer, Open> open = new HashMap<>();
  private final List<Span> spans = new ArrayList<>();
  private long ringId;

  /// Another ring: no set goes on.
  synchronized void ring(long id) {
    if (id != ringId) {
      ringId = id;
      open.clear();
    }
  }

  synchronized @Nullable Open of(int lane) {
    return open.get(lane);
  }

  /// The lane began something else.
  synchronized void discard(int lane) {
    open.remove(lane);
  }

  /// A part is durable at `at`; false when the parts before it are not there, so that its set will
  /// never be whole.
  synchronized boolean add(PartHead part, LogPosition at) {
    Open before = open.remove(part.lane());
    LogPosition first;
    if (part.number() == 0) {
      first = at;
    } else if (before != null
        && before.entryId() == part.entryId()
        && before.next() == part.number()) {
      first = before.first();
    } else {
      return false;
    }
    if (!part.isLast()) {
      open.put(part.lane(), new Open(part.entryId(), part.number() + 1, part.count(), first, at));
    } else if (first.segment() != at.segment()) {
      spans.add(new Span(first, at));
    }
    return true;
  }

  /// The first position that must stay when nothing before `position` is needed for itself.
  synchronized LogPosition needed(LogPosition position) {
    spans.removeIf(span -> span.last().compareTo(position) < 0);
    return Stream.concat(
            Stream.of(position),
            Stream.concat(open.values().stream().map(Open::first), spans.stream().map(Span::first)))
        .min(Comparator.naturalOrder())
        .orElse(position);
  }
}
