package dev.loopgate.fleet;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/// Maps that compare, print and are written in one order.
final class Sorted {
  private Sorted() {}

  static Map<String, String> copyOf(Map<String, String> map) {
    return map.isEmpty() ? Map.of() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
  }
}
