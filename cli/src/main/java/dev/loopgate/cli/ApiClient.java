package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The API as verbs need it. Confined to one run.
final class ApiClient {
  private static final Duration WITHIN = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(500); // twice as long each time
  private static final Duration PAUSE_MAX = Duration.ofSeconds(10);
  private static final Set<String> REPEATABLE = Set.of("GET", "PUT", "DELETE");
  private static final int PAGE = 500;
  private static final int PAGES_MAX = 1_000;
  private static final int SHOWN_MAX = 1_000;

  private final HttpCalls calls;
  private final ApiAccess access;
  private final Surroundings.Pauses pauses;

  ApiClient(HttpCalls calls, ApiAccess access, Surroundings.Pauses pauses) {
    this.calls = calls;
    this.access = access;
    this.pauses = pauses;
  }

  /// All of a kind, page by page.
  List<ObjectNode> all(EntityKind kind) throws ClientException, InterruptedException {
    List<ObjectNode> all = new ArrayList<>();
    for (int page = 0; page < PAGES_MAX; page++) {
      String path = kind.path() + "?size=" + PAGE + "&page=" + page;
      JsonNode answer = json("GET", path, "");
      if (!answer.isArray()) {
        throw strange(path, "an array is expected");
      }
      for (JsonNode each : answer) {
        all.add(object(each, path).deepCopy());
      }
      if (answer.size() < PAGE) {
        break;
      }
    }
    return all;
  }

  /// One of a kind.
  ObjectNode one(EntityKind kind, String id) throws ClientException, InterruptedException {
    return one(kind, id, "");
  }

  /// What stands below one of a kind.
  ///
  /// @param below empty for itself, else like `/decrypted`
  ObjectNode one(EntityKind kind, String id, String below)
      throws ClientException, InterruptedException {
    String path = kind.path(id) + below;
    return object(json("GET", path, ""), path);
  }

  /// Declares something new; as it is kept.
  ObjectNode create(Manifest manifest) throws ClientException, InterruptedException {
    return write("POST", manifest);
  }

  /// Declares what is there anew; as it is kept.
  ObjectNode edit(Manifest manifest) throws ClientException, InterruptedException {
    return write("PUT", manifest);
  }

  /// Takes one back.
  ///
  /// @return what the server says of it
  String delete(EntityKind kind, String id) throws ClientException, InterruptedException {
    JsonNode answer = json("DELETE", kind.path(id), "");
    return PrintableText.line(
        answer.path("message").asText(kind.noun() + " " + id + " was deleted"), SHOWN_MAX);
  }

  /// Has a deployment woken.
  ObjectNode wake(String id) throws ClientException, InterruptedException {
    String path = EntityKind.DEPLOYMENT.path(id) + ":wake";
    return object(json("POST", path, ""), path);
  }

  /// The end of what a deployment's servers printed.
  String logs(String id, int bytes) throws ClientException, InterruptedException {
    return checked("GET", EntityKind.DEPLOYMENT.path(id) + "/logs?bytes=" + bytes, "").body();
  }

  /// Whether the API lets these credentials in.
  void check() throws ClientException, InterruptedException {
    checked("GET", "/health", "");
  }

  private ObjectNode write(String method, Manifest manifest)
      throws ClientException, InterruptedException {
    String path = manifest.kind().path();
    return object(json(method, path, JsonText.compact(manifest.tree())), path);
  }

  private JsonNode json(String method, String path, String body)
      throws ClientException, InterruptedException {
    HttpCalls.Answer answer = checked(method, path, body);
    return JsonText.read(answer.body()).orElseThrow(() -> strange(path, "JSON is expected"));
  }

  private HttpCalls.Answer checked(String method, String path, String body)
      throws ClientException, InterruptedException {
    HttpCalls.Answer answer = patient(method, path, body);
    if (answer.status() == 401 && access.renew()) {
      answer = patient(method, path, body);
    }
    if (answer.isWell()) {
      return answer;
    }
    if (answer.status() == 401) {
      throw ClientException.answered(
          access.token().isEmpty() ? "Credentials are missed" : "Credentials are not correct", 401);
    }
    String message =
        JsonText.read(answer.body()).map(said -> said.path("message").asText("")).orElse("");
    throw ClientException.answered(
        message.isEmpty()
            ? wrongStatus(answer, access.url() + path)
            : "Got error from server: "
                + PrintableText.line(message, SHOWN_MAX)
                + " (status: "
                + answer.status()
                + ")",
        answer.status());
  }

  /// What is said of an answer that holds no message.
  static String wrongStatus(HttpCalls.Answer answer, String url) {
    return "Wrong status code returned: "
        + answer.status()
        + ". Data: \""
        + PrintableText.line(answer.body(), SHOWN_MAX)
        + "\". URL: \""
        + PrintableText.line(url, SHOWN_MAX)
        + "\"";
  }

  /// Asks again where asking twice is as asking once.
  private HttpCalls.Answer patient(String method, String path, String body)
      throws ClientException, InterruptedException {
    HttpCalls.Answer answer = once(method, path, body);
    Duration pause = PAUSE;
    for (int again = 0; again < access.retries() && isWorthIt(method, answer); again++) {
      pauses.pause(after(answer, pause));
      pause = pause.multipliedBy(2);
      answer = once(method, path, body);
    }
    return answer;
  }

  private HttpCalls.Answer once(String method, String path, String body)
      throws ClientException, InterruptedException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("accept", "application/json, text/plain");
    if (!body.isEmpty()) {
      headers.put("content-type", "application/json");
    }
    if (!access.token().isEmpty()) {
      headers.put("authorization", "Bearer " + access.token());
    }
    return calls.ask(
        new HttpCalls.Ask(method, access.url() + path, headers, body, WITHIN), access.url());
  }

  private static boolean isWorthIt(String method, HttpCalls.Answer answer) {
    return REPEATABLE.contains(method) && (answer.status() == 429 || answer.status() / 100 == 5);
  }

  private static Duration after(HttpCalls.Answer answer, Duration pause) {
    String said = answer.headers().getOrDefault("retry-after", "");
    Duration asked = said.matches("[0-9]{1,4}") ? Duration.ofSeconds(Long.parseLong(said)) : pause;
    return asked.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : asked;
  }

  private ObjectNode object(JsonNode node, String path) throws ClientException {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw strange(path, "an object is expected");
  }

  private ClientException strange(String path, String expected) {
    return new ClientException(
        "Got an answer that is not understood: "
            + expected
            + ". URL: \""
            + access.url()
            + path
            + "\"");
  }
}
