package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// What is done to trees of JSON again and again.
final class Trees {
  private Trees() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /// Puts a field there, too, if it is there.
  static void copy(JsonNode from, String key, ObjectNode to) {
    copy(from, key, to, key);
  }

  /// The same under another name.
  static void copy(JsonNode from, String key, ObjectNode to, String as) {
    JsonNode value = from.get(key);
    if (value != null) {
      to.set(as, value);
    }
  }
}
