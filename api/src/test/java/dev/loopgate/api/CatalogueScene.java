package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.api.CatalogueFacts.ShownModel;
import dev.loopgate.api.CatalogueFacts.ShownRoute;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.Predictor;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Facts of a test, and what holds of each catalogue whatever it was made of.
final class CatalogueScene {
  private final Map<String, ShownModel> models = new TreeMap<>();
  private final List<ShownRoute> routes = new ArrayList<>();

  /// One with its default route `<id>-00000`.
  CatalogueScene model(String id, Predictor predictor, @Nullable String document) {
    return model(id, predictor, new ModelCard(id + "-model", "1.0", document));
  }

  CatalogueScene model(String id, Predictor predictor, ModelCard card) {
    models.put(id, new ShownModel(id, predictor, id + "-model", "1.0", "Ready", false, card));
    return route(id + "-00000", "/model/" + id, id);
  }

  CatalogueScene documented(String id, String document) {
    return model(id, Predictor.ODAHU_ML_SERVER, document);
  }

  CatalogueScene route(String id, String prefix, String... deployments) {
    routes.add(new ShownRoute(id, prefix, List.of(deployments)));
    return this;
  }

  CatalogueFacts facts() {
    return new CatalogueFacts(models, routes);
  }

  Catalogue.Made make(Dialect dialect) {
    Catalogue.Made made = Catalogue.all(facts(), dialect);
    isWhole(made.document(), dialect);
    return made;
  }

  JsonNode document(Dialect dialect) {
    return make(dialect).document();
  }

  static Set<String> tags(JsonNode document) {
    Set<String> tags = new LinkedHashSet<>();
    document.path("tags").forEach(each -> tags.add(each.path("name").asText()));
    return tags;
  }

  private static void leadSomewhere(JsonNode node, JsonNode document) {
    JsonNode reference = node.path("$ref");
    if (reference.isTextual()) {
      assertThat(reference.asText()).startsWith("#/");
      String pointer =
          URLDecoder.decode(reference.asText().substring(1).replace("+", "%2B"), UTF_8);
      assertThat(document.at(pointer).isMissingNode()).as(pointer).isFalse();
    }
    node.forEach(each -> leadSomewhere(each, document));
  }

  /// Each reference leads somewhere in it, each operation has a name of its own and a tag that is
  /// said, and nothing leads elsewhere.
  static void isWhole(JsonNode document, Dialect dialect) {
    assertThat(document.path(dialect == Dialect.SWAGGER_2 ? "swagger" : "openapi").asText())
        .isEqualTo(dialect == Dialect.SWAGGER_2 ? "2.0" : "3.1.0");
    leadSomewhere(document, document);
    Set<String> tags = tags(document);
    Set<String> names = new HashSet<>();
    JsonNode schemes =
        dialect == Dialect.SWAGGER_2
            ? document.path("securityDefinitions")
            : document.path("components").path("securitySchemes");
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      assertThat(path.getValue().has("servers")).as(path.getKey()).isFalse();
      for (String method : Converted.METHODS) {
        JsonNode operation = path.getValue().path(method);
        if (!operation.isObject()) {
          continue;
        }
        assertThat(operation.has("servers")).as(path.getKey()).isFalse();
        assertThat(operation.path("tags")).as(path.getKey()).hasSize(1);
        assertThat(tags).contains(operation.path("tags").path(0).asText());
        assertThat(operation.path("x-deployment").has("state")).isTrue();
        if (operation.has("operationId")) {
          assertThat(names.add(path.getKey() + method + operation.path("operationId"))).isTrue();
        }
        for (JsonNode requirement : operation.path("security")) {
          requirement
              .properties()
              .forEach(each -> assertThat(schemes.has(each.getKey())).as(each.getKey()).isTrue());
        }
      }
    }
    assertThat(document.path("servers"))
        .hasToString(dialect == Dialect.SWAGGER_2 ? "" : "[{\"url\":\"/\"}]");
  }
}
