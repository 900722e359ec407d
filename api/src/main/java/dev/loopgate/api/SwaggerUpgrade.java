package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Says in OpenAPI 3.1 what a Swagger 2.0 document says. What stands in schemas is left to who
/// copies them. Confined to one thread.
final class SwaggerUpgrade {
  /// Media types of one body that are shown.
  private static final int MEDIA_TYPES_MAX = 4;

  private static final String JSON = "application/json";
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String PARTS = "multipart/form-data";

  // Of a parameter; all else of it is about its schema.
  private static final Set<String> OF_PARAMETER =
      Set.of("name", "in", "description", "required", "allowEmptyValue", "collectionFormat");
  private static final Set<String> OF_OPERATION =
      Set.of("parameters", "responses", "consumes", "produces", "schemes", "tags");

  private final ApiDocument document;
  private final IdentityHashMap<JsonNode, JsonNode> converted =
      new IdentityHashMap<>(); // once each
  private final MadeParts parts = new MadeParts();

  SwaggerUpgrade(ApiDocument document) {
    this.document = document;
  }

  Converted convert() throws RefusedDocumentException {
    ObjectNode paths = Trees.object();
    for (Map.Entry<String, JsonNode> each : document.paths().properties()) {
      paths.set(each.getKey(), item(each.getValue()));
    }
    Map<String, ObjectNode> components = new TreeMap<>();
    if (document.components("schemas") instanceof ObjectNode schemas) {
      components.put("schemas", schemas);
    }
    ObjectNode responses = Trees.object();
    for (Map.Entry<String, JsonNode> each : document.components("responses").properties()) {
      responses.set(each.getKey(), response(each.getValue(), document.tree().path("produces")));
    }
    components.put("responses", responses);
    return new Converted(
        paths, components, Converted.schemes(document, Dialect.OPENAPI_3), new TreeSet<>());
  }

  private ObjectNode item(JsonNode item) throws RefusedDocumentException {
    ObjectNode made = Trees.object();
    for (Map.Entry<String, JsonNode> each : item.properties()) {
      if (Converted.METHODS.contains(each.getKey()) && each.getValue().isObject()) {
        made.set(each.getKey(), operation(each.getValue(), item.path("parameters")));
      }
    }
    return made;
  }

  private ObjectNode operation(JsonNode operation, JsonNode ofPath)
      throws RefusedDocumentException {
    ObjectNode made = Trees.object();
    for (Map.Entry<String, JsonNode> each : operation.properties()) {
      if (!OF_OPERATION.contains(each.getKey())) {
        made.set(each.getKey(), each.getValue());
      }
    }
    List<JsonNode> form = new ArrayList<>();
    ArrayNode parameters = JsonNodeFactory.instance.arrayNode();
    JsonNode consumes = typesOf(operation, "consumes");
    for (JsonNode parameter : parameters(operation.path("parameters"), ofPath)) {
      switch (parameter.path("in").asText("")) {
        case "body" -> made.set("requestBody", body(parameter, consumes));
        case "formData" -> form.add(parameter);
        case "query", "header", "path" -> parameters.add(converted(parameter));
        default -> {
          // it is none
        }
      }
    }
    if (!form.isEmpty()) {
      made.set("requestBody", form(form, consumes));
    }
    if (!parameters.isEmpty()) {
      made.set("parameters", parameters);
    }
    ObjectNode responses = Trees.object();
    JsonNode produces = typesOf(operation, "produces");
    for (Map.Entry<String, JsonNode> each : operation.path("responses").properties()) {
      if (!each.getKey().startsWith("x-")) {
        responses.set(each.getKey(), response(each.getValue(), produces));
      }
    }
    made.set("responses", responses);
    return made;
  }

  private JsonNode converted(JsonNode parameter) throws RefusedDocumentException {
    JsonNode known = converted.get(parameter);
    if (known == null) {
      known = parameter(parameter);
      converted.put(parameter, known);
    }
    return known;
  }

  /// Those of the operation, and of the path those that it does not say itself.
  private List<JsonNode> parameters(JsonNode own, JsonNode ofPath) throws RefusedDocumentException {
    Map<String, JsonNode> all = new TreeMap<>();
    for (JsonNode list : List.of(ofPath, own)) {
      for (JsonNode each : list) {
        parts.add();
        JsonNode parameter = document.resolved(each);
        all.put(
            parameter.path("in").asText("") + " " + parameter.path("name").asText(""), parameter);
      }
    }
    return List.copyOf(all.values());
  }

