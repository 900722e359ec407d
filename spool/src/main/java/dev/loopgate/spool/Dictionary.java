package dev.loopgate.spool;

import java.util.LinkedHashMap;
import java.util.Map;

/// The numbers the writer gave to models, all of which stand in the current segment, so that each
/// segment can be read alone. Confined to `spool-writer`.
final class Dictionary {
  private final Map<ModelKey, Integer> ids = new LinkedHashMap<>();
  private final int bytesMax;
  private int nextId;
  private int bytes;

  /// @param nextId above every number found in the log
  /// @param bytesMax all begin anew when their records take more
  Dictionary(int nextId, int bytesMax) {
    this.nextId = nextId;
    this.bytesMax = bytesMax;
  }

  /// The key's number, -1 when it has none yet.
  int idOf(ModelKey key) {
    return ids.getOrDefault(key, -1);
  }

  /// The number [#add] will give.
  int nextId() {
    return nextId;
  }

  /// Gives the next number.
  void add(ModelKey key, int recordBytes) {
    ids.put(key, nextId++);
    bytes += recordBytes;
  }

  /// Takes a number back whose record reached no segment.
  void remove(ModelKey key, int recordBytes) {
    ids.remove(key);
    bytes -= recordBytes;
  }

  /// A number that recovery found, for records that are written again.
  void adopt(ModelKey key, int id) {
    ids.put(key, id);
  }

  boolean isOverfull() {
    return bytes > bytesMax;
  }

  void clear() {
    ids.clear();
    bytes = 0;
  }

  Map<ModelKey, Integer> ids() {
    return ids;
  }
}
