package dev.loopgate.app;

import java.util.List;
import java.util.Map;

/// A value as somebody wrote it, before its kind is looked at, and where it was written.
sealed interface Raw {
  /// Where: an option, a variable, or a place in a file.
  String where();

  /// A plain word or text.
  record Text(String where, String text) implements Raw {}

  /// A list.
  record Items(String where, List<Raw> items) implements Raw {
    public Items {
      items = List.copyOf(items);
    }
  }

  /// A mapping, in the order of the file.
  record Fields(String where, Map<String, Raw> fields) implements Raw {}
}