  private JsonNode typesOf(JsonNode operation, String key) {
    JsonNode own = operation.path(key);
    return own.isArray() ? own : document.tree().path(key);
  }

  private static List<String> mediaTypes(JsonNode types) {
    List<String> all = new ArrayList<>();
    for (JsonNode each : types) {
      if (each.isTextual() && all.size() < MEDIA_TYPES_MAX) {
        all.add(each.textValue());
      }
    }
    return all.isEmpty() ? List.of(JSON) : all;
  }

  private static ObjectNode body(JsonNode parameter, JsonNode consumes) {
    ObjectNode made = Trees.object();
    Trees.copy(parameter, "description", made);
    Trees.copy(parameter, "required", made);
    made.set("content", content(parameter.path("schema"), mediaTypes(consumes), Trees.object()));
    return made;
  }

  private ObjectNode form(List<JsonNode> fields, JsonNode consumes)
      throws RefusedDocumentException {
    ObjectNode schema = Trees.object().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = JsonNodeFactory.instance.arrayNode();
    boolean hasFile = false;
    for (JsonNode each : fields) {
      String name = each.path("name").asText("");
      properties.set(name, schemaOf(each));
      hasFile |= each.path("type").asText("").equals("file");
      if (each.path("required").asBoolean()) {
        required.add(name);
      }
    }
    if (!required.isEmpty()) {
      schema.set("required", required);
    }
    List<String> types =
        mediaTypes(consumes).stream().filter(t -> t.equals(FORM) || t.equals(PARTS)).toList();
    String usual = hasFile ? PARTS : FORM;
    ObjectNode made = Trees.object();
    made.set("content", content(schema, types.isEmpty() ? List.of(usual) : types, Trees.object()));
    return made;
  }

  private ObjectNode response(JsonNode response, JsonNode produces)
      throws RefusedDocumentException {
    parts.add();
    if (response.path("$ref").isTextual()) {
      ObjectNode made = Trees.object();
      Trees.copy(response, "$ref", made);
      return made;
    }
    ObjectNode made = Trees.object().put("description", response.path("description").asText(""));
    JsonNode examples = response.path("examples");
    if (response.has("schema") || !examples.isEmpty()) {
      made.set("content", content(response.path("schema"), mediaTypes(produces), examples));
    }
    ObjectNode headers = Trees.object();
    for (Map.Entry<String, JsonNode> each : response.path("headers").properties()) {
      parts.add();
      ObjectNode header = Trees.object();
      Trees.copy(each.getValue(), "description", header);
      header.set("schema", schemaOf(each.getValue()));
      headers.set(each.getKey(), header);
    }
    if (!headers.isEmpty()) {
      made.set("headers", headers);
    }
    return made;
  }

  private static ObjectNode content(JsonNode schema, List<String> types, JsonNode examples) {
    ObjectNode content = Trees.object();
    for (String type : types) {
      ObjectNode media = content.putObject(type);
      if (schema.isObject()) {
        media.set("schema", schema);
      }
      Trees.copy(examples, type, media, "example");
    }
    return content;
  }

  private JsonNode parameter(JsonNode parameter) throws RefusedDocumentException {
    ObjectNode made = Trees.object();
    for (String each : List.of("name", "in", "description", "required", "allowEmptyValue")) {
      Trees.copy(parameter, each, made);
    }
    made.set("schema", schemaOf(parameter));
    switch (parameter.path("collectionFormat").asText("")) {
      case "multi" -> made.put("style", "form").put("explode", true);
      case "ssv" -> made.put("style", "spaceDelimited").put("explode", false);
      case "pipes" -> made.put("style", "pipeDelimited").put("explode", false);
      default -> {
        if (parameter.path("type").asText("").equals("array")) {
          made.put("explode", false);
        }
      }
    }
    return made;
  }

  private ObjectNode schemaOf(JsonNode parameter) throws RefusedDocumentException {
    ObjectNode schema = Trees.object();
    for (Map.Entry<String, JsonNode> each : parameter.properties()) {
      parts.add(); // one parameter may be many operations'
      if (!OF_PARAMETER.contains(each.getKey())) {
        schema.set(each.getKey(), each.getValue());
      }
    }
    return schema;
  }
}
