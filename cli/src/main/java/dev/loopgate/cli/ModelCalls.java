package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Asks models. What was sent is sent once; who can't be reached is tried again for a while.
final class ModelCalls {
  static final String JSON = "--json";
  static final String REQUEST_ID = "--request-id";

  private static final int BODY_BYTES_MAX = 32 << 20; // of a request to a model
  private static final int TRIES = 10;
  private static final Duration BETWEEN_TRIES = Duration.ofSeconds(3);
  private static final int ID_LENGTH_MAX = 256;

  private final Call call;
  private final Duration within;

  ModelCalls(Call call, Duration within) {
    this.call = call;
    this.within = within;
  }

  /// The body that was typed or lies in a file.
  static String body(Call call) throws ClientException {
    Optional<String> typed = call.given(JSON);
    String file = call.text(ClientOptions.FILE);
    if (typed.isPresent() == !file.isEmpty()) {
      throw new ClientException(
          typed.isPresent()
              ? "You should provide either --json or --file, not both."
              : "You should provide --json or --file.");
    }
    return typed.isPresent()
        ? typed.get()
        : Manifest.text(file, call.around().in(), BODY_BYTES_MAX);
  }

  /// Adds a header that was typed.
  ///
  /// @throws ClientException when no header can have that value
  static void addHeader(Map<String, String> headers, String name, String value)
      throws ClientException {
    if (value.isEmpty()) {
      return;
    }
    if (value.length() > ID_LENGTH_MAX || !value.matches("[ -~]*")) {
      throw new ClientException(
          name + " is not valid; allowed: " + ID_LENGTH_MAX + " printable ASCII characters");
    }
    headers.put(name, value);
  }

  /// Asks and wants 2xx.
  HttpCalls.Answer ask(String method, String url, Map<String, String> headers, String body)
      throws ClientException, InterruptedException {
    HttpCalls.Answer answer = any(method, url, headers, body);
    if (!answer.isWell()) {
      throw ClientException.answered(ApiClient.wrongStatus(answer, url), answer.status());
    }
    return answer;
  }

  /// Asks and takes every answer. Whoever is told that a token has ended was not let in, so asking
  /// with the next one asks once.
  private HttpCalls.Answer any(String method, String url, Map<String, String> headers, String body)
      throws ClientException, InterruptedException {
    ApiAccess access = call.access();
    HttpCalls.Answer answer = patient(method, url, headers, body, access.token());
    return answer.status() == 401 && access.renew()
        ? patient(method, url, headers, body, access.token())
        : answer;
  }

  private HttpCalls.Answer patient(
      String method, String url, Map<String, String> headers, String body, String token)
      throws ClientException, InterruptedException {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("accept", "application/json");
    if (!body.isEmpty()) {
      all.put("content-type", "application/json");
    }
    if (!token.isEmpty()) {
      all.put("authorization", "Bearer " + token);
    }
    HttpCalls.Ask ask = new HttpCalls.Ask(method, url, all, body, within);
    for (int left = TRIES - 1; ; left--) {
      try {
        return call.calls().ask(ask, url);
      } catch (ClientException e) {
        if (!e.isUnsent() || left == 0) {
          throw e;
        }
        call.tell(e.getMessage() + "; trying again");
        call.around().pauses().pause(BETWEEN_TRIES);
      }
    }
  }

  /// Prints an answer: as it came when it is in one piece of JSON.
  static void print(Call call, HttpCalls.Answer answer) {
    Optional<JsonNode> json = JsonText.read(answer.body());
    call.out().println(json.map(JsonText::pretty).orElse(PrintableText.lines(answer.body())));
  }
}
