package dev.loopgate.api;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The two ways in which a document describes an API, and where each has what others refer to.
enum Dialect {
  /// Swagger 2.0.
  SWAGGER_2,
  /// OpenAPI 3.0 and 3.1; what is made here is 3.1.
  OPENAPI_3;

  private static final String COMPONENTS = "components";
  private static final Map<String, String> OF_SWAGGER_2 =
      Map.of(
          "definitions", "schemas",
          "parameters", "parameters",
          "responses", "responses");
  private static final Map<String, String> OF_OPENAPI_3 =
      Map.of(
          "schemas", "schemas",
          "parameters", "parameters",
          "responses", "responses",
          "examples", "examples",
          "requestBodies", "requestBodies",
          "headers", "headers",
          "links", "links",
          "callbacks", "callbacks",
          "pathItems", "pathItems");

  /// A place that something can be referred to at.
  ///
  /// @param kind in the words of OpenAPI 3: `schemas`
  /// @param name as the document has it
  /// @param rest what of it is meant: empty, or a pointer below it
  record Component(String kind, String name, String rest) {}

  /// What of each kind stands where: the kind, in the words of OpenAPI 3, by the key above its
  /// names.
  Map<String, String> kinds() {
    return this == OPENAPI_3 ? OF_OPENAPI_3 : OF_SWAGGER_2;
  }

  /// The pointer above the names of a kind, without a slash at its end; null where this dialect has
  /// no such kind.
  @Nullable String above(String kind) {
    for (Map.Entry<String, String> each : kinds().entrySet()) {
      if (each.getValue().equals(kind)) {
        return this == OPENAPI_3 ? "/" + COMPONENTS + "/" + each.getKey() : "/" + each.getKey();
      }
    }
    return null;
  }

  /// What a pointer refers to; null when that is no component.
  ///
  /// @param pointer with a slash at its beginning, its escapes as they came
  @Nullable Component component(String pointer) {
    String[] segments = pointer.split("/", -1);
    int at = 1;
    if (this == OPENAPI_3) {
      if (!segments[at].equals(COMPONENTS)) {
        return null;
      }
      at++;
    }
    if (segments.length < at + 2) {
      return null;
    }
    String kind = kinds().get(segments[at]);
    if (kind == null) {
      return null;
    }
    String name = segments[at + 1].replace("~1", "/").replace("~0", "~");
    StringBuilder rest = new StringBuilder();
    for (int i = at + 2; i < segments.length; i++) {
      rest.append('/').append(segments[i]);
    }
    return new Component(kind, name, rest.toString());
  }
}
