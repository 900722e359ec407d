package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON merge patch (RFC 7396). Neither tree is changed; both are as deep as [DeclaredBody]
/// allows.
final class MergePatch {
  private MergePatch() {}

  /// @param target null for what is not there
  static JsonNode apply(@Nullable JsonNode target, JsonNode patch) {
    if (!patch.isObject()) {
      return patch;
    }
    ObjectNode merged = JsonNodeFactory.instance.objectNode();
    if (target instanceof ObjectNode fields) {
      merged.setAll(fields);
    }
    for (Map.Entry<String, JsonNode> each : patch.properties()) {
      if (each.getValue().isNull()) {
        merged.remove(each.getKey());
      } else {
        merged.set(each.getKey(), apply(merged.get(each.getKey()), each.getValue()));
      }
    }
    return merged;
  }
}
