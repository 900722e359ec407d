package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Says in Swagger 2.0 what an OpenAPI 3 document says, as far as that can be said there; what
/// can't is named. Confined to one thread.
final class SwaggerDowngrade {
  // Of what is omitted is told what kinds there are, so many at most.
  private static final int OMITTED_MAX = 64;
  private static final int MEDIA_TYPES_MAX = 4;

  private static final Set<String> OF_SCHEMA =
      Set.of(
          "$ref",
          "format",
          "title",
          "description",
          "default",
          "multipleOf",
          "maximum",
          "exclusiveMaximum",
          "minimum",
          "exclusiveMinimum",
          "maxLength",
          "minLength",
          "pattern",
          "maxItems",
          "minItems",
          "uniqueItems",
          "maxProperties",
          "minProperties",
          "required",
          "enum",
          "readOnly",
          "xml",
          "externalDocs",
          "example");
  private static final List<String> OF_SIMPLE =
      List.of(
          "type",
          "format",
          "items",
          "default",
          "enum",
          "maximum",
          "minimum",
          "exclusiveMaximum",
          "exclusiveMinimum",
          "maxLength",
          "minLength",
          "pattern",
          "maxItems",
          "minItems",
          "uniqueItems",
          "multipleOf");
  private static final Set<String> TEXT_ALONE =
      Set.of("operationId", "summary", "description", "deprecated", "externalDocs", "security");

  // They say something that 2.0 can't; others mean nothing to it anyway.
  private static final Set<String> BEYOND =
      Set.of(
          "oneOf",
          "anyOf",
          "not",
          "if",
          "then",
          "else",
          "prefixItems",
          "contains",
          "patternProperties",
          "propertyNames",
          "dependentSchemas",
          "dependentRequired",
          "unevaluatedItems",
          "unevaluatedProperties",
          "$defs",
          "writeOnly",
          "deprecated",
          "contentEncoding",
          "contentMediaType");

  private final ApiDocument document;
  private final SortedSet<String> omitted = new TreeSet<>();
  private final IdentityHashMap<JsonNode, ObjectNode> schemas =
      new IdentityHashMap<>(); // once each
  private final MadeParts parts = new MadeParts();

  SwaggerDowngrade(ApiDocument document) {
    this.document = document;
  }

  Converted convert() throws RefusedDocumentException {
    ObjectNode paths = Trees.object();
    for (Map.Entry<String, JsonNode> each : document.paths().properties()) {
      paths.set(each.getKey(), item(each.getValue()));
    }
    ObjectNode definitions = Trees.object();
    for (Map.Entry<String, JsonNode> each : document.components("schemas").properties()) {
      definitions.set(each.getKey(), schema(each.getValue()));
    }
    ObjectNode responses = Trees.object();
    for (Map.Entry<String, JsonNode> each : document.components("responses").properties()) {
      responses.set(each.getKey(), response(each.getValue(), new TreeSet<>()));
    }
    if (document.tree().has("webhooks")) {
      omit("webhooks");
    }
    Map<String, ObjectNode> components =
        new TreeMap<>(Map.of("schemas", definitions, "responses", responses));
    ObjectNode schemes = Converted.schemes(document, Dialect.SWAGGER_2);
    return new Converted(paths, components, schemes, omitted);
  }

  private void omit(String what) {
    if (omitted.size() < OMITTED_MAX) {
      omitted.add(what);
    }
  }

  private ObjectNode item(JsonNode item) throws RefusedDocumentException {
    ObjectNode made = Trees.object();
    for (Map.Entry<String, JsonNode> each : item.properties()) {
      if (Converted.METHODS.contains(each.getKey()) && each.getValue().isObject()) {
        made.set(each.getKey(), operation(each.getValue(), item.path("parameters")));
      } else if (each.getKey().equals("trace")) {
        omit("trace");
      }
    }
    return made;
  }

