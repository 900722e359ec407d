package dev.loopgate.api;

import static dev.loopgate.api.ApiFixture.OPEN_API;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Predictor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The document is of this door, and whole.
@Timeout(60)
final class OpenApiTest {
  private static List<Map.Entry<String, JsonNode>> operations() {
    List<Map.Entry<String, JsonNode>> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : OPEN_API.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        String method = operation.getKey().toUpperCase(Locale.ROOT);
        all.add(Map.entry(method + " " + path.getKey(), operation.getValue()));
      }
    }
    return all;
  }

  @Test
  void itHasEachEndpointAndNoOther() {
    assertThat(OPEN_API.path("openapi").asText()).isEqualTo("3.1.0");
    assertThat(operations().stream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(Endpoint.values())
                .map(each -> each.method() + " " + each.template())
                .toList());
  }

  @Test
  void eachReferenceLeadsSomewhereAndEachComponentIsReferredTo() {
    Collection<String> references = OPEN_API.findValuesAsText("$ref");
    assertThat(references).isNotEmpty();
    for (String reference : references) {
      assertThat(OPEN_API.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
    }
    for (String kind : List.of("schemas", "responses", "parameters", "headers")) {
      for (Map.Entry<String, JsonNode> each : OPEN_API.path("components").path(kind).properties()) {
        assertThat(references).contains("#/components/" + kind + "/" + each.getKey());
      }
    }
  }

  @Test
  void eachOperationHasANameOfItsOwnAndItsParameters() {
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> operation : operations()) {
      JsonNode json = operation.getValue();
      names.add(json.path("operationId").asText());
      boolean hasId =
          json.path("parameters").findValuesAsText("$ref").contains("#/components/parameters/Id");
      assertThat(hasId).as(operation.getKey()).isEqualTo(operation.getKey().contains("{id}"));
      boolean anybody =
          operation.getKey().equals(Endpoint.HEALTH.method() + " " + Endpoint.HEALTH.template());
      assertThat(json.has("security")).as(operation.getKey()).isEqualTo(anybody);
    }
    assertThat(names).doesNotHaveDuplicates().doesNotContain("");
  }

  private static List<String> words(String pointer) {
    List<String> words = new ArrayList<>();
    OPEN_API
        .at("/components/schemas" + pointer + "/enum")
        .forEach(word -> {
          if (!word.isNull()) {
            words.add(word.asText());
          }
        });
    return words;
  }

  @Test
  void itsWordsAreThoseThatMayBeSaid() {
    assertThat(words("/DeploymentSpec/properties/predictor"))
        .containsExactlyInAnyOrderElementsOf(Predictor.words());
    assertThat(words("/DeploymentStatus/properties/state"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(DeploymentStatus.State.values())
                .map(DeploymentStatus.State::word)
                .filter(word -> !word.isEmpty()) // then it is absent
                .toList());
    assertThat(words("/DeploymentStatus/properties/reason"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(DeploymentStatus.Reason.values())
                .map(DeploymentStatus.Reason::word)
                .toList());
  }

  @Test
  void eachExampleIsTaken() {
    try (ApiFixture api = new ApiFixture()) {
      api.declareDeployment("wine-next");
      List<String> taken = new ArrayList<>();
      // In the document's order one is created before it is replaced, and patched after that.
      for (Map.Entry<String, JsonNode> operation : operations()) {
        for (Map.Entry<String, JsonNode> type :
            operation.getValue().path("requestBody").path("content").properties()) {
          if (operation.getKey().startsWith("POST ") && type.getKey().endsWith("yaml")) {
            continue; // the same again: what is in JSON is in YAML, too
          }
          JsonNode example = type.getValue().path("example");
          String id = operation.getKey().contains("connection") ? "registry" : "wine";
          String target =
              operation
                  .getKey()
                  .replace("{id}", operation.getKey().contains("route") ? "wine-canary" : id);
          ApiFixture.Reply reply =
              api.send(target, "content-type: " + type.getKey(), "", example.toString());
          assertThat(reply.status()).as("%s %s", target, reply.body()).isIn(200, 201);
          taken.add(target);
        }
      }
      assertThat(taken).hasSize(15);
    }
  }
}
