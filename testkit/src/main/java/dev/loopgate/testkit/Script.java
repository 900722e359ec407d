package dev.loopgate.testkit;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the model is to do with one request. It travels in the request's query, so that the model
/// keeps nothing and every record names the script that made it.
///
/// @param status of the answer
/// @param framing of the answer
/// @param behaviour what else happens
/// @param request the body that the model is to expect; it says in `x-request-intact` whether it
///   came
/// @param response the body that it answers
public record Script(
    int status, Framing framing, Behaviour behaviour, Payload request, Payload response) {
  /// What else happens.
  public enum Behaviour {
    /// Reads, then answers.
    PLAIN,
    /// Answers in pieces with pauses.
    SLOW,
    /// Answers while the request still arrives.
    EARLY,
    /// Resets the connection after the request, with no answer.
    RESET_AT_ONCE,
    /// Resets the connection halfway through the answer's body.
    RESET_IN_BODY,
    /// Reads the first 256 KiB, then nothing for a second, then the rest.
    STALLS_READING,
    /// Answers when the test opens the model's gate.
    GATED,
    /// Never answers.
    SILENT
  }

  /// Status 200 with a length, doing nothing special.
  public static Script plain(Payload request, Payload response) {
    return new Script(200, Framing.LENGTH, Behaviour.PLAIN, request, response);
  }

  /// The same, told another way.
  public Script framed(Framing other) {
    return new Script(status, other, behaviour, request, response);
  }

  /// The same, behaving otherwise.
  public Script behaving(Behaviour other) {
    return new Script(status, framing, other, request, response);
  }

  /// The same with this status.
  public Script answering(int other) {
    return new Script(other, framing, behaviour, request, response);
  }

  /// The query that carries it, without `?`.
  public String query() {
    return "s="
        + status
        + "&f="
        + framing.name().toLowerCase(Locale.ROOT)
        + "&b="
        + behaviour.name().toLowerCase(Locale.ROOT)
        + "&q="
        + word(request)
        + "&r="
        + word(response);
  }

  /// The script in this target; without one the model answers a short fixed text.
  static Script ofTarget(String target) {
    int question = target.indexOf('?');
    Map<String, String> values = new HashMap<>();
    if (question >= 0) {
      for (String pair : target.substring(question + 1).split("&", -1)) {
        String[] parts = pair.split("=", 2);
        values.put(parts[0], parts.length == 2 ? parts[1] : "");
      }
    }
    if (!values.keySet().containsAll(List.of("s", "f", "b", "q", "r"))) {
      return plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 0, 16));
    }
    return new Script(
        Integer.parseInt(value(values, "s")),
        Framing.valueOf(value(values, "f").toUpperCase(Locale.ROOT)),
        Behaviour.valueOf(value(values, "b").toUpperCase(Locale.ROOT)),
        payload(value(values, "q")),
        payload(value(values, "r")));
  }

  private static String value(Map<String, String> values, String name) {
    return values.getOrDefault(name, "");
  }

  private static String word(Payload payload) {
    return payload.kind().name().charAt(0) + "." + payload.seed() + "." + payload.length();
  }

  private static Payload payload(String word) {
    String[] parts = word.split("\\.", -1);
    return new Payload(
        switch (parts[0]) {
          case "B" -> Payload.Kind.BINARY;
          case "L" -> Payload.Kind.LETTERS;
          default -> Payload.Kind.TEXT;
        },
        Long.parseLong(parts[1]),
        Long.parseLong(parts[2]));
  }
}
