package dev.loopgate.api;

import static dev.loopgate.api.Dialect.OPENAPI_3;
import static dev.loopgate.api.Dialect.SWAGGER_2;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.fleet.ModelReader.ModelCard;
import dev.loopgate.fleet.Predictor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// One document of many (contract section 10, S-1 to S-3, S-6).
@Timeout(60)
final class CatalogueTest {
  private static final String SWAGGER =
      """
      {"swagger":"2.0","basePath":"/","host":"elsewhere","info":{"title":"a","version":"1"},
       "consumes":["application/json"],"produces":["application/json"],
       "securityDefinitions":{"key":{"type":"apiKey","in":"header","name":"X-Key"},
         "login":{"type":"oauth2","flow":"implicit","authorizationUrl":"http://evil.example"}},
       "security":[{"key":[]}],
       "parameters":{"Limit":{"name":"limit","in":"query","type":"integer","format":"int32"}},
       "responses":{"Bad":{"description":"bad","schema":{"$ref":"#/definitions/Error"}}},
       "paths":{
        "/api/model/info":{"get":{"tags":["info"],"operationId":"info","security":[],
          "responses":{"200":{"description":"ok"}}}},
        "/api/model/invoke":{"post":{"tags":["x"],"operationId":"invoke",
          "parameters":[{"in":"body","name":"in","required":true,
            "schema":{"$ref":"#/definitions/Input"}},{"$ref":"#/parameters/Limit"}],
          "responses":{"200":{"description":"ok","schema":{"$ref":"#/definitions/List%5BOf%5D"}},
            "400":{"$ref":"#/responses/Bad"}}}},
        "/upload":{"post":{"consumes":["multipart/form-data"],
          "parameters":[{"in":"formData","name":"file","type":"file","required":true}],
          "responses":{"default":{"description":"ok"}}}}},
       "definitions":{
        "Input":{"type":"object","properties":{"example":{"$ref":"#/definitions/Error"},
          "deep":{"$ref":"#/definitions/Error/properties/message"},"self":{"$ref":"#/definitions/Input"},
          "lost":{"$ref":"#/definitions/Nobody"}},"example":{"$ref":"#/definitions/Data"}},
        "List[Of]":{"type":"array","items":{"$ref":"#/definitions/Input"},"x-nullable":true},
        "Error":{"type":"object","discriminator":"kind","properties":{"message":{"type":"string"}}}}}\
      """;

  private static final String OPENAPI =
      """
      {"openapi":"3.0.3","info":{"title":"b","version":"1"},
       "servers":[{"url":"http://evil.example/base/"}],
       "paths":{"/predict/{id}":{"parameters":[{"$ref":"#/components/parameters/Id"}],
         "servers":[{"url":"http://evil.example"}],
         "post":{"operationId":"predict","requestBody":{"$ref":"#/components/requestBodies/In"},
          "callbacks":{"done":{"{$request.body#/url}":{"post":{"responses":{}}}}},
          "responses":{"200":{"description":"ok","content":{"application/json":
            {"schema":{"$ref":"#/components/schemas/Out"}}},
            "links":{"again":{"operationId":"predict"}}},"5XX":{"description":"bad"}}}}},
       "components":{
        "parameters":{"Id":{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}},
        "requestBodies":{"In":{"content":{"application/json":{"schema":
          {"$ref":"#/components/schemas/In"},"example":{"a":1}}}}},
        "schemas":{"In":{"type":"object","nullable":true,"oneOf":[{"$ref":"#/components/schemas/Cat"}],
           "discriminator":{"propertyName":"kind","mapping":{"cat":"Cat","c":"#/components/schemas/Cat",
             "x":"#/components/schemas/None"}}},
          "Cat":{"type":"object","properties":{"age":{"type":"integer","minimum":0,
             "exclusiveMinimum":true}}},
          "Out":{"type":"array","items":{"type":"number"}}},
        "securitySchemes":{"http":{"type":"http","scheme":"basic"}}}}\
      """;

  private final CatalogueScene scene = new CatalogueScene();

