package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.ModelReader.ModelCard;
import java.util.Base64;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages and their documents (contract section 10, S-4 and S-5).
@Timeout(60)
final class CatalogueDoorTest {
  private static final String DOCUMENT =
      "{\"swagger\":\"2.0\",\"info\":{\"description\":\"good wine\"},"
          + "\"paths\":{\"/api/model/invoke\":{\"post\":{\"responses\":{}}}}}";

  private final ApiFixture api = new ApiFixture();
  private final Map<String, ModelCard> cards = new TreeMap<>();
  private final CatalogueDoor door =
      new CatalogueDoor(api.store, () -> Map.copyOf(cards), api.events());

  @AfterEach
  void close() {
    door.close();
    api.close();
  }

  private Reply send(String line, String... headers) {
    return send(door, line, headers);
  }

  private static Reply send(CatalogueDoor door, String line, String... headers) {
    int space = line.indexOf(' ');
    ApiRequest request =
        new ApiRequest(
            line.substring(0, space),
            line.substring(space + 1),
            DoorFixture.headers(headers),
            new byte[0],
            false);
    assertThat(CatalogueDoor.serves(request.path())).as(line).isTrue();
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    door.handle(request, reply -> answer.complete(new Reply(reply)));
    return ApiFixture.await(answer);
  }

  @Test
  void aClassThatIsGoneIsAnsweredToo() {
    try (CatalogueDoor broken =
        new CatalogueDoor(
            api.store,
            () -> {
              throw new NoClassDefFoundError("planted");
            },
            api.events())) {
      assertThat(send(broken, "GET /service-catalog/catalog/data.json").told())
          .isEqualTo("500 the gateway has failed");
      assertThat(api.told()).containsExactly("failed planted");
    }
  }

  private Reply get(String path) {
    return send("GET /service-catalog" + path);
  }

  private void declare(String id) {
    api.declareDeployment(id);
    cards.put(id, new ModelCard(id + "-model", "2", DOCUMENT));
  }