  private ObjectNode operation(JsonNode operation, JsonNode ofPath)
      throws RefusedDocumentException {
    ObjectNode made = Trees.object();
    for (Map.Entry<String, JsonNode> each : operation.properties()) {
      if (TEXT_ALONE.contains(each.getKey()) || each.getKey().startsWith("x-")) {
        made.set(each.getKey(), each.getValue());
      } else if (each.getKey().equals("callbacks")) {
        omit("callbacks");
      }
    }
    Map<String, JsonNode> parameters = new TreeMap<>();
    for (JsonNode list : List.of(ofPath, operation.path("parameters"))) {
      for (JsonNode each : list) {
        JsonNode parameter = document.resolved(each);
        String in = parameter.path("in").asText("");
        if (in.equals("query") || in.equals("header") || in.equals("path")) {
          parameters.put(in + " " + parameter.path("name").asText(""), parameter(parameter, in));
        } else {
          omit("parameters in cookie");
        }
      }
    }
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    parameters.values().forEach(all::add);
    body(document.resolved(operation.path("requestBody")), made, all);
    if (!all.isEmpty()) {
      made.set("parameters", all);
    }
    SortedSet<String> produces = new TreeSet<>();
    ObjectNode responses = Trees.object();
    for (Map.Entry<String, JsonNode> each : operation.path("responses").properties()) {
      if (each.getKey().matches("[1-5][0-9][0-9]|default")) {
        responses.set(each.getKey(), response(each.getValue(), produces));
      } else {
        omit("ranges of statuses");
      }
    }
    made.set("responses", responses);
    if (!produces.isEmpty()) {
      produces.forEach(made.withArray("produces")::add);
    }
    return made;
  }

  private ObjectNode parameter(JsonNode parameter, String in) throws RefusedDocumentException {
    parts.add();
    ObjectNode made = Trees.object().put("name", parameter.path("name").asText("")).put("in", in);
    for (String each : List.of("description", "required")) {
      Trees.copy(parameter, each, made);
    }
    simple(parameter.path("schema"), made);
    if (made.path("type").asText("").equals("array") && parameter.path("explode").asBoolean(true)) {
      made.put("collectionFormat", in.equals("query") ? "multi" : "csv");
    }
    return made;
  }

  /// What 2.0 knows of values outside of bodies.
  private void simple(JsonNode said, ObjectNode made) {
    ObjectNode schema = schema(document.resolved(said));
    for (String each : OF_SIMPLE) {
      Trees.copy(schema, each, made);
    }
    String type = made.path("type").asText("");
    if (type.isEmpty() || type.equals("object")) {
      made.put("type", "string");
    }
    JsonNode items = document.resolved(made.path("items"));
    if (type.equals("array")) {
      String of = items.path("type").asText("");
      made.set(
          "items",
          Trees.object().put("type", of.isEmpty() || of.matches("object|array") ? "string" : of));
    } else {
      made.remove("items");
    }
  }

