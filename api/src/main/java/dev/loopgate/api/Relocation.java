package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Copies parts of one document to where the catalogue has them: what is referred to has the
/// deployment's id before its name, and whatever refers to it says so. What refers to nothing is
/// left out. Confined to one thread.
///
/// What is shown is bounded by what is copied: the same part may have been put in many places.
final class Relocation {
  /// Characters that may be copied of one document for all its routes; of more it is refused.
  static final int CHARS_MAX = 2 << 20;

  private static final int NODE_CHARS = 4; // quotes, commas, braces

  // Below these stand names, not keywords.
  private static final Set<String> NAMES =
      Set.of(
          "properties",
          "patternProperties",
          "definitions",
          "$defs",
          "dependentSchemas",
          "responses",
          "parameters",
          "headers",
          "content",
          "encoding",
          "callbacks",
          "links",
          "examples");

  // Below these stands whatever the model takes or gives.
  private static final Set<String> DATA = Set.of("example", "default", "enum", "const", "value");

  // What would lead a page elsewhere, or mean another place than the catalogue's.
  private static final Set<String> LEFT_OUT =
      Set.of(
          "$id",
          "$schema",
          "$anchor",
          "$dynamicAnchor",
          "$dynamicRef",
          "$recursiveAnchor",
          "$recursiveRef",
          "servers",
          "server",
          "schemes",
          "externalValue",
          "operationRef");

  /// Where a copy goes.
  ///
  /// @param route its id, which begins the id of each operation
  /// @param prefix what stands before each path
  record Place(String route, String prefix) {}

  private final ApiDocument source;
  private final Dialect to;
  private final String deployment;
  private final Map<String, String> names = new HashMap<>(); // by kind and name
  private final Map<String, String> schemes = new HashMap<>();
  private final Map<String, Integer> taken = new HashMap<>(); // how often, by kind and name
  private long chars;

  /// @param source what references are looked up in
  /// @param to what the copies are
  Relocation(ApiDocument source, Dialect to, String deployment) {
    this.source = source;
    this.to = to;
    this.deployment = deployment;
    for (String kind : source.dialect().kinds().values()) {
      for (Map.Entry<String, JsonNode> each : source.components(kind).properties()) {
        names.put(kind + "/" + each.getKey(), fresh(kind, each.getKey()));
      }
    }
  }

  /// Characters that were copied so far.
  long chars() {
    return chars;
  }

  /// The name that something has in the catalogue.
  String name(String kind, String name) {
    return names.getOrDefault(kind + "/" + name, deployment + "." + name);
  }

  /// The name that a security scheme has in the catalogue, from now on, too.
  String scheme(String name) {
    return schemes.computeIfAbsent(name, each -> fresh("schemes", each));
  }

  private String fresh(String kind, String name) {
    String plain = deployment + "." + name.replaceAll("[^A-Za-z0-9._-]", "_");
    int count = taken.merge(kind + "/" + plain, 1, Integer::sum);
    return count == 1 ? plain : fresh(kind, name + "." + count);
  }

  /// A copy of an object of the document's own keywords.
  ObjectNode copy(ObjectNode node, Place place) throws RefusedDocumentException {
    return object(node, false, place);
  }

  /// Counts what is copied otherwise.
  void charge(long more) throws RefusedDocumentException {
    chars += more;
    if (chars > CHARS_MAX) {
      throw new RefusedDocumentException(
          "more than " + CHARS_MAX + " characters would have to be shown for it");
    }
  }

  private JsonNode node(JsonNode node, boolean isNames, Place place)
      throws RefusedDocumentException {
    if (node instanceof ObjectNode fields) {
      return object(fields, isNames, place);
    }
    if (node instanceof ArrayNode items) {
      charge(NODE_CHARS);
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      for (JsonNode each : items) {
        JsonNode item = node(each, false, place);
        // What referred to nothing is nothing in a list of parameters or schemas.
        if (!(each.path("$ref").isTextual() && item.isEmpty())) {
          copy.add(item);
        }
      }
      return copy;
    }
    return data(node);
  }

