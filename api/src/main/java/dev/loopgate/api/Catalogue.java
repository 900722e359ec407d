package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.api.CatalogueFacts.ShownModel;
import dev.loopgate.api.CatalogueFacts.ShownRoute;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One document of the APIs of all models as callers reach them: their own ones, each below the
/// prefixes of its routes, with names that no other has (contract section 10). A document that
/// can't be shown is exchanged for what is known without it, and disturbs no other. Confined to one
/// thread.
final class Catalogue {
  /// How callers are known to the gateway.
  static final String BEARER = "bearer";

  /// Characters of all models together; those that have no room are named, and are shown alone.
  static final int CHARS_MAX = 4 << 20;

  /// Why a document is refused that nobody foresaw.
  static final String UNEXPECTED = "it has something that is not understood";

  private static final int DESCRIPTION_LENGTH_MAX = 2_000;

  /// A catalogue.
  ///
  /// @param document JSON
  /// @param refused why documents are not shown, by deployment
  record Made(ObjectNode document, Map<String, String> refused) {}

  /// What one model has in it.
  private record Part(
      Map<ShownRoute, ObjectNode> paths,
      Map<String, ObjectNode> components,
      ObjectNode schemes,
      ArrayNode omitted,
      long chars) {}

  private final CatalogueFacts facts;
  private final Dialect to;
  private final Map<String, String> refused = new TreeMap<>();
  private final ObjectNode document = JsonNodeFactory.instance.objectNode();
  private final ObjectNode paths = JsonNodeFactory.instance.objectNode();
  private final ObjectNode omitted = JsonNodeFactory.instance.objectNode();
  private final ArrayNode leftOut = JsonNodeFactory.instance.arrayNode();
  private long chars;

  private Catalogue(CatalogueFacts facts, Dialect to) {
    this.facts = facts;
    this.to = to;
  }

  /// Of all models.
  static Made all(CatalogueFacts facts, Dialect to) {
    Catalogue catalogue = new Catalogue(facts, to);
    catalogue.begin("Service Catalog", "1.0", "");
    facts.models().values().forEach(catalogue::add);
    return catalogue.end(facts.routes());
  }

  /// Of one model alone.
  ///
  /// @param deployment one of the facts
  static Made one(CatalogueFacts facts, String deployment, Dialect to) {
    ShownModel model = facts.model(deployment);
    Catalogue catalogue = new Catalogue(facts, to);
    catalogue.begin(model.name(), model.version(), catalogue.about(model));
    catalogue.add(model);
    return catalogue.end(facts.routesTo(deployment));
  }

  private void begin(String title, String version, String description) {
    boolean isSwagger = to == Dialect.SWAGGER_2;
    document.put(isSwagger ? "swagger" : "openapi", isSwagger ? "2.0" : "3.1.0");
    ObjectNode info = document.putObject("info").put("title", title).put("version", version);
    if (!description.isEmpty()) {
      info.put("description", description);
    }
    if (isSwagger) {
      document.put("host", "").put("basePath", "").putArray("schemes").add("https");
      schemes()
          .putObject(BEARER)
          .put("type", "apiKey")
          .put("in", "header")
          .put("name", "Authorization");
    } else {
      document.putArray("servers").addObject().put("url", "/");
      schemes()
          .putObject(BEARER)
          .put("type", "http")
          .put("scheme", "bearer")
          .put("bearerFormat", "JWT");
    }
    document.putArray("security").addObject().putArray(BEARER);
  }

  private void add(ShownModel model) {
    Part part = part(model);
    if (chars + part.chars() > CHARS_MAX) {
      leftOut.add(model.deployment());
      return;
    }
    chars += part.chars();
    part.paths()
        .forEach((route, items) -> {
          boolean isMain = route.deployments().getFirst().equals(model.deployment());
          for (Map.Entry<String, JsonNode> each : items.properties()) {
            if (isMain || !paths.has(each.getKey())) {
              paths.set(each.getKey(), each.getValue());
            }
          }
        });
    part.components().forEach((kind, named) -> of(kind).setAll(named));
    schemes().setAll(part.schemes());
    if (!part.omitted().isEmpty()) {
      omitted.set(model.deployment(), part.omitted());
    }
  }

  private Made end(List<ShownRoute> routes) {
    ArrayNode tags = document.putArray("tags");
    for (ShownRoute route : routes) {
      ShownModel model = facts.model(route.deployments().getFirst());
      ObjectNode tag = tags.addObject().put("name", route.id());
      tag.put("description", model.name() + " " + model.version() + " at " + route.prefix());
      tag.set("x-deployment", shown(model));
    }
    document.set("paths", paths);
    ObjectNode why = document.putObject("x-refused");
    refused.forEach(why::put);
    document.set("x-left-out", leftOut);
    if (to == Dialect.SWAGGER_2) {
      document.set("x-omitted", omitted);
    }
    loosen(document);
    return new Made(document, refused);
  }

