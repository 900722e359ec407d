package dev.loopgate.api;

import static dev.loopgate.api.ApiFixture.DEPLOYMENTS;
import static dev.loopgate.api.ApiFixture.ROUTES;
import static dev.loopgate.api.ApiFixture.deployment;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.loopgate.api.ApiFixture.Reply;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Deployments of contract sections 4, 5 and 15.
@Timeout(60)
final class DeploymentDoorTest {
  private final ApiFixture api = new ApiFixture();

  @AfterEach
  void close() {
    api.close();
    assertThat(api.told()).isEmpty();
  }

  private static String ids(Reply list) {
    assertThat(list.status()).as(list.body()).isEqualTo(200);
    List<String> ids = new ArrayList<>();
    list.json().forEach(each -> ids.add(each.path("id").asText()));
    return String.join(" ", ids);
  }

  @Test
  void whatIsCreatedHasDefaultsAndARouteOfItsOwn() {
    assertThat(api.get(DEPLOYMENTS).body()).isEqualTo("[]");

    // As the real client sends it: a kind, and null for whatever is not set.
    Reply created =
        api.post(
            DEPLOYMENTS,
            """
            {"kind":"ModelDeployment","id":"wine","createdAt":null,"updatedAt":null,"status":null,
             "spec":{"image":"i","predictor":"odahu-ml-server","annotations":null,"minReplicas":null,
                     "resources":null,"roleName":null,"imagePullConnID":null,"nodeSelector":null}}\
            """);

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.header("content-type")).isEqualTo("application/json; charset=utf-8");
    JsonNode json = created.json();
    assertThat(json.at("/spec/roleName").asText()).isEqualTo("role-wine");
    assertThat(json.at("/spec/maxReplicas").intValue()).isEqualTo(1);
    assertThat(json.at("/spec/resources/limits/memory").asText()).isEqualTo("256Mi");
    assertThat(json.path("createdAt")).isEqualTo(json.path("updatedAt"));
    assertThat(json.at("/status/replicas").isInt()).isTrue();
    assertThat(json.has("deletionMark")).isFalse();
    Reply read = api.get(DEPLOYMENTS + "/wine");
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.body()).isEqualTo(created.body());
    assertThat(read.header("etag")).isEqualTo(created.header("etag")).matches("\"\\d+\"");
    assertThat(api.get(DEPLOYMENTS).body()).isEqualTo("[" + created.body() + "]");
    Reply route = api.get(DEPLOYMENTS + "/wine/default-route");
    assertThat(route.json().at("/spec/urlPrefix").asText()).isEqualTo("/model/wine");
    assertThat(route.json().path("default").asBoolean()).isTrue();
    assertThat(api.get(ROUTES).body()).isEqualTo("[" + route.body() + "]");
  }

  @Test
  void whatIsDeclaredAgainKeepsItsBirthAndItsRouteAndNothingThatWasObserved() throws Exception {
    JsonNode created = api.declareDeployment("wine").json();
    String route = api.get(DEPLOYMENTS + "/wine/default-route").body();
    DeploymentStatus ready =
        new DeploymentStatus(
            DeploymentStatus.State.READY, "", "", 1, 1, null, "wine", "1", null, "");
    api.store.updateStatus(Kind.DEPLOYMENT, "wine", ready, OptionalLong.empty());
    assertThat(api.get(DEPLOYMENTS + "/wine").json().at("/status/state").asText())
        .isEqualTo("Ready");
    api.delete(DEPLOYMENTS + "/wine");

    // What was read may be sent back whole.
    Reply again =
        api.put(DEPLOYMENTS, api.get(DEPLOYMENTS + "/wine").body().replace("role-wine", "risk"));

    assertThat(again.status()).as(again.body()).isEqualTo(200);
    assertThat(again.json().path("createdAt")).isEqualTo(created.path("createdAt"));
    assertThat(again.json().path("updatedAt")).isNotEqualTo(created.path("updatedAt"));
    assertThat(again.json().at("/spec/roleName").asText()).isEqualTo("risk");
    assertThat(again.json().path("status").toString())
        .isEqualTo("{\"availableReplicas\":0,\"replicas\":0}");
    assertThat(again.json().has("deletionMark")).isFalse();
    assertThat(api.get(DEPLOYMENTS + "/wine/default-route").body()).isEqualTo(route);
  }

  @Test
  void whatIsDeletedIsMarkedAndThenGone() throws Exception {
    api.declareDeployment("wine");

    assertThat(api.delete(DEPLOYMENTS + "/wine").body())
        .isEqualTo("{\"message\":\"Model deployment wine was deleted\"}");
    assertThat(api.get(DEPLOYMENTS + "/wine").json().path("deletionMark").asBoolean()).isTrue();
    assertThat(api.delete(DEPLOYMENTS + "/wine").status()).isEqualTo(200);

    api.store.delete(Kind.DEPLOYMENT, "wine", OptionalLong.empty()); // as its controller does
    String gone = "404 entity \"wine\" is not found";
    assertThat(api.get(DEPLOYMENTS + "/wine").told()).isEqualTo(gone);
    assertThat(api.put(DEPLOYMENTS, deployment("wine", "")).told()).isEqualTo(gone);
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{}").told()).isEqualTo(gone);
    assertThat(api.delete(DEPLOYMENTS + "/wine").told()).isEqualTo(gone);
    assertThat(api.get(DEPLOYMENTS + "/wine/default-route").told()).isEqualTo(gone);
    assertThat(api.get(ROUTES).body()).isEqualTo("[]");
  }

  @Test
  void oneThatIsThereIsNotCreatedAgain() {
    api.declareDeployment("wine");
    Reply again = api.post(DEPLOYMENTS, deployment("wine", ""));

    assertThat(again.told()).isEqualTo("409 entity \"wine\" already exists");
    assertThat(api.awaited()).containsExactly(new Ref(Kind.DEPLOYMENT, "wine"));
    assertThat(again.json().path("title").asText()).isEqualTo("Conflict");
    assertThat(again.json().path("type").asText()).isEqualTo("about:blank");
    assertThat(again.json().path("status").intValue()).isEqualTo(409);
    assertThat(again.json().path("detail")).isEqualTo(again.json().path("message"));
    assertThat(again.json().has("violations")).isFalse();
  }

  @Test
  void anIdMayHave63CharactersAndNoMore() {
    api.declareDeployment("a".repeat(63));
    assertThat(api.get(DEPLOYMENTS + "/" + "a".repeat(63)).status()).isEqualTo(200);
    assertThat(api.post(DEPLOYMENTS, deployment("a".repeat(64), "")).told())
        .isEqualTo(
            "400 Validation of model deployment is failed: model deployment ID should not exceed 63"
                + " symbols");
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT"})
  void allThatIsWrongIsToldInTheOrderOfTheContract(String method) {
    Reply first =
        api.send(
            method + " " + DEPLOYMENTS,
            "",
            "{\"spec\":{\"image\":\"\",\"minReplicas\":5,\"maxReplicas\":3}}");
    Reply second =
        api.send(
            method + " " + DEPLOYMENTS,
            "",
            deployment(
                "wine",
                ",\"minReplicas\":-1,\"maxReplicas\":-2,\"livenessProbeInitialDelay\":-1,"
                    + "\"readinessProbeInitialDelay\":-1"));

    String max = "maximum number of replicas parameter must not be less than ";
    assertThat(first.told())
        .isEqualTo(
            "400 Validation of model deployment is failed: "
                + max
                + "minimum number of replicas parameter; ID is not valid; empty \"ID\"; empty image"
                + " parameter; empty predictor parameter");
    assertThat(first.json().at("/violations/0/pointer").asText()).isEqualTo("/spec/maxReplicas");
    assertThat(first.json().path("violations")).hasSize(5);
    assertThat(second.told())
        .isEqualTo(
            "400 Validation of model deployment is failed: livenessProbeInitialDelay must be"
                + " non-negative integer; readinessProbeInitialDelay must be non-negative integer; "
                + max
                + "minimum number of replicas parameter; "
                + max
                + "1; minimum number of replicas parameter must not be less than 0");
    assertThat(api.get(DEPLOYMENTS).body()).isEqualTo("[]");
  }

  @Test
  void whatCanNotBeReadIsToldWithWhereItStands() {
    Reply reply =
        api.post(
            DEPLOYMENTS,
            "{\"id\":\"wine\",\"spec\":{\"imag\":\"i\",\"minReplicas\":\"many\",\"target\":null}}");

    assertThat(reply.told())
        .isEqualTo(
            "400 wrong type: pointer=/spec/minReplicas, value=\"many\", allowed=a whole number of"
                + " 32 bits; unknown field: pointer=/spec/imag, nearest=image");
    assertThat(reply.json().at("/violations/1/pointer").asText()).isEqualTo("/spec/imag");
    assertThat(api.post(DEPLOYMENTS, "[]").told()).startsWith("400 wrong type: pointer=");
    assertThat(api.post(DEPLOYMENTS, "{\"kind\":\"ModelRoute\"}").told())
        .startsWith("400 wrong kind");
  }

  @Test
  void listsAreFilteredAndPaged() {
    for (String id : List.of("e", "b", "d", "a", "c")) {
      api.post(
          DEPLOYMENTS,
          deployment(id, ",\"roleName\":\"" + (id.compareTo("c") < 0 ? "x" : "y") + "\""));
    }

    assertThat(ids(api.get(DEPLOYMENTS))).isEqualTo("a b c d e");
    assertThat(ids(api.get(DEPLOYMENTS + "?size=2"))).isEqualTo("a b");
    assertThat(ids(api.get(DEPLOYMENTS + "?size=2&page=2"))).isEqualTo("e");
    assertThat(ids(api.get(DEPLOYMENTS + "?size=2&page=3"))).isEmpty();
    assertThat(ids(api.get(DEPLOYMENTS + "?size=0"))).isEmpty();
    assertThat(ids(api.get(DEPLOYMENTS + "?size=2147483647&page=2147483647"))).isEmpty();
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName=x"))).isEqualTo("a b");
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName=y&size=1&page=1"))).isEqualTo("d");
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName=x&roleName=y"))).isEqualTo("a b c d e");
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName=x&roleName=*"))).isEqualTo("a b c d e");
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName=z"))).isEmpty();
    assertThat(ids(api.get(DEPLOYMENTS + "?roleName="))).isEmpty();
  }

  @Test
  void aListHas500WhereNothingIsSaid() {
    for (int i = 0; i < 501; i++) {
      api.declareDeployment("m" + i);
    }

    assertThat(api.get(DEPLOYMENTS).json()).hasSize(500);
    assertThat(api.get(DEPLOYMENTS + "?page=1").json()).hasSize(1);
    assertThat(api.get(DEPLOYMENTS + "?size=501").json()).hasSize(501);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "size=-1            | Incorrect \"size\" query parameter value: -1. Integer expected.",
        "size=              | Incorrect \"size\" query parameter value: . Integer expected.",
        "size               | Incorrect \"size\" query parameter value: . Integer expected.",
        "size=+1            | Incorrect \"size\" query parameter value:  1. Integer expected.",
        "size=1.0           | Incorrect \"size\" query parameter value: 1.0. Integer expected.",
        "size=%D9%A1        | Incorrect \"size\" query parameter value: \u0661. Integer expected.",
        "page=99999999999   | Incorrect \"page\" query parameter value: 99999999999. Integer",
        "page=9223372036854775808 | Incorrect \"page\" query parameter value: 92233720368547758",
        "page=%00           | Incorrect \"page\" query parameter value: \\u0000. Integer expected.",
        "size=1&size=2      | the size URL parameter must be only one",
        "page=1&page=1      | the page URL parameter must be only one",
        "type=docker        | cannot find type url parameter",
        "Size=1             | cannot find Size url parameter",
        "cursor=1           | cannot find cursor url parameter",
        "watch=false&cursor=1 | cannot find cursor url parameter",
        "%0a=1              | cannot find \\u000a url parameter"
      })
  void aQueryThatCanNotBeUnderstoodIsRefused(String query, String message) {
    assertThat(api.get(DEPLOYMENTS + "?" + query).told()).startsWith("400 " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/Wine",
        "/..",
        "/%2e%2e",
        "/a%2fb",
        "/a%00",
        "/%zz",
        "/%C3%28",
        "/-a",
        "/a_b",
        "/%61%0a",
        "/a%2Fdefault-route"
      })
  void whatIsNoIdIsNobodys(String hostile) {
    api.declareDeployment("a");
    for (String method : List.of("GET", "DELETE", "PATCH")) {
      Reply reply = api.send(method + " " + DEPLOYMENTS + hostile, "", "{}");
      assertThat(reply.told()).startsWith("404 entity \"").endsWith("\" is not found");
      assertThat(reply.body()).doesNotContain("\n").hasSizeLessThan(300);
    }
    assertThat(api.get(DEPLOYMENTS + hostile + "/default-route").status()).isEqualTo(404);
    assertThat(api.get(DEPLOYMENTS + "/" + "a".repeat(60_000)).body()).hasSizeLessThan(1_000);
  }

  @Test
  void anIdIsDecodedBeforeItIsLookedUp() {
    api.declareDeployment("wine");
    assertThat(api.get(DEPLOYMENTS + "/%77in%65").status()).isEqualTo(200);
  }

  @Test
  void eventsAreReadFromACursorThatNeverFalls() throws Exception {
    assertThat(api.get(DEPLOYMENTS + "-events").body()).isEqualTo("{\"events\":[],\"cursor\":0}");
    api.declareDeployment("wine");
    api.put(DEPLOYMENTS, deployment("wine", ""));
    JsonNode page = api.get(DEPLOYMENTS + "-events?cursor=0").json();

    assertThat(page.path("events").findValuesAsText("type"))
        .containsExactly("ModelDeploymentCreated", "ModelDeploymentUpdated");
    JsonNode first = page.at("/events/0");
    assertThat(first.path("entityID").asText()).isEqualTo("wine");
    assertThat(first.at("/payload/spec/image").asText()).isEqualTo("i");
    assertThat(first.path("datetime").asText()).endsWith("Z");
    long cursor = page.path("cursor").longValue();
    assertThat(api.get(DEPLOYMENTS + "-events?cursor=" + cursor).body())
        .isEqualTo("{\"events\":[],\"cursor\":" + cursor + "}");
    api.delete(DEPLOYMENTS + "/wine");
    api.store.delete(Kind.DEPLOYMENT, "wine", OptionalLong.empty());
    JsonNode next = api.get(DEPLOYMENTS + "-events?cursor=" + cursor).json();
    assertThat(next.path("events").findValuesAsText("type"))
        .containsExactly("ModelDeploymentDeletionMarkIsSet", "ModelDeploymentDeleted");
    assertThat(next.path("cursor").longValue()).isGreaterThan(cursor);
  }

  @Test
  void aPageOfEventsIsBoundedAndTheNextGoesOn() {
    for (int i = 0; i < 250; i++) {
      api.declareDeployment("m" + i);
    }
    List<String> seen = new ArrayList<>();
    long cursor = 0;
    for (int page = 0; page < 4; page++) {
      JsonNode json = api.get(DEPLOYMENTS + "-events?cursor=" + cursor).json();
      json.path("events").forEach(event -> seen.add(event.path("entityID").asText()));
      assertThat(json.has("cutOff")).isFalse();
      cursor = json.path("cursor").longValue();
    }

    assertThat(seen).hasSize(250).doesNotHaveDuplicates();
  }

  @Test
  void whoMissedEventsIsTold() {
    for (int i = 0; i < 1_001; i++) {
      api.declareDeployment("m" + i);
    }
    assertThat(api.get(DEPLOYMENTS + "-events?cursor=0").json().path("cutOff").asBoolean())
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1.5", "9223372036854775808", "", "0x1"})
  void aCursorIsAnInteger(String cursor) {
    assertThat(api.get(DEPLOYMENTS + "-events?cursor=" + cursor).told())
        .startsWith(
            "400 Incorrect \"cursor\" query parameter value: "
                + cursor
                + ". Integer expected. Details: ");
  }

  @Test
  void aPatchChangesWhatItNames() {
    api.post(DEPLOYMENTS, deployment("wine", ",\"annotations\":{\"a\":\"1\",\"b\":\"2\"}"));

    Reply patched =
        api.patch(
            DEPLOYMENTS + "/wine",
            "{\"spec\":{\"annotations\":{\"a\":null,\"c\":\"3\"},\"minReplicas\":1}}");

    assertThat(patched.status()).as(patched.body()).isEqualTo(200);
    assertThat(patched.json().at("/spec/annotations").toString())
        .isEqualTo("{\"b\":\"2\",\"c\":\"3\"}");
    assertThat(patched.json().at("/spec/image").asText()).isEqualTo("i");
    assertThat(api.get(DEPLOYMENTS + "/wine").body()).isEqualTo(patched.body());
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{\"spec\":{\"maxReplicas\":0}}").told())
        .startsWith("400 Validation of model deployment is failed: maximum");
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{\"id\":\"other\"}").told())
        .isEqualTo("400 the ID of an entity can not be changed");
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{\"id\":null}").status()).isEqualTo(400);
    assertThat(api.patch(DEPLOYMENTS + "/wine", "[]").told())
        .isEqualTo("400 a merge patch must be an object");
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{\"spec\":{\"imago\":\"x\"}}").told())
        .contains("nearest=image");
    assertThat(api.patch(DEPLOYMENTS + "/wine", "{\"spec\":null}").told())
        .contains("empty image parameter");
    assertThat(api.get(DEPLOYMENTS + "/wine").body()).isEqualTo(patched.body());
  }

  @Test
  void aWriteIsMadeOnlyOfTheVersionThatIsExpected() {
    String first = api.declareDeployment("wine").header("etag");
    String body = deployment("wine", "");
    String second = api.send("PUT " + DEPLOYMENTS, "if-match: " + first, "", body).header("etag");

    for (String stale : List.of(first, "W/" + second, "\"x\"", "5", "\"0\", \"9\"", "\"")) {
      String header = "if-match: " + stale;
      assertThat(api.send("PUT " + DEPLOYMENTS, header, "", body).told())
          .as(stale)
          .isEqualTo("412 entity \"wine\" is another than expected: its entity tag is " + second);
      assertThat(api.send("PATCH " + DEPLOYMENTS + "/wine", header, "", "{}").status())
          .isEqualTo(412);
      assertThat(api.send("DELETE " + DEPLOYMENTS + "/wine", header).status()).isEqualTo(412);
    }
    String third =
        api.send("PUT " + DEPLOYMENTS, "if-match: \"x\" , " + second, "", body).header("etag");
    assertThat(third).isNotEmpty().isNotEqualTo(second);
    assertThat(
            api.send(
                    "PATCH " + DEPLOYMENTS + "/wine",
                    "if-match: \"x\"",
                    "if-match: " + third,
                    "",
                    "{}")
                .status())
        .isEqualTo(200);
    assertThat(api.send("DELETE " + DEPLOYMENTS + "/wine", "if-match: *").status()).isEqualTo(200);
    assertThat(api.send("DELETE " + DEPLOYMENTS + "/none", "if-match: *").status()).isEqualTo(404);
  }

  @Test
  void whoHasTheVersionAlreadyIsNotSentItAgain() {
    String tag = api.declareDeployment("wine").header("etag");

    for (String same : List.of(tag, "W/" + tag, "*", "\"x\", " + tag)) {
      Reply reply = api.send("GET " + DEPLOYMENTS + "/wine", "if-none-match: " + same);
      assertThat(reply.status()).isEqualTo(304);
      assertThat(reply.body()).isEmpty();
      assertThat(reply.header("etag")).isEqualTo(tag);
      assertThat(reply.header("content-type")).isEmpty();
    }
    assertThat(api.send("GET " + DEPLOYMENTS + "/wine", "if-none-match: \"0\"").status())
        .isEqualTo(200);
    String route = api.get(DEPLOYMENTS + "/wine/default-route").header("etag");
    assertThat(
            api.send("GET " + DEPLOYMENTS + "/wine/default-route", "if-none-match: " + route)
                .status())
        .isEqualTo(304);
  }
}