  @ParameterizedTest
  @CsvSource({
    "/swagger/index.html, text/html; charset=utf-8",
    "/swagger/data.json, application/json; charset=utf-8",
    "/swagger/swagger-initializer.js, text/javascript; charset=utf-8",
    "/swagger/swagger-ui-bundle.js, text/javascript; charset=utf-8",
    "/swagger/swagger-ui.css, text/css; charset=utf-8",
    "/swagger/favicon-16x16.png, image/png",
    "/service-catalog/catalog/index.html, text/html; charset=utf-8",
    "/service-catalog/catalog/index.html?x=1, text/html; charset=utf-8",
    "/service-catalog/catalog/data.json, application/json; charset=utf-8",
    "/service-catalog/catalog/openapi.json, application/json; charset=utf-8",
    "/service-catalog/catalog/config.json, application/json; charset=utf-8",
    "/service-catalog/swagger/swagger-initializer.js, text/javascript; charset=utf-8",
    "/service-catalog/swagger/swagger-ui-standalone-preset.js, text/javascript; charset=utf-8",
    "/service-catalog/health, application/json; charset=utf-8"
  })
  void pagesHaveTheirTypesAndMayLoadNothingElse(String path, String type) {
    for (String method : new String[] {"GET ", "HEAD "}) {
      Reply reply = send(method + path, "request-id: my-id");

      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.header("content-type")).isEqualTo(type);
      assertThat(reply.header("x-content-type-options")).isEqualTo("nosniff");
      assertThat(reply.header("content-security-policy"))
          .startsWith("default-src 'none'; script-src 'self';")
          .doesNotContain("unsafe")
          .doesNotContain("http");
      assertThat(reply.header("request-id")).isEqualTo("my-id");
      assertThat(reply.of().body()).isNotEmpty();
    }
  }

  @Test
  void eachFileOfSwaggerUiIsThere() {
    for (String name : WebFiles.OF_SWAGGER_UI.keySet()) {
      Reply reply = send("GET /swagger/" + name);
      assertThat(reply.status()).as(name).isEqualTo(200);
      assertThat(reply.header("cache-control")).isEqualTo("public, max-age=3600");
      assertThat(send("GET /swagger/" + name, "if-none-match: " + reply.header("etag")).status())
          .isEqualTo(304);
    }
    assertThat(send("GET /swagger/data.json").of().body()).isEqualTo(DeclaredDoor.openApi());
  }

  @Test
  void pagesHaveNoScriptInThemAndNoOtherHost() {
    for (String path : new String[] {"/swagger/", "/service-catalog/catalog/"}) {
      String page = send("GET " + path + "index.html").body();
      assertThat(page).doesNotContain("//").doesNotContain("<script>").doesNotContain("style=");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/swagger, /swagger/index.html",
    "/swagger/, /swagger/index.html",
    "/service-catalog, /service-catalog/catalog/index.html",
    "/service-catalog/, /service-catalog/catalog/index.html"
  })
  void foldersLeadToTheirPages(String path, String page) {
    Reply reply = send("GET " + path);
    assertThat(reply.status()).isEqualTo(302);
    assertThat(reply.header("location")).isEqualTo(page);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/catalog/",
        "/catalog/swagger-ui.css",
        "/swagger/../swagger/swagger-ui.css",
        "/swagger/%2e%2e/swagger-ui.css",
        "/swagger/swagger-initializer.js/swagger-ui.css",
        "/swagger/index.html",
        "/swagger/swagger-ui.js",
        "/swagger//swagger-ui.css",
        "/catalog/openapi/nobody.json",
        "/catalog/openapi/.json",
        "/catalog/openapi/wine%2ejson",
        "/model-info/",
        "/model-info/nobody",
        "/model-info/wine/"
      })
  void onlyNamesThatAreThereAreServed(String path) {
    declare("wine");
    assertThat(get(path).status()).isEqualTo(404);
  }

  @Test
  void pathsThatAreNobodysAreLeftToOthers() {
    for (String path :
        new String[] {"/swagger-ui", "/swagger/x", "/swagger/../x", "/service-catalogue", "/"}) {
      assertThat(CatalogueDoor.serves(path)).as(path).isFalse();
    }
    Reply reply = send("POST /service-catalog/catalog/data.json");
    assertThat(reply.told()).startsWith("405 ");
    assertThat(reply.header("allow")).isEqualTo("GET, HEAD");
  }

  @Test
  void whatIsDeclaredAndHasSaidWhatItIsIsShown() throws Exception {
    declare("wine");
    api.declareDeployment("unread");
    api.post(ApiFixture.ROUTES, ApiFixture.route("canary", "/custom/wine", "wine"));

    JsonNode data = get("/catalog/data.json").json();
    assertThat(data.path("paths").has("/model/wine/api/model/invoke")).isTrue();
    assertThat(data.path("paths").has("/custom/wine/api/model/invoke")).isTrue();
    assertThat(data.path("paths")).hasSize(2);
    assertThat(get("/catalog/config.json").json().toString())
        .isEqualTo(
            "{\"urls\":[{\"name\":\"All models\",\"url\":\"openapi.json\"},"
                + "{\"name\":\"wine\",\"url\":\"openapi/wine.json\"}]}");
    JsonNode one = get("/catalog/openapi/wine.json").json();
    assertThat(one.path("info").toString())
        .isEqualTo("{\"title\":\"wine-model\",\"version\":\"2\",\"description\":\"good wine\"}");
    CatalogueScene.isWhole(one, Dialect.OPENAPI_3);

    api.delete(ApiFixture.DEPLOYMENTS + "/wine"); // marked: its servers may still be there
    assertThat(get("/catalog/data.json").json().path("paths")).isEmpty();
    assertThat(get("/catalog/openapi/wine.json").status()).isEqualTo(404);
    assertThat(get("/model-info/wine").status()).isEqualTo(404);
  }

  @Test
  void aDocumentIsMadeAgainOnlyWhenSomethingHasChanged() throws Exception {
    declare("wine");
    cards.put("bad", new ModelCard("bad", "1", "no document"));
    api.declareDeployment("bad");
    Reply first = get("/catalog/openapi.json");
    String tag = first.header("etag");
    Reply again = send("GET /service-catalog/catalog/openapi.json", "if-none-match: " + tag);
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.of().body()).isEmpty();
    assertThat(api.told()).containsExactly("refused bad");
    assertThat(first.header("cache-control")).isEqualTo("no-cache");

    DeploymentStatus ready =
        new DeploymentStatus(
            DeploymentStatus.State.READY, "wine", "", 1, 1, null, "wine-model", "2", null, "");
    api.store.updateStatus(Kind.DEPLOYMENT, "wine", ready, OptionalLong.empty());

    Reply changed = send("GET /service-catalog/catalog/openapi.json", "if-none-match: " + tag);
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().at("/paths/~1model~1wine~1api~1model~1invoke/post/x-deployment"))
        .hasToString(
            "{\"id\":\"wine\",\"state\":\"Ready\",\"name\":\"wine-model\",\"version\":\"2\","
                + "\"warm\":true}");
    assertThat(api.told()).containsExactly("refused bad", "refused bad");
  }

  @Test
  void modelInfoHasTheModelsOwnDocument() {
    declare("wine");
    cards.put("triton", new ModelCard("t", "1", null));
    api.declareDeployment("triton");

    JsonNode info = get("/model-info/wine").json();
    String raw = info.at("/servedModel/swagger2/raw").asText();
    assertThat(new String(Base64.getDecoder().decode(raw), UTF_8)).isEqualTo(DOCUMENT);
    assertThat(info.path("deploymentID").asText()).isEqualTo("wine");
    assertThat(info.at("/servedModel/metadata").toString())
        .isEqualTo("{\"modelName\":\"wine-model\",\"modelVersion\":\"2\",\"others\":{}}");
    String made = get("/model-info/triton").json().at("/servedModel/swagger2/raw").asText();
    assertThat(ApiFixture.tree(new String(Base64.getDecoder().decode(made), UTF_8)).path("swagger"))
        .hasToString("\"2.0\"");
    assertThat(get("/model-info/nobody").told()).isEqualTo("404 entity \"nobody\" is not found");
  }
}
