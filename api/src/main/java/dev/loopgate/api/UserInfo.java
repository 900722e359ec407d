package dev.loopgate.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Base64;

/// Who a caller is, by the caller's own token. Nothing is decided by it: where tokens are needed
/// the policy verified it before, and where they are not it may say anything.
final class UserInfo {
  private static final ObjectMapper MAPPER = new ObjectMapper(); // a tree, of what a head can hold
  private static final String SCHEME = "Bearer ";
  private static final int PARTS = 3;

  private UserInfo() {}

  /// @throws ProblemException when there is a token that is none
  static ApiReply of(ApiRequest request) throws ProblemException {
    String value = request.header("authorization");
    if (!value.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return reply("anonymous@email.org", "anonymous");
    }
    JsonNode claims = claims(value.substring(SCHEME.length()).strip());
    return reply(claims.path("email").asText(""), claims.path("name").asText(""));
  }

  private static JsonNode claims(String token) throws ProblemException {
    String[] parts = token.split("\\.", -1);
    if (parts.length != PARTS) {
      throw malformed("it has " + parts.length + " parts; allowed: " + PARTS);
    }
    JsonNode claims;
    try {
      claims = MAPPER.readTree(Base64.getUrlDecoder().decode(parts[1]));
    } catch (IllegalArgumentException | IOException _) {
      throw malformed("its claims are no JSON in base64url");
    }
    if (!claims.isObject()) {
      throw malformed("its claims are no JSON object");
    }
    return claims;
  }

  private static ProblemException malformed(String why) {
    return new Problem(400, "Malformed JWT: " + why).thrown();
  }

  private static ApiReply reply(String email, String name) {
    return ApiReply.json(
        200,
        JsonText.write(json -> {
          json.writeStartObject();
          json.writeStringField("email", email);
          json.writeStringField("username", name);
          json.writeEndObject();
        }));
  }
}