  private ObjectNode object(ObjectNode fields, boolean isNames, Place place)
      throws RefusedDocumentException {
    charge(NODE_CHARS);
    ObjectNode copy = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> each : fields.properties()) {
      String key = each.getKey();
      charge(key.length() + NODE_CHARS);
      boolean isName = isNames && !(key.equals("$ref") && each.getValue().isTextual());
      JsonNode value =
          isName ? node(each.getValue(), false, place) : keyword(key, each.getValue(), place);
      if (value != null) {
        copy.set(key, value);
      }
    }
    if (!isNames && to == Dialect.OPENAPI_3) {
      asOpenApi31(copy);
    }
    return copy;
  }

  private @Nullable JsonNode keyword(String key, JsonNode value, Place place)
      throws RefusedDocumentException {
    if (LEFT_OUT.contains(key)) {
      return null;
    }
    if (key.equals("$ref") && value.isTextual()) {
      String target = target(value.textValue(), place);
      return target == null ? null : text(target);
    }
    if (key.equals("operationId") && value.isTextual()) {
      return text(place.route() + "." + value.textValue());
    }
    if (key.equals("security")) {
      return value.isArray() ? security(value) : null;
    }
    if (key.equals("discriminator") && value.isObject()) {
      return discriminator(value, place);
    }
    if (DATA.contains(key) || key.startsWith("x-") || (key.equals("examples") && value.isArray())) {
      JsonNode copy = data(value); // before it is looked through: that takes as long
      // What looks like a reference would be taken for one by who shows it.
      return value.findValue("$ref") == null ? copy : null;
    }
    return node(value, NAMES.contains(key) && value.isObject(), place);
  }

  /// What is data stays as it is, whatever it looks like.
  private JsonNode data(JsonNode node) throws RefusedDocumentException {
    charge(NODE_CHARS + (node.isContainerNode() ? 0 : node.asText().length()));
    for (Map.Entry<String, JsonNode> each : node.properties()) {
      charge(each.getKey().length());
    }
    for (JsonNode each : node) {
      JsonNode _ = data(each);
    }
    return node;
  }

  private JsonNode text(String text) throws RefusedDocumentException {
    return data(TextNode.valueOf(text));
  }

  /// Where a reference leads in the catalogue; null when that is nowhere.
  private @Nullable String target(String reference, Place place) {
    String pointer = source.pointer(reference).orElse(null);
    if (pointer == null) {
      return null;
    }
    Dialect.Component component = source.dialect().component(pointer);
    if (component != null) {
      String above = to.above(component.kind());
      boolean isWhole = component.rest().isEmpty() || source.dialect() == to;
      return above == null || !(isWhole || component.kind().equals("schemas"))
          ? null
          : "#" + above + "/" + name(component.kind(), component.name()) + component.rest();
    }
    if (source.dialect() == to && pointer.startsWith("/paths/")) {
      String path = pointer.substring("/paths/".length());
      return "#/paths/" + (place.prefix() + "/").replace("/", "~1") + path.replaceFirst("^~1", "");
    }
    return null;
  }

  /// Its own scheme, and the gateway's.
  ///
  /// @param requirements any of them is enough
  ArrayNode security(JsonNode requirements) throws RefusedDocumentException {
    ArrayNode copy = JsonNodeFactory.instance.arrayNode();
    for (JsonNode each : requirements) {
      charge(Catalogue.BEARER.length() + NODE_CHARS);
      ObjectNode with = JsonNodeFactory.instance.objectNode();
      for (Map.Entry<String, JsonNode> scheme : each.properties()) {
        charge(scheme.getKey().length() + NODE_CHARS);
        String name = schemes.get(scheme.getKey());
        if (name != null) {
          with.putArray(name);
        }
      }
      with.putArray(Catalogue.BEARER);
      copy.add(with);
    }
    if (copy.isEmpty()) {
      copy.addObject().putArray(Catalogue.BEARER);
    }
    return copy;
  }

  private JsonNode discriminator(JsonNode value, Place place) throws RefusedDocumentException {
    ObjectNode copy = JsonNodeFactory.instance.objectNode();
    charge(NODE_CHARS);
    copy.set("propertyName", text(value.path("propertyName").asText("")));
    ObjectNode mapping = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> each : value.path("mapping").properties()) {
      String said = each.getValue().asText("");
      String above = source.dialect().above("schemas");
      String target = target(said.startsWith("#") ? said : "#" + above + "/" + said, place);
      if (target != null) {
        charge(each.getKey().length() + NODE_CHARS);
        mapping.set(each.getKey(), text(target));
      }
    }
    if (!mapping.isEmpty()) {
      copy.set("mapping", mapping);
    }
    return copy;
  }

  /// What 2.0 and 3.0 say in words that 3.1 does not know.
  private static void asOpenApi31(ObjectNode schema) {
    JsonNode type = schema.path("type");
    JsonNode nullable = schema.path(schema.has("nullable") ? "nullable" : "x-nullable");
    if (nullable.isBoolean() && type.isTextual()) {
      schema.remove("nullable");
      schema.remove("x-nullable");
      if (nullable.booleanValue()) {
        schema.putArray("type").add(type).add("null");
      }
    }
    if (type.asText("").equals("file")) {
      schema.put("type", "string").put("format", "binary");
    }
    JsonNode discriminator = schema.path("discriminator");
    if (discriminator.isTextual()) {
      schema.putObject("discriminator").set("propertyName", discriminator);
    }
    for (String bound : new String[] {"Minimum", "Maximum"}) {
      JsonNode exclusive = schema.path("exclusive" + bound);
      String plain = bound.toLowerCase(Locale.ROOT);
      if (exclusive.isBoolean()) {
        schema.remove("exclusive" + bound);
        if (exclusive.booleanValue() && schema.has(plain)) {
          schema.set("exclusive" + bound, schema.remove(plain));
        }
      }
    }
  }
}
