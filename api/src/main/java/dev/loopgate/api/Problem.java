package dev.loopgate.api;

import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.Verdict;
import dev.loopgate.fleet.Violation;
import java.util.List;

/// Why a request of the API is refused, as its caller reads it: the `message` of the contract
/// (section 5), and beside it the members of RFC 9457.
///
/// @param message what a person should read
/// @param violations what is wrong with what was declared; empty when it is something else
record Problem(int status, String message, List<Violation> violations) {
  Problem {
    violations = List.copyOf(violations);
  }

  Problem(int status, String message) {
    this(status, message, List.of());
  }

  /// There is none with this id, which may be anything.
  static Problem notFound(String id) {
    return new Problem(404, "entity \"" + Shown.of(id) + "\" is not found");
  }

  static Problem exists(String id) {
    return new Problem(409, "entity \"" + id + "\" already exists");
  }

  static Problem forbidden(String why) {
    return new Problem(403, "access forbidden: " + why);
  }

  static Problem invalid(Verdict<?> verdict) {
    return new Problem(400, verdict.message(), verdict.violations());
  }

  ProblemException thrown() {
    return new ProblemException(this);
  }

  ApiReply reply() {
    return ApiReply.json(
        status,
        JsonText.write(json -> {
          json.writeStartObject();
          json.writeStringField("message", message);
          json.writeStringField("type", "about:blank");
          json.writeStringField("title", title(status));
          json.writeNumberField("status", status);
          json.writeStringField("detail", message);
          if (!violations.isEmpty()) {
            json.writeArrayFieldStart("violations");
            for (Violation violation : violations) {
              json.writeStartObject();
              json.writeStringField("pointer", violation.pointer());
              json.writeStringField("message", violation.message());
              json.writeEndObject();
            }
            json.writeEndArray();
          }
          json.writeEndObject();
        }));
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 409 -> "Conflict";
      case 412 -> "Precondition Failed";
      case 413 -> "Content Too Large";
      case 500 -> "Internal Server Error";
      case 503 -> "Service Unavailable";
      default -> throw new IllegalArgumentException("status: value=" + status);
    };
  }
}
