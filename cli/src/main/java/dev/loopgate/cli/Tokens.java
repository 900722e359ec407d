package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// Asks an issuer of OpenID Connect for tokens. Secrets go to it alone, and never into a message.
final class Tokens {
  private static final Duration WITHIN = Duration.ofSeconds(10);

  private final HttpCalls calls;

  Tokens(HttpCalls calls) {
    this.calls = calls;
  }

  /// Where an issuer does what.
  ///
  /// @param authorization where a person logs in
  /// @param token where tokens are given
  record Endpoints(String authorization, String token) {}

  /// What was given.
  ///
  /// @param refresh empty when there is none
  record Granted(String token, String refresh) {}

  /// What the issuer says of itself.
  Endpoints discover(String issuer) throws ClientException, InterruptedException {
    String base = UrlText.base(issuer);
    HttpCalls.Answer answer =
        calls.ask(
            new HttpCalls.Ask(
                "GET", base + "/.well-known/openid-configuration", Map.of(), "", WITHIN),
            base);
    JsonNode said = read(answer, base);
    Endpoints endpoints =
        new Endpoints(
            said.path("authorization_endpoint").asText(""), said.path("token_endpoint").asText(""));
    if (endpoints.token.isEmpty()) {
      throw new ClientException("Issuer " + base + " names no token_endpoint");
    }
    return endpoints;
  }

  /// A token for a client as itself.
  Granted ofClient(String tokenUrl, String id, String secret)
      throws ClientException, InterruptedException {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("grant_type", "client_credentials");
    fields.put("client_id", id);
    fields.put("client_secret", secret);
    return grant(tokenUrl, fields);
  }

  /// Whatever these fields ask for.
  Granted grant(String tokenUrl, Map<String, String> fields)
      throws ClientException, InterruptedException {
    String url = UrlText.base(tokenUrl);
    HttpCalls.Answer answer =
        calls.ask(
            new HttpCalls.Ask(
                "POST",
                url,
                Map.of("content-type", "application/x-www-form-urlencoded"),
                UrlText.form(fields),
                WITHIN),
            url);
    if (answer.status() == 400 || answer.status() == 401) {
      throw ClientException.answered("Credentials are not correct", answer.status());
    }
    JsonNode said = read(answer, url);
    String token = said.path("access_token").asText(said.path("id_token").asText(""));
    if (token.isEmpty()) {
      throw new ClientException("Issuer " + url + " gave no token");
    }
    return new Granted(token, said.path("refresh_token").asText(""));
  }

  private static JsonNode read(HttpCalls.Answer answer, String url) throws ClientException {
    if (answer.status() != 200) {
      throw ClientException.answered(
          "Issuer " + url + " answered with status " + answer.status(), answer.status());
    }
    return JsonText.read(answer.body())
        .orElseThrow(() -> new ClientException("Issuer " + url + " answered no JSON"));
  }
}
