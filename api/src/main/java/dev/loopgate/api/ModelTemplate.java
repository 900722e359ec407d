package dev.loopgate.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.api.CatalogueFacts.ShownModel;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/// What is known of a model's API by its protocol alone: for models that don't describe it. Swagger
/// 2.0.
final class ModelTemplate {
  private static final String OBJECT = "object";

  private ModelTemplate() {}

  static ObjectNode of(ShownModel model) {
    ObjectNode document = JsonNodeFactory.instance.objectNode().put("swagger", "2.0");
    document.putObject("info").put("title", model.name()).put("version", model.version());
    document.putArray("consumes").add("application/json");
    document.putArray("produces").add("application/json");
    ObjectNode paths = document.putObject("paths");
    switch (model.predictor()) {
      case ODAHU_ML_SERVER -> ofOdahu(paths);
      case TRITON, OPEN_INFERENCE -> ofOpenInference(paths, model.card().name());
      case NONE -> {
        // nothing is known
      }
    }
    return document;
  }

  private static void ofOdahu(ObjectNode paths) {
    operation(paths, "/api/model/info", "get", "What the model says of itself");
    ObjectNode schema =
        withBody(operation(paths, "/api/model/invoke", "post", "Asks for a prediction"));
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("columns").put("type", "array").putObject("items").put("type", "string");
    properties
        .putObject("data")
        .put("type", "array")
        .putObject("items")
        .put("type", "array")
        .putObject("items");
    schema.putArray("required").add("data");
  }

  /// @param name the model's; empty when the server has none
  private static void ofOpenInference(ObjectNode paths, String name) {
    if (name.isEmpty()) {
      operation(paths, "/v2", "get", "What the server says of itself");
      operation(paths, "/v2/health/ready", "get", "Whether the server is ready");
      return;
    }
    String path =
        "/v2/models/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    operation(paths, path, "get", "What the model takes and gives");
    operation(paths, path + "/ready", "get", "Whether the model is ready");
    ObjectNode schema =
        withBody(operation(paths, path + "/infer", "post", "Asks for a prediction"));
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("id").put("type", "string");
    properties.putObject("parameters").put("type", OBJECT);
    ObjectNode input = properties.putObject("inputs").put("type", "array").putObject("items");
    input.put("type", OBJECT);
    ObjectNode of = input.putObject("properties");
    of.putObject("name").put("type", "string");
    of.putObject("shape").put("type", "array").putObject("items").put("type", "integer");
    of.putObject("datatype").put("type", "string").put("example", "FP32");
    of.putObject("data").put("type", "array").putObject("items");
    input.putArray("required").add("name").add("shape").add("datatype").add("data");
    schema.putArray("required").add("inputs");
  }

  private static ObjectNode operation(
      ObjectNode paths, String path, String method, String summary) {
    ObjectNode operation = paths.putObject(path).putObject(method).put("summary", summary);
    operation
        .putObject("responses")
        .putObject("200")
        .put("description", "It answers.")
        .putObject("schema")
        .put("type", OBJECT);
    return operation;
  }

  private static ObjectNode withBody(ObjectNode operation) {
    return operation
        .putArray("parameters")
        .addObject()
        .put("name", "body")
        .put("in", "body")
        .put("required", true)
        .putObject("schema")
        .put("type", OBJECT);
  }
}
