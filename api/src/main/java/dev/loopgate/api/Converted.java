package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// A document in the words of one dialect, with the references of its own. Parts may be in it more
/// than once, as one node: nobody changes them.
///
/// @param paths path items by path
/// @param components by kind, in the words of OpenAPI 3, and name
/// @param schemes how callers may be known to the model, by name
/// @param omitted what has no form in the dialect
record Converted(
    ObjectNode paths,
    Map<String, ObjectNode> components,
    ObjectNode schemes,
    SortedSet<String> omitted) {
  /// The methods of a path item, in both dialects.
  static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch");

  static Converted of(ApiDocument document, Dialect to) throws RefusedDocumentException {
    if (document.dialect() == to) {
      Map<String, ObjectNode> components = new TreeMap<>();
      for (String kind : to.kinds().values()) {
        if (document.components(kind) instanceof ObjectNode named && !named.isEmpty()) {
          components.put(kind, named);
        }
      }
      return new Converted(document.paths(), components, schemes(document, to), new TreeSet<>());
    }
    return to == Dialect.OPENAPI_3
        ? new SwaggerUpgrade(document).convert()
        : new SwaggerDowngrade(document).convert();
  }

  /// Those of the model's own schemes for which a page needs nobody else.
  static ObjectNode schemes(ApiDocument document, Dialect to) {
    ObjectNode schemes = JsonNodeFactory.instance.objectNode();
    JsonNode own =
        document.dialect() == Dialect.SWAGGER_2
            ? document.tree().path("securityDefinitions")
            : document.tree().path("components").path("securitySchemes");
    for (Map.Entry<String, JsonNode> each : own.properties()) {
      JsonNode scheme = document.resolved(each.getValue());
      String type = scheme.path("type").asText("");
      String in = scheme.path("in").asText("");
      boolean isBasic =
          type.equals("basic")
              || (type.equals("http") && scheme.path("scheme").asText("").equals("basic"));
      if (isBasic) {
        ObjectNode basic = schemes.putObject(each.getKey());
        if (to == Dialect.SWAGGER_2) {
          basic.put("type", "basic");
        } else {
          basic.put("type", "http").put("scheme", "basic");
        }
      } else if (type.equals("apiKey") && (in.equals("header") || in.equals("query"))) {
        schemes
            .putObject(each.getKey())
            .put("type", "apiKey")
            .put("in", in)
            .put("name", scheme.path("name").asText(""));
      }
    }
    return schemes;
  }
}
