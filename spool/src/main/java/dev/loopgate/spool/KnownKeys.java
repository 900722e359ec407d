package dev.loopgate.spool;

import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// What a reader knows of the log's dictionaries. A number is given once in the life of a log, so
/// all segments share it. Callers name models, so it is bounded: what came first goes first, and
/// whoever misses it finds the same in the entry itself, only slower. Confined to its reader.
final class KnownKeys {
  /// The predictions and the feedback of 10,000 models, with some room.
  static final int KEYS_MAX = 24_000;

  private static final int CHARS_MAX = 4 << 20;

  private final LinkedHashMap<Integer, ModelKey> keys = new LinkedHashMap<>();
  private long chars;

  /// What the dictionary says of the number; null when it is not known, or no more.
  @Nullable ModelKey of(int id) {
    return keys.get(id);
  }

  void add(int id, ModelKey key) {
    ModelKey before = keys.put(id, key);
    chars += charsOf(key) - (before == null ? 0 : charsOf(before));
    while (keys.size() > KEYS_MAX || chars > CHARS_MAX) {
      chars -= charsOf(keys.pollFirstEntry().getValue());
    }
  }

  private static int charsOf(ModelKey key) {
    return key.name().length() + key.version().length();
  }
}