  private static Set<String> keys(JsonNode object) {
    return Set.copyOf(object.properties().stream().map(Map.Entry::getKey).toList());
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void pathsHaveThePrefixOfTheirRouteAndItsIdAsTheirOnlyTag(Dialect dialect) {
    JsonNode made =
        scene.documented("wine", SWAGGER).route("canary", "/custom/w", "wine").document(dialect);

    assertThat(keys(made.path("paths")))
        .containsExactlyInAnyOrder(
            "/model/wine/api/model/info",
            "/model/wine/api/model/invoke",
            "/model/wine/upload",
            "/custom/w/api/model/info",
            "/custom/w/api/model/invoke",
            "/custom/w/upload");
    JsonNode invoke = made.path("paths").path("/model/wine/api/model/invoke").path("post");
    assertThat(invoke.path("tags").toString()).isEqualTo("[\"wine-00000\"]");
    assertThat(invoke.path("operationId").asText()).isEqualTo("wine-00000.invoke");
    assertThat(invoke.path("x-deployment").toString())
        .isEqualTo(
            "{\"id\":\"wine\",\"state\":\"Ready\",\"name\":\"wine-model\",\"version\":\"1.0\","
                + "\"warm\":false}");
    assertThat(made.at("/paths/~1custom~1w~1api~1model~1invoke/post/tags").toString())
        .isEqualTo("[\"canary\"]");
    assertThat(CatalogueScene.tags(made)).containsExactly("wine-00000", "canary");
  }

  @Test
  void theSwaggerIsTheContracts() {
    JsonNode made = scene.documented("wine", SWAGGER).document(SWAGGER_2);

    assertThat(made.path("info").toString())
        .isEqualTo("{\"title\":\"Service Catalog\",\"version\":\"1.0\"}");
    assertThat(made.path("schemes").toString()).isEqualTo("[\"https\"]");
    assertThat(made.path("host").asText("none")).isEmpty();
    assertThat(made.path("basePath").asText("none")).isEmpty();
    JsonNode input = made.path("definitions").path("wine.Input");
    assertThat(input.at("/properties/example/$ref").asText()).isEqualTo("#/definitions/wine.Error");
    assertThat(input.at("/properties/deep/$ref").asText())
        .isEqualTo("#/definitions/wine.Error/properties/message");
    assertThat(input.at("/properties/self/$ref").asText()).isEqualTo("#/definitions/wine.Input");
    assertThat(input.at("/properties/lost").toString()).isEqualTo("{}");
    assertThat(made.at("/definitions/wine.List_Of_/items/$ref").asText())
        .isEqualTo("#/definitions/wine.Input");
    assertThat(made.path("securityDefinitions").toString())
        .isEqualTo(
            "{\"bearer\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"Authorization\"},"
                + "\"wine.key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Key\"}}");
    assertThat(made.at("/paths/~1model~1wine~1api~1model~1invoke/post/security").toString())
        .isEqualTo("[{\"wine.key\":[],\"bearer\":[]}]");
    assertThat(made.at("/paths/~1model~1wine~1api~1model~1info/get/security").toString())
        .isEqualTo("[{\"bearer\":[]}]");
    assertThat(made.toString()).doesNotContain("evil").doesNotContain("elsewhere");
  }

  @Test
  void swaggerIsSaidInOpenApi() {
    JsonNode made = scene.documented("wine", SWAGGER).document(OPENAPI_3);

    JsonNode invoke = made.at("/paths/~1model~1wine~1api~1model~1invoke/post");
    assertThat(invoke.at("/requestBody/content/application~1json/schema/$ref").asText())
        .isEqualTo("#/components/schemas/wine.Input");
    assertThat(invoke.at("/requestBody/required").asBoolean()).isTrue();
    assertThat(invoke.at("/parameters/0/schema").toString())
        .isEqualTo("{\"type\":\"integer\",\"format\":\"int32\"}");
    assertThat(invoke.at("/responses/200/content/application~1json/schema/$ref").asText())
        .isEqualTo("#/components/schemas/wine.List_Of_");
    assertThat(invoke.at("/responses/400/$ref").asText())
        .isEqualTo("#/components/responses/wine.Bad");
    assertThat(made.at("/components/schemas/wine.List_Of_/type").toString())
        .isEqualTo("[\"array\",\"null\"]");
    assertThat(made.at("/components/schemas/wine.Error/discriminator").toString())
        .isEqualTo("{\"propertyName\":\"kind\"}");
    assertThat(
            made.at(
                    "/paths/~1model~1wine~1upload/post/requestBody/content/multipart~1form-data/schema")
                .toString())
        .isEqualTo(
            "{\"type\":\"object\",\"properties\":{\"file\":{\"type\":\"string\",\"format\":"
                + "\"binary\"}},\"required\":[\"file\"]}");
    assertThat(made.toString()).doesNotContain("evil").doesNotContain("elsewhere");
  }

  @Test
  void openApiKeepsItsFormAndLeadsNowhereElse() {
    JsonNode made = scene.documented("b", OPENAPI).document(OPENAPI_3);

    JsonNode item = made.at("/paths/~1model~1b~1base~1predict~1{id}");
    assertThat(item.at("/parameters/0/$ref").asText()).isEqualTo("#/components/parameters/b.Id");
    assertThat(item.at("/post/responses/200/links/again/operationId").asText())
        .isEqualTo("b-00000.predict");
    JsonNode in = made.at("/components/schemas/b.In");
    assertThat(in.path("type").toString()).isEqualTo("[\"object\",\"null\"]");
    assertThat(in.at("/discriminator/mapping").toString())
        .isEqualTo("{\"cat\":\"#/components/schemas/b.Cat\",\"c\":\"#/components/schemas/b.Cat\"}");
    assertThat(made.at("/components/schemas/b.Cat/properties/age").toString())
        .isEqualTo("{\"type\":\"integer\",\"exclusiveMinimum\":0}");
    assertThat(made.toString()).doesNotContain("evil");
  }

  @Test
  void openApiIsSaidInSwaggerAsFarAsItCanBe() {
    JsonNode made = scene.documented("b", OPENAPI).document(SWAGGER_2);

    JsonNode post = made.at("/paths/~1model~1b~1base~1predict~1{id}/post");
    assertThat(post.path("parameters").toString())
        .isEqualTo(
            "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"type\":\"integer\"},"
                + "{\"name\":\"body\",\"in\":\"body\",\"schema\":{\"allOf\":[{\"$ref\":"
                + "\"#/definitions/b.In\"}],\"example\":{\"a\":1}}}]");
    assertThat(keys(post.path("responses"))).containsExactly("200");
    assertThat(made.at("/definitions/b.In/x-nullable").asBoolean()).isTrue();
    assertThat(made.at("/definitions/b.Cat/properties/age/exclusiveMinimum").asBoolean()).isTrue();
    assertThat(made.at("/x-omitted/b").toString())
        .isEqualTo("[\"callbacks\",\"links\",\"oneOf\",\"ranges of statuses\"]");
    assertThat(made.toString()).doesNotContain("evil");
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void namesOfTwoModelsNeverMeet(Dialect dialect) {
    JsonNode made =
        scene
            .documented("a", SWAGGER)
            .documented("b", OPENAPI)
            .documented("c", SWAGGER)
            .document(dialect);

    JsonNode schemas = made.at(dialect.above("schemas"));
    assertThat(keys(schemas)).hasSize(9).contains("a.Error", "b.In", "c.Error");
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void aRouteToTwoShowsTheOneThatGetsMostAndWhatOnlyTheOtherHas(Dialect dialect) {
    JsonNode made =
        scene
            .documented("a", SWAGGER)
            .documented("b", OPENAPI)
            .documented("c", SWAGGER)
            .route("split", "/custom/s", "c", "a", "b")
            .document(dialect);

    JsonNode invoke = made.at("/paths/~1custom~1s~1api~1model~1invoke/post");
    assertThat(invoke.at("/x-deployment/id").asText()).isEqualTo("c");
    assertThat(invoke.path("operationId").asText()).isEqualTo("split.invoke");
    JsonNode predict = made.at("/paths/~1custom~1s~1base~1predict~1{id}/post");
    assertThat(predict.at("/x-deployment/id").asText()).isEqualTo("b");
    assertThat(predict.path("tags").toString()).isEqualTo("[\"split\"]");
    assertThat(predict.path("operationId").asText()).isEqualTo("split.b.predict");
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void aDocumentWithoutPathsIsAsGoodAsNone(Dialect dialect) {
    for (String said :
        List.of(
            "{\"swagger\":\"2.0\",\"info\":{\"title\":\"a\",\"version\":\"1\"}}",
            "{\"swagger\":\"2.0\",\"paths\":{}}",
            "{\"openapi\":\"3.1.0\",\"paths\":{}}")) {
      Catalogue.Made made = new CatalogueScene().documented("a", said).make(dialect);

      assertThat(keys(made.document().path("paths")))
          .containsExactlyInAnyOrder("/model/a/api/model/info", "/model/a/api/model/invoke");
      assertThat(made.refused()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void modelsWithoutADocumentHaveWhatTheirProtocolHas(Dialect dialect) {
    JsonNode paths =
        scene
            .model("one", Predictor.TRITON, new ModelCard("my model", "3", null))
            .model("none", Predictor.OPEN_INFERENCE, new ModelCard("", "", null))
            .model("plain", Predictor.ODAHU_ML_SERVER, (String) null)
            .model("other", Predictor.NONE, (String) null)
            .document(dialect)
            .path("paths");

    assertThat(keys(paths))
        .containsExactlyInAnyOrder(
            "/model/one/v2/models/my%20model",
            "/model/one/v2/models/my%20model/ready",
            "/model/one/v2/models/my%20model/infer",
            "/model/none/v2",
            "/model/none/v2/health/ready",
            "/model/plain/api/model/info",
            "/model/plain/api/model/invoke");
    assertThat(keys(paths.path("/model/one/v2/models/my%20model/infer"))).containsExactly("post");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nothing",
        "[]",
        "{} {}",
        "{\"swagger\":\"1.2\"}",
        "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{\"$ref\":\"http://10.0.0.1/x\"}}}",
        "{\"swagger\":\"2.0\",\"definitions\":{\"a\":{\"$ref\":\"other.json#/a\"}}}",
        "{\"openapi\":\"3.0.0\",\"x\":{\"example\":{\"$ref\":\"file:///etc/passwd\"}}}",
        "{\"swagger\":\"2.0\",\"x\":1e999999999999}"
      })
  void whatCanNotBeShownIsNamedAndDisturbsNoOther(String bad) {
    scene.documented("bad", bad).documented("wine", SWAGGER);

    for (Dialect dialect : Dialect.values()) {
      Catalogue.Made made = scene.make(dialect);
      assertThat(made.refused()).containsOnlyKeys("bad");
      assertThat(made.document().path("x-refused").has("bad")).isTrue();
      assertThat(made.document().path("paths").has("/model/wine/upload")).isTrue();
      assertThat(made.document().path("paths").has("/model/bad/api/model/invoke")).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void noPathLeadsOutOfItsModel(Dialect dialect) {
    String[] bad = {
      "/../../api/v1/model/deployment",
      "/..",
      "/a/%2E%2e/b",
      "/./a",
      "/a\\\\..\\\\b",
      "a",
      "",
      "/a?b",
      "/a b",
      "/#"
    };
    String item = "\":{\"get\":{\"responses\":{}}}";
    String paths = "\"/good..x" + item + ",\"" + String.join(item + ",\"", bad) + item;
    for (String base : new String[] {"/base/../..", "/%2e%2e", "no"}) {
      String document =
          "{\"swagger\":\"2.0\",\"basePath\":\"" + base + "\",\"paths\":{" + paths + "}}";
      JsonNode made = new CatalogueScene().documented("a", document).document(dialect);
      assertThat(keys(made.path("paths"))).containsExactly("/model/a/good..x");
    }
  }

  @Test
  void boundsAreExact() {
    String frame = "{\"swagger\":\"2.0\",\"x\":\"\"}";
    String longest =
        "{\"swagger\":\"2.0\",\"x\":\"" + "é".repeat((ApiDocument.BYTES_MAX - frame.length()) / 2);
    longest += (ApiDocument.BYTES_MAX - frame.length()) % 2 == 1 ? "a\"}" : "\"}";
    String deepest = "{\"swagger\":\"2.0\",\"x\":" + "[".repeat(63) + "]".repeat(63) + "}";
    scene.documented("a", longest).documented("b", longest.replace("\"}", "a\"}"));
    scene.documented("c", deepest).documented("d", deepest.replace("[]", "[[]]"));

    assertThat(scene.make(OPENAPI_3).refused()).containsOnlyKeys("b", "d");
  }

  @Test
  void referencesThatGoRoundAreHarmless() {
    String cyclic =
        """
        {"openapi":"3.1.0","paths":{"/a":{"$ref":"#/paths/~1b"},"/b":{"$ref":"#/paths/~1a"},
          "/c":{"post":{"parameters":[{"$ref":"#/components/parameters/P"}],
            "requestBody":{"$ref":"#/components/requestBodies/R"},"responses":{}}}},
         "components":{"parameters":{"P":{"$ref":"#/components/parameters/P"}},
          "requestBodies":{"R":{"$ref":"#/components/requestBodies/R"}},
          "schemas":{"A":{"$ref":"#/components/schemas/B"},"B":{"$ref":"#/components/schemas/A"},
            "Tree":{"properties":{"more":{"items":{"$ref":"#/components/schemas/Tree"}}}}}}}\
        """;

    for (Dialect dialect : Dialect.values()) {
      JsonNode made = new CatalogueScene().documented("a", cyclic).document(dialect);
      assertThat(made.path("paths").has("/model/a/c")).isTrue();
      String tree = dialect.above("schemas") + "/a.Tree/properties/more/items/$ref";
      assertThat(made.at(tree).asText()).endsWith("a.Tree");
    }
  }

  @Test
  void whatGrowsInTheMakingIsRefused() {
    String schema =
        "{\"properties\":{"
            + String.join(
                ",", upTo(2_000).map(i -> "\"p" + i + "\":{\"type\":\"string\"}").toList())
            + "}}";
    String paths =
        String.join(
            ",",
            upTo(2_000)
                .map(i ->
                    "\"/p"
                        + i
                        + "\":{\"post\":{\"requestBody\":{\"$ref\":\"#/components/requestBodies/R\"}}}")
                .toList());
    String form =
        "{\"openapi\":\"3.0.0\",\"paths\":{"
            + paths
            + "},\"components\":{\"requestBodies\":{\"R\":{\"content\":{\"multipart/form-data\":"
            + "{\"schema\":"
            + schema
            + "}}}}}}";
    scene.documented("bad", form).documented("wine", SWAGGER);

    assertThat(scene.make(SWAGGER_2).refused()).containsOnlyKeys("bad");
    assertThat(scene.make(OPENAPI_3).refused()).isEmpty();

    CatalogueScene many = new CatalogueScene().documented("wine", SWAGGER);
    upTo(3_000).forEach(i -> many.route("r" + i, "/custom/" + i, "wine"));
    assertThat(many.make(OPENAPI_3).refused()).containsOnlyKeys("wine");
  }

  /// Each of these is small, and would be gigabytes if it were made as often as it is referred to.
  private static Stream<String> documentsThatGrow() {
    String head = "{\"openapi\":\"3.1.0\",\"info\":{},";
    String operation = "{\"get\":{\"responses\":{}%s}}";
    String paths = numbered(8_000, "\"/%d\":{\"$ref\":\"#/components/pathItems/big\"}");
    String fields = numbered(20_000, "\"x-%d\":0");
    String key = "k".repeat(200_000);
    String mapping = "\"mapping\":{\"" + key + "\":\"#/components/schemas/s\"}";
    String schema = "{\"discriminator\":{\"propertyName\":\"p\"," + mapping + "}}";
    return Stream.of(
        head
            + "\"paths\":{"
            + paths
            + "},\"components\":{\"pathItems\":{\"big\":"
            + operation.formatted("," + fields)
            + "}}}",
        head
            + "\"security\":["
            + numbered(100_000, "{}")
            + "],\"paths\":{"
            + numbered(8_000, "\"/%d\":" + operation.formatted("").replace("%", "%%"))
            + "}}",
        head
            + "\"paths\":{"
            + paths
            + "},\"components\":{\"schemas\":{\"s\":{}},\"pathItems\":{\"big\":"
            + operation.formatted(
                ",\"requestBody\":{\"content\":{\"a/b\":{\"schema\":" + schema + "}}}")
            + "}}}",
        "{\"swagger\":\"2.0\",\"info\":{},\"parameters\":{\"big\":{\"in\":\"formData\",\"name\":\"n\","
            + fields
            + "}},\"paths\":{"
            + numbered(
                8_000,
                "\"/%d\":{\"post\":{\"parameters\":[{\"$ref\":\"#/parameters/big\"}],\"responses\":{}}}")
            + "}}");
  }

  private static String numbered(int count, String each) {
    return IntStream.range(0, count)
        .mapToObj(i -> each.formatted(i))
        .collect(Collectors.joining(","));
  }

  @ParameterizedTest
  @MethodSource("documentsThatGrow")
  @Timeout(value = 20, unit = TimeUnit.SECONDS)
  void aSmallDocumentOfWhichMuchWouldBeMadeIsRefused(String bad) {
    assertThat(bad.length()).isLessThan(1 << 20);
    CatalogueScene one = new CatalogueScene().documented("bad", bad);

    assertThat(one.make(OPENAPI_3).refused()).containsOnlyKeys("bad");
    assertThat(one.make(SWAGGER_2).document().path("paths")).isNotEmpty();
  }

  @Test
  void whatHasNoRoomIsNamedAndShownAlone() {
    String large =
        "{\"swagger\":\"2.0\",\"paths\":{\"/a\":{\"get\":{\"description\":\""
            + "x".repeat(1_000_000)
            + "\"}}}}";
    for (String id : List.of("a", "b", "c", "d", "e", "f")) {
      scene.documented(id, large);
    }
    scene.documented("small", SWAGGER);

    JsonNode made = scene.document(OPENAPI_3);
    assertThat(made.path("x-left-out").toString()).isEqualTo("[\"e\",\"f\"]");
    assertThat(made.path("paths").has("/model/small/upload")).isTrue();
    JsonNode one = Catalogue.one(scene.facts(), "f", OPENAPI_3).document();
    CatalogueScene.isWhole(one, OPENAPI_3);
    assertThat(keys(one.path("paths"))).containsExactly("/model/f/a");
    assertThat(one.path("info").path("title").asText()).isEqualTo("f-model");
  }

  @Test
  void namesThatBecomeOneStayTwo() {
    String odd =
        """
        {"swagger":"2.0","paths":{"/a":{"get":{"responses":{"200":{"description":"",
          "schema":{"$ref":"#/definitions/A?"}},"201":{"description":"","schema":{"$ref":"#/definitions/A!"}}}}}},
         "definitions":{"A!":{"title":"one"},"A?":{"title":"two"},"A_":{"title":"three"}}}\
        """;
    JsonNode made = scene.documented("a", odd).document(SWAGGER_2);

    assertThat(made.path("definitions").findValuesAsText("title"))
        .containsExactlyInAnyOrder("one", "two", "three");
    String two = made.at("/paths/~1model~1a~1a/get/responses/200/schema/$ref").asText();
    assertThat(made.at(two.substring(1)).path("title").asText()).isEqualTo("two");
  }

  private static Stream<Integer> upTo(int count) {
    return IntStream.range(0, count).boxed();
  }
}
