package dev.loopgate.policy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a caller is told whose request may not pass, to the byte: the same whether the proxy tells
/// it, or Envoy in our name. Nothing that a caller or model sent becomes part of one.
///
/// @param status of HTTP
/// @param message the same in plain words of ASCII, for callers who read no status of HTTP
/// @param headers in their order; none of length, connection, Request-Id and model
/// @param body JSON, or empty
public record Refusal(int status, String message, List<Field> headers, String body) {
  /// A header.
  ///
  /// @param name lower case
  public record Field(String name, String value) {}

  public Refusal {
    headers = List.copyOf(headers);
  }

  /// What a caller of a model is told (contract section 8: an empty body); null when it may pass.
  public static @Nullable Refusal ofModel(Decision decision) {
    return switch (decision) {
      case Decision.Allowed _ -> null;
      case Decision.Unauthorized no -> new Refusal(401, "Unauthorized", List.of(challenge(no)), "");
      case Decision.Forbidden _ -> new Refusal(403, "Forbidden", List.of(), "");
      case Decision.Unavailable _ -> notDecided();
    };
  }

  /// What a caller of the API is told; null when it may pass.
  public static @Nullable Refusal ofApi(Decision decision) {
    return switch (decision) {
      case Decision.Allowed _ -> null;
      case Decision.Unauthorized no -> json(401, "message", "Unauthorized", List.of(challenge(no)));
      case Decision.Forbidden _ -> json(403, "message", "Forbidden", List.of());
      case Decision.Unavailable _ -> notDecided();
    };
  }

  /// The caller's token can't be judged at the moment.
  public static Refusal notDecided() {
    return json(
        503,
        "error",
        "The token can not be verified at the moment",
        List.of(new Field("retry-after", "1")));
  }

  /// No model has this route (contract section 8: an empty body).
  public static Refusal unknownModel() {
    return new Refusal(404, "Not Found", List.of(), "");
  }

  /// Nothing of the API is served here but feedback.
  public static Refusal unknownApi() {
    return json(404, "message", "not found", List.of());
  }

  /// A path that nobody has.
  public static Refusal incorrectUrl() {
    return json(404, "error", "Incorrect URL", List.of());
  }

  /// A path below a model's prefix that leaves it by dot segments.
  public static Refusal climbsOut() {
    return malformed(400, "the path climbs out of the model's prefix");
  }

  /// A request that is none.
  ///
  /// @param reason ours, of plain words
  public static Refusal malformed(int status, String reason) {
    return json(status, "error", "Request refused: " + reason, List.of());
  }

  private static Refusal json(int status, String member, String text, List<Field> more) {
    List<Field> headers = new ArrayList<>(more.size() + 1);
    headers.add(new Field("content-type", "application/json; charset=utf-8"));
    headers.addAll(more);
    return new Refusal(status, text, headers, "{\"" + member + "\":\"" + text + "\"}");
  }

  // RFC 6750, section 3: no error where no token was.
  private static Field challenge(Decision.Unauthorized no) {
    return new Field(
        "www-authenticate", no.hadToken() ? "Bearer error=\"invalid_token\"" : "Bearer");
  }
}