  /// What a reference led to may have had no form here: then it leads nowhere, and goes.
  private void loosen(JsonNode node) {
    JsonNode reference = node.path("$ref");
    if (reference.isTextual() && !ApiDocument.leadsSomewhere(reference.textValue(), document)) {
      ((ObjectNode) node).remove("$ref");
    }
    for (JsonNode each : node) {
      loosen(each);
    }
  }

  private Part part(ShownModel model) {
    String said = model.card().document();
    try {
      if (said != null) {
        ApiDocument source = ApiDocument.parse(said);
        if (!source.paths().isEmpty()) { // one without has nothing to be tried
          return part(model, source);
        }
      }
    } catch (RefusedDocumentException e) {
      refused.put(model.deployment(), String.valueOf(e.getMessage()));
    } catch (RuntimeException _) {
      refused.put(model.deployment(), UNEXPECTED); // a bug of ours, and still of this one alone
    }
    try {
      return part(model, ApiDocument.of(ModelTemplate.of(model)));
    } catch (RefusedDocumentException e) {
      // With ten thousands of routes even what is known without it is too much.
      refused.put(model.deployment(), String.valueOf(e.getMessage()));
      return new Part(Map.of(), Map.of(), object(), JsonNodeFactory.instance.arrayNode(), 0);
    }
  }

  private Part part(ShownModel model, ApiDocument source) throws RefusedDocumentException {
    String deployment = model.deployment();
    Converted converted = Converted.of(source, to);
    Relocation relocation = new Relocation(source, to, deployment);
    ObjectNode schemes = object();
    for (Map.Entry<String, JsonNode> each : converted.schemes().properties()) {
      schemes.set(relocation.scheme(each.getKey()), each.getValue());
    }
    Map<ShownRoute, ObjectNode> byRoute = new TreeMap<>(Comparator.comparing(ShownRoute::id));
    Relocation.Place first = null;
    for (ShownRoute route : facts.routesTo(deployment)) {
      boolean isMain = route.deployments().getFirst().equals(deployment);
      Relocation.Place place =
          new Relocation.Place(
              isMain ? route.id() : route.id() + "." + deployment,
              route.prefix() + source.basePath());
      first = first == null ? place : first;
      byRoute.put(route, paths(model, route, new Moving(source, converted, relocation, place)));
    }
    Map<String, ObjectNode> components = new TreeMap<>();
    for (Map.Entry<String, ObjectNode> kind : converted.components().entrySet()) {
      ObjectNode named = object();
      for (Map.Entry<String, JsonNode> each : kind.getValue().properties()) {
        if (first != null && each.getValue() instanceof ObjectNode component) {
          String name = relocation.name(kind.getKey(), each.getKey());
          relocation.charge(name.length());
          named.set(name, relocation.copy(component, first));
        }
      }
      components.put(kind.getKey(), named);
    }
    ArrayNode without = JsonNodeFactory.instance.arrayNode();
    converted.omitted().forEach(without::add);
    return new Part(byRoute, components, schemes, without, relocation.chars());
  }

  /// One document on its way to one place.
  private record Moving(
      ApiDocument source, Converted converted, Relocation relocation, Relocation.Place place) {}

  private ObjectNode paths(ShownModel model, ShownRoute route, Moving moving)
      throws RefusedDocumentException {
    JsonNode security = moving.source().tree().path("security");
    ObjectNode items = object();
    for (Map.Entry<String, JsonNode> each : moving.converted().paths().properties()) {
      String path = moving.place().prefix() + each.getKey();
      moving.relocation().charge(path.length());
      ObjectNode item = moving.relocation().copy((ObjectNode) each.getValue(), moving.place());
      for (Map.Entry<String, JsonNode> at : item.properties()) {
        if (Converted.METHODS.contains(at.getKey())
            && at.getValue() instanceof ObjectNode operation) {
          operation.putArray("tags").add(route.id());
          operation.set("x-deployment", shown(model));
          moving.relocation().charge(model.name().length() + model.version().length() + 100L);
          if (!operation.has("security") && security.isArray()) {
            operation.set("security", moving.relocation().security(security));
          }
        }
      }
      items.set(path, item);
    }
    return items;
  }

  private static ObjectNode shown(ShownModel model) {
    return object()
        .put("id", model.deployment())
        .put("state", model.state())
        .put("name", model.name())
        .put("version", model.version())
        .put("warm", model.warm());
  }

  /// What its own document says of it.
  private String about(ShownModel model) {
    String said = model.card().document();
    try {
      JsonNode info = said == null ? object() : ApiDocument.parse(said).tree().path("info");
      String text = info.path("description").asText("");
      return text.substring(0, Math.min(text.length(), DESCRIPTION_LENGTH_MAX));
    } catch (RefusedDocumentException _) {
      return ""; // told where it is shown
    }
  }

  private ObjectNode schemes() {
    return to == Dialect.SWAGGER_2
        ? document.withObject("/securityDefinitions")
        : document.withObject("/components/securitySchemes");
  }

  private ObjectNode of(String kind) {
    return document.withObject(to.above(kind));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
