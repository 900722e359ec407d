package dev.loopgate.tidy;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The arrows between rooms as ARCHITECTURE.md draws them.
///
/// @param arrows room -> the rooms it may import
record Drawing(SortedMap<String, SortedSet<String>> arrows) {
  private static final Pattern BLOCK =
      Pattern.compile("^## The arrows$.*?^```text$(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern ARROW = Pattern.compile("([a-z-]+) -> ([a-z-]+(?: [a-z-]+)*)");

  static Drawing inTheArchitecture() {
    Matcher block = BLOCK.matcher(Repository.read("ARCHITECTURE.md"));
    if (!block.find()) {
      throw new IllegalStateException("ARCHITECTURE.md: no text block under `## The arrows`");
    }
    SortedMap<String, SortedSet<String>> arrows = new TreeMap<>();
    Matcher arrow = ARROW.matcher(block.group(1));
    while (arrow.find()) {
      SortedSet<String> rooms = new TreeSet<>();
      for (String room : arrow.group(2).split(" ", -1)) {
        if (!room.equals("nothing")) {
          rooms.add(room);
        }
      }
      if (arrows.put(arrow.group(1), rooms) != null) {
        throw new IllegalStateException("ARCHITECTURE.md: drawn twice: room=" + arrow.group(1));
      }
    }
    return new Drawing(Collections.unmodifiableSortedMap(arrows));
  }

  /// Whether the drawing lets `from` import `to`.
  boolean allows(String from, String to) {
    return from.equals(to) || arrows.getOrDefault(from, Collections.emptySortedSet()).contains(to);
  }

  Map<String, SortedSet<String>> byRoom() {
    return arrows;
  }
}