  private void body(JsonNode body, ObjectNode made, ArrayNode parameters)
      throws RefusedDocumentException {
    JsonNode content = body.path("content");
    if (!content.isObject() || content.isEmpty()) {
      return;
    }
    List<String> types = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : content.properties()) {
      if (types.size() < MEDIA_TYPES_MAX) {
        types.add(each.getKey());
      }
    }
    types.forEach(made.withArray("consumes")::add);
    JsonNode media = content.path(preferred(types));
    boolean isForm = types.stream().allMatch(t -> t.startsWith("multipart/") || t.contains("form"));
    if (isForm) {
      JsonNode schema = document.resolved(media.path("schema"));
      for (Map.Entry<String, JsonNode> each : schema.path("properties").properties()) {
        parts.add();
        ObjectNode field = Trees.object().put("name", each.getKey()).put("in", "formData");
        simple(each.getValue(), field);
        if (field.path("format").asText("").equals("binary")) {
          field.put("type", "file").remove("format");
        }
        parameters.add(field);
      }
      return;
    }
    ObjectNode parameter = Trees.object().put("name", "body").put("in", "body");
    Trees.copy(body, "description", parameter);
    Trees.copy(body, "required", parameter);
    ObjectNode schema = schema(media.path("schema"));
    JsonNode example = example(media);
    if (example != null) { // beside a reference nothing is read
      ObjectNode of = Trees.object();
      of.putArray("allOf").add(schema);
      schema = of.set("example", example);
    }
    parameter.set("schema", schema);
    parameters.add(parameter);
  }

  private static String preferred(List<String> types) {
    return types.stream()
        .filter(type -> type.startsWith("application/json") || type.contains("+json"))
        .findFirst()
        .orElse(types.getFirst());
  }

  private static @Nullable JsonNode example(JsonNode media) {
    JsonNode first = media.path("examples").path(firstName(media.path("examples"))).get("value");
    return media.has("example") ? media.get("example") : first;
  }

  private static String firstName(JsonNode named) {
    return named.properties().isEmpty() ? "" : named.properties().iterator().next().getKey();
  }

  private ObjectNode response(JsonNode response, SortedSet<String> produces)
      throws RefusedDocumentException {
    parts.add();
    if (response.path("$ref").isTextual()) {
      ObjectNode made = Trees.object();
      Trees.copy(response, "$ref", made);
      return made;
    }
    ObjectNode made = Trees.object().put("description", response.path("description").asText(""));
    List<String> types = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : response.path("content").properties()) {
      if (types.size() < MEDIA_TYPES_MAX) {
        types.add(each.getKey());
        produces.add(each.getKey());
      }
    }
    if (!types.isEmpty()) {
      JsonNode media = response.path("content").path(preferred(types));
      if (media.path("schema").isObject()) {
        made.set("schema", schema(media.path("schema")));
      }
      JsonNode example = example(media);
      if (example != null) {
        made.putObject("examples").set(preferred(types), example);
      }
    }
    Map<String, JsonNode> headers = new HashMap<>();
    for (Map.Entry<String, JsonNode> each : response.path("headers").properties()) {
      parts.add();
      ObjectNode header = Trees.object();
      JsonNode said = document.resolved(each.getValue());
      Trees.copy(said, "description", header);
      simple(said.path("schema"), header);
      headers.put(each.getKey(), header);
    }
    if (!headers.isEmpty()) {
      made.putObject("headers").setAll(new TreeMap<>(headers));
    }
    if (response.has("links")) {
      omit("links");
    }
    return made;
  }

  private ObjectNode schema(JsonNode said) {
    ObjectNode known = schemas.get(said);
    if (known != null) {
      return known;
    }
    ObjectNode made = Trees.object();
    for (Map.Entry<String, JsonNode> each : said.properties()) {
      keyword(each.getKey(), each.getValue(), made);
    }
    bound("Minimum", "minimum", made);
    bound("Maximum", "maximum", made);
    if (said.isObject()) {
      schemas.put(said, made);
    }
    return made;
  }

  private void keyword(String key, JsonNode value, ObjectNode made) {
    switch (key) {
      case "type" -> type(value, made);
      case "nullable" -> made.set("x-nullable", value);
      case "const" -> made.putArray("enum").add(value);
      case "discriminator" -> Trees.copy(value, "propertyName", made, "discriminator");
      case "examples" -> {
        if (value.isArray() && !value.isEmpty() && !made.has("example")) {
          made.set("example", value.get(0));
        }
      }
      case "items", "additionalProperties" ->
          made.set(key, value.isBoolean() && !key.equals("items") ? value : schema(value));
      case "allOf" -> {
        ArrayNode all = made.putArray(key);
        value.forEach(each -> all.add(schema(each)));
      }
      case "properties" -> {
        ObjectNode properties = made.putObject(key);
        value.properties().forEach(p -> properties.set(p.getKey(), schema(p.getValue())));
      }
      default -> {
        if (OF_SCHEMA.contains(key) || key.startsWith("x-")) {
          made.set(key, value);
        } else if (BEYOND.contains(key)) {
          omit(key);
        }
      }
    }
  }

  private void type(JsonNode value, ObjectNode made) {
    if (!value.isArray()) {
      made.set("type", value);
      return;
    }
    List<String> types = new ArrayList<>();
    for (JsonNode each : value) {
      if (each.asText("").equals("null")) {
        made.put("x-nullable", true);
      } else {
        types.add(each.asText(""));
      }
    }
    if (types.size() == 1) {
      made.put("type", types.getFirst());
    } else {
      omit("several types");
    }
  }

  private static void bound(String name, String plain, ObjectNode made) {
    JsonNode exclusive = made.path("exclusive" + name);
    if (exclusive.isNumber()) {
      made.set(plain, exclusive);
      made.put("exclusive" + name, true);
    }
  }
}
