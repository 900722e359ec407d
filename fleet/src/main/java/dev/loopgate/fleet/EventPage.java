package dev.loopgate.fleet;

import java.util.List;

/// Some events of a kind, the oldest first.
///
/// @param events empty when nothing is new
/// @param cursor where to go on; never less than what an earlier page said
/// @param cutOff whether events between what was asked for and these are not known any more: who
///   follows has to list everything once
public record EventPage(List<DeclaredEvent> events, long cursor, boolean cutOff) {
  public EventPage {
    events = List.copyOf(events);
  }
}
