package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Whatever models say of themselves, the catalogue is whole and the other models are in it
/// (deployments, row O).
final class CatalogueFuzz {
  private static final int ROUNDS = Integer.getInteger("loopgate.fuzz.rounds", 2_000);
  private static final int DEPTH_MAX = 7;
  private static final List<String> KEYS =
      List.of(
          "paths",
          "/a",
          "/b/{c}",
          "get",
          "post",
          "parameters",
          "responses",
          "200",
          "default",
          "schema",
          "content",
          "application/json",
          "properties",
          "items",
          "allOf",
          "oneOf",
          "$ref",
          "definitions",
          "components",
          "schemas",
          "requestBody",
          "requestBodies",
          "examples",
          "example",
          "headers",
          "links",
          "callbacks",
          "discriminator",
          "mapping",
          "security",
          "securitySchemes",
          "securityDefinitions",
          "in",
          "name",
          "type",
          "servers",
          "url",
          "basePath",
          "operationId",
          "tags",
          "A",
          "B~/",
          "pathItems",
          "x-a",
          "enum");
  private static final List<String> TEXTS =
      List.of(
          "",
          "body",
          "formData",
          "query",
          "path",
          "array",
          "object",
          "file",
          "apiKey",
          "http",
          "A",
          "#",
          "#/",
          "#/definitions/A",
          "#/definitions/B~0~1",
          "#/components/schemas/A",
          "#/components/schemas/A/properties/A",
          "#/components/requestBodies/A",
          "#/responses/A",
          "#/components/parameters/A",
          "#/paths/~1a/get",
          "#/paths/~1a",
          "#/paths",
          "#/%zz",
          "/base",
          "http://elsewhere.example/x");
  private static final String GOOD =
      "{\"swagger\":\"2.0\",\"paths\":{\"/good\":{\"get\":{\"responses\":{}}}}}";

  private final long seed = Long.getLong("loopgate.fuzz.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void theOthersAreThereWhateverOneSays() {
    int shown = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String bad = document();
      CatalogueScene scene = new CatalogueScene().documented("bad", bad).documented("good", GOOD);
      for (Dialect dialect : Dialect.values()) {
        try {
          Catalogue.Made made = scene.make(dialect);
          assertThat(made.document().path("paths").has("/model/good/good")).isTrue();
          assertThat(made.refused()).doesNotContainValue(Catalogue.UNEXPECTED);
          shown += made.refused().isEmpty() ? 1 : 0;
        } catch (RuntimeException | AssertionError | StackOverflowError e) {
          throw new AssertionError("seed=" + seed + " round=" + round + "\n" + bad, e);
        }
      }
    }
    assertThat(shown).as("shown, seed=%s", seed).isGreaterThan(ROUNDS / 4);
  }

  private String document() {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    if (random.nextBoolean()) {
      document.put("swagger", "2.0");
      named(document.putObject("definitions"));
      named(document.putObject("responses"));
    } else {
      document.put("openapi", "3.1.0");
      ObjectNode components = document.putObject("components");
      for (String kind : List.of("schemas", "requestBodies", "parameters", "responses")) {
        named(components.putObject(kind));
      }
    }
    ObjectNode item = document.putObject("paths").putObject("/a");
    item.set("post", object(DEPTH_MAX));
    item.set("get", object(DEPTH_MAX));
    document.set(key(), value(DEPTH_MAX));
    String text = document.toString();
    return random.nextInt(20) == 0 ? text.substring(0, random.nextInt(text.length())) : text;
  }

  private void named(ObjectNode kind) {
    kind.set("A", object(DEPTH_MAX - 2));
    kind.set("B~/", value(DEPTH_MAX - 2));
  }

  private ObjectNode object(int depth) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (int i = random.nextInt(4); i >= 0; i--) {
      object.set(key(), value(depth - 1));
    }
    return object;
  }

  private JsonNode value(int depth) {
    return switch (depth <= 0 ? random.nextInt(3) : random.nextInt(8)) {
      case 0 -> JsonNodeFactory.instance.textNode(text());
      case 1 -> JsonNodeFactory.instance.booleanNode(random.nextBoolean());
      case 2 -> JsonNodeFactory.instance.numberNode(random.nextInt(300));
      case 3 -> {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (int i = random.nextInt(3); i >= 0; i--) {
          array.add(value(depth - 1));
        }
        yield array;
      }
      default -> object(depth);
    };
  }

  private String key() {
    return KEYS.get(random.nextInt(KEYS.size()));
  }

  private String text() {
    // What leads out of the document is refused at once: then nothing else is tried.
    return TEXTS.get(random.nextInt(TEXTS.size() - (random.nextInt(10) == 0 ? 0 : 1)));
  }
}
