package dev.loopgate.api;

import static dev.loopgate.api.ApiFixture.DEPLOYMENTS;
import static dev.loopgate.api.ApiFixture.ROUTES;
import static dev.loopgate.api.ApiFixture.route;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Routes of contract sections 5, 6 and 15.
@Timeout(60)
final class RouteDoorTest {
  private final ApiFixture api = new ApiFixture();
  private String defaultId = "";

  @BeforeEach
  void declare() {
    api.declareDeployment("wine");
    defaultId = api.get(DEPLOYMENTS + "/wine/default-route").json().path("id").asText();
  }

  @AfterEach
  void close() {
    api.close();
    assertThat(api.told()).isEmpty();
  }

  @Test
  void aRouteIsDeclaredChangedAndDeletedAtOnce() {
    Reply created = api.post(ROUTES, route("canary", "/custom/a", "wine"));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    assertThat(created.json().at("/spec/modelDeployments/0/weight").intValue()).isEqualTo(100);
    assertThat(created.json().path("default").asBoolean(true)).isFalse();
    assertThat(created.json().at("/status/state").asText("none")).isEmpty();
    assertThat(api.post(ROUTES, route("canary", "/custom/a", "wine")).told())
        .isEqualTo("409 entity \"canary\" already exists");
    assertThat(api.awaited()).endsWith(new Ref(Kind.ROUTE, "canary"));
    Reply changed = api.put(ROUTES, created.body().replace("/custom/a", "/custom/b"));
    assertThat(changed.status()).as(changed.body()).isEqualTo(200);
    assertThat(changed.json().path("createdAt")).isEqualTo(created.json().path("createdAt"));
    Reply patched = api.patch(ROUTES + "/canary", "{\"spec\":{\"mirror\":\"wine\"}}");
    assertThat(patched.json().at("/spec/mirror").asText()).isEqualTo("wine");
    assertThat(patched.json().at("/spec/urlPrefix").asText()).isEqualTo("/custom/b");
    assertThat(api.get(ROUTES + "/canary").body()).isEqualTo(patched.body());

    assertThat(api.delete(ROUTES + "/canary").told())
        .isEqualTo("200 Model route canary was deleted");
    String gone = "404 entity \"canary\" is not found";
    assertThat(api.get(ROUTES + "/canary").told()).isEqualTo(gone);
    assertThat(api.delete(ROUTES + "/canary").told()).isEqualTo(gone);
    assertThat(api.patch(ROUTES + "/canary", "{}").told()).isEqualTo(gone);
    assertThat(api.put(ROUTES, route("canary", "/custom/a", "wine")).told()).isEqualTo(gone);
  }

  @Test
  void aDefaultRouteIsNobodysToWrite() {
    String read = api.get(ROUTES + "/" + defaultId).body();
    String update =
        "403 access forbidden: unable to update default route with ID \"" + defaultId + "\"";

    assertThat(api.put(ROUTES, read).told()).isEqualTo(update);
    assertThat(api.put(ROUTES, route(defaultId, "/custom/a", "wine")).told()).isEqualTo(update);
    assertThat(api.patch(ROUTES + "/" + defaultId, "{}").told()).isEqualTo(update);
    assertThat(api.patch(ROUTES + "/" + defaultId, "{\"spec\":{\"x\":1}}").told())
        .isEqualTo(update);
    assertThat(api.delete(ROUTES + "/" + defaultId).told())
        .isEqualTo(
            "403 access forbidden: unable to delete default route with ID \"" + defaultId + "\"");
    Reply made =
        api.post(
            ROUTES,
            route("mine", "/custom/a", "wine").replace("{\"id\"", "{\"default\":true,\"id\""));
    assertThat(made.told()).isEqualTo("403 access forbidden: unable to create default route");
    assertThat(made.json().path("title").asText()).isEqualTo("Forbidden");
    assertThat(api.get(ROUTES).json()).hasSize(1);
    assertThat(api.get(ROUTES + "/" + defaultId).body()).isEqualTo(read);
  }

  @Test
  void aRouteCanNotBecomeADefaultOne() {
    api.post(ROUTES, route("mine", "/custom/a", "wine"));
    assertThat(api.patch(ROUTES + "/mine", "{\"default\":true}").status()).isEqualTo(403);
  }

  @Test
  void rulesLookAtWhatElseIsDeclared() {
    assertThat(api.post(ROUTES, route("a", "/custom/a", "none")).told())
        .isEqualTo("400 entity \"none\" is not found");
    assertThat(api.post(ROUTES, route("", "custom", "wine")).told())
        .isEqualTo(
            "400 ID is not valid; empty \"ID\"; Validation of model route is failed: the URL"
                + " prefix must start with slash");
    assertThat(api.post(ROUTES, route("a", "/other", "wine")).told())
        .contains("custom URL prefix must start with /custom");
    assertThat(api.post(ROUTES, route("a", "/model/wine", "wine")).told())
        .contains("the URL prefix /model is forbidden");
    api.post(ROUTES, route("a", "/custom/a", "wine"));
    Reply taken = api.post(ROUTES, route("b", "/custom/a", "wine"));
    assertThat(taken.told()).contains("the URL prefix /custom/a is used by route a");
    assertThat(taken.json().at("/violations/0/pointer").asText()).isEqualTo("/spec/urlPrefix");
    assertThat(api.put(ROUTES, route("a", "/custom/a", "wine")).status()).isEqualTo(200);
  }

  @Test
  void listsKnowNoFilterButPages() {
    api.post(ROUTES, route("a", "/custom/a", "wine"));
    assertThat(api.get(ROUTES + "?size=1").json().at("/0/id").asText()).isEqualTo("a");
    assertThat(api.get(ROUTES + "?size=1&page=1").json().at("/0/id").asText()).isEqualTo(defaultId);
    assertThat(api.get(ROUTES + "?roleName=x").told())
        .isEqualTo("400 cannot find roleName url parameter");
  }

  @Test
  void eventsHaveTheOddWordOfTheOriginal() {
    api.post(ROUTES, route("a", "/custom/a", "wine"));
    api.put(ROUTES, route("a", "/custom/a", "wine"));
    api.delete(ROUTES + "/a");
    JsonNode page = api.get(ROUTES + "-events").json();

    assertThat(page.path("events").findValuesAsText("type"))
        .containsExactly(
            "ModelRouteCreated", "ModelRouteCreated", "ModelRouteUpdate", "ModelRouteDeleted");
  }
}
