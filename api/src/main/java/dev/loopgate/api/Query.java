package dev.loopgate.api;

import dev.loopgate.fleet.Shown;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The query of a request of the API. Strict: what nobody reads is refused, or a caller would
/// believe that it was.
final class Query {
  private final Map<String, List<String>> parameters;

  private Query(Map<String, List<String>> parameters) {
    this.parameters = parameters;
  }

  /// @param known the parameters there are
  /// @throws ProblemException when there is another
  static Query of(ApiRequest request, Set<String> known) throws ProblemException {
    Query query = new Query(UrlEncoded.parameters(request.query()));
    query.refuseAllBut(known);
    return query;
  }

  /// @throws ProblemException when there is another parameter than these
  void refuseAllBut(Set<String> known) throws ProblemException {
    for (String name : parameters.keySet()) {
      if (!known.contains(name)) {
        throw new Problem(400, "cannot find " + Shown.of(name) + " url parameter").thrown();
      }
    }
  }

  /// A whole number from 0 on, of 32 bits.
  ///
  /// @param absent what holds where it is not said
  /// @throws ProblemException when it is another, or stands twice
  int number(String name, int absent) throws ProblemException {
    String text = single(name);
    if (text.isEmpty() && !parameters.containsKey(name)) {
      return absent;
    }
    long number = whole(text);
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw wrong(name, text, "allowed=0 to " + Integer.MAX_VALUE);
    }
    return (int) number;
  }

  /// Whether it is true; false where it is not said.
  ///
  /// @throws ProblemException when it is another word, or stands twice
  boolean flag(String name) throws ProblemException {
    String text = single(name);
    if (!text.isEmpty() && !text.equals("true") && !text.equals("false")) {
      throw new Problem(400, name + ": value=" + Shown.of(text) + ", allowed=true, false").thrown();
    }
    return text.equals("true");
  }

  /// A cursor of events.
  ///
  /// @param absent what holds where it is not said
  /// @throws ProblemException when it is none, or stands twice
  long cursor(long absent) throws ProblemException {
    String text = single("cursor");
    return text.isEmpty() && !parameters.containsKey("cursor") ? absent : cursorOf(text);
  }

  /// A cursor of events, wherever it stands.
  static long cursorOf(String text) throws ProblemException {
    long cursor = whole(text);
    if (cursor < 0) {
      throw wrong("cursor", text, "allowed=0 to " + Long.MAX_VALUE);
    }
    return cursor;
  }

  /// Whether a value passes the filter of this name, which passes all where it is not said, and
  /// where one of its values is `*`.
  boolean passes(String name, String value) {
    List<String> wanted = parameters.getOrDefault(name, List.of());
    return wanted.isEmpty() || wanted.contains("*") || wanted.contains(value);
  }

  /// One value; empty where it is not said.
  ///
  /// @throws ProblemException when it stands twice
  String word(String name) throws ProblemException {
    return single(name);
  }

  private String single(String name) throws ProblemException {
    List<String> values = parameters.getOrDefault(name, List.of());
    if (values.size() > 1) {
      throw new Problem(400, "the " + name + " URL parameter must be only one").thrown();
    }
    return values.isEmpty() ? "" : values.getFirst();
  }

  // -1 for what is none. Only digits of ASCII: others would be a second spelling.
  private static long whole(String text) {
    if (text.isEmpty() || text.length() > 19 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      return -1; // above 2^63
    }
  }

  private static ProblemException wrong(String name, String text, String details) {
    return new Problem(
            400,
            "Incorrect \""
                + name
                + "\" query parameter value: "
                + Shown.of(text)
                + ". Integer expected. Details: "
                + details)
        .thrown();
  }
}
