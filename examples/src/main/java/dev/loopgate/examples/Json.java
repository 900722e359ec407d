package dev.loopgate.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON value (RFC 8259), read strictly: one value, no equal keys, nested at most [#DEPTH_MAX].
/// The caller bounds the length of what it hands in.
sealed interface Json {
  /// Deeper nesting is refused.
  int DEPTH_MAX = 64;

  /// `{...}`, keys in their order.
  record JsonObject(Map<String, Json> fields) implements Json {}

  /// `[...]`.
  record JsonArray(List<Json> items) implements Json {}

  /// `"..."`.
  record JsonText(String value) implements Json {}

  /// A number; infinite when it is too large for a double.
  record JsonNumber(double value) implements Json {}

  /// `true`, `false` or `null`, by its word.
  record JsonWord(String word) implements Json {}

  /// Text that is not JSON; the message names position and problem.
  final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    private MalformedException(int position, String problem) {
      super("JSON: position=" + position + ", " + problem);
    }
  }

  /// The one value that `text` is.
  static Json read(String text) throws MalformedException {
    Reading reading = new Reading(text);
    Json value = reading.value(0);
    reading.skipSpace();
    if (!reading.isAtEnd()) {
      throw reading.malformed("more behind the value");
    }
    return value;
  }

  /// `text` as a JSON string, with its quotes.
  static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || Character.isSurrogate(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  /// One pass over a text. Confined to the thread that reads.
  final class Reading {
    private final String text;
    private int at;

    private Reading(String text) {
      this.text = text;
    }

    private boolean isAtEnd() {
      return at == text.length();
    }

    private Json value(int depth) throws MalformedException {
      if (depth > DEPTH_MAX) {
        throw malformed("nested deeper than " + DEPTH_MAX);
      }
      skipSpace();
      return switch (peek()) {
        case '{' -> object(depth);
        case '[' -> array(depth);
        case '"' -> new JsonText(string());
        case 't' -> word("true");
        case 'f' -> word("false");
        case 'n' -> word("null");
        default -> number();
      };
    }

    private Json object(int depth) throws MalformedException {
      Map<String, Json> fields = new LinkedHashMap<>();
      at++;
      skipSpace();
      if (peek() == '}') {
        at++;
        return new JsonObject(fields);
      }
      do {
        skipSpace();
        String key = string();
        skipSpace();
        expect(':');
        if (fields.put(key, value(depth + 1)) != null) {
          throw malformed("key " + quoted(key) + " stands twice");
        }
        skipSpace();
      } while (goesOn('}'));
      return new JsonObject(fields);
    }

    private Json array(int depth) throws MalformedException {
      List<Json> items = new ArrayList<>();
      at++;
      skipSpace();
      if (peek() == ']') {
        at++;
        return new JsonArray(items);
      }
      do {
        items.add(value(depth + 1));
        skipSpace();
      } while (goesOn(']'));
      return new JsonArray(items);
    }

    private String string() throws MalformedException {
      expect('"');
      StringBuilder out = new StringBuilder();
      while (true) {
        char c = peek();
        at++;
        if (c == '"') {
          return out.toString();
        }
        if (c < 0x20) {
          throw malformed("a control character in a string");
        }
        out.append(c == '\\' ? escaped() : c);
      }
    }

    private char escaped() throws MalformedException {
      char c = peek();
      at++;
      return switch (c) {
        case '"', '\\', '/' -> c;
        case 'b' -> '\b';
        case 'f' -> '\f';
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        case 'u' -> {
          int end = at + 4;
          if (end > text.length() || !text.substring(at, end).matches("[0-9a-fA-F]{4}")) {
            throw malformed("\\u without four hex digits");
          }
          at = end;
          yield (char) Integer.parseInt(text.substring(end - 4, end), 16);
        }
        default -> throw malformed("unknown escape");
      };
    }

    private Json word(String word) throws MalformedException {
      if (!text.startsWith(word, at)) {
        throw malformed("not a value");
      }
      at += word.length();
      return new JsonWord(word);
    }

    private Json number() throws MalformedException {
      int start = at;
      if (peek() == '-') {
        at++;
      }
      int whole = digits();
      if (whole == 0 || (whole > 1 && text.charAt(at - whole) == '0')) {
        at = start;
        throw malformed("not a value");
      }
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
        requireDigits();
      }
      if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
        at++;
        if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
          at++;
        }
        requireDigits();
      }
      return new JsonNumber(Double.parseDouble(text.substring(start, at)));
    }

    private void requireDigits() throws MalformedException {
      if (digits() == 0) {
        throw malformed("a number without digits");
      }
    }

    private int digits() {
      int start = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      return at - start;
    }

    private boolean goesOn(char end) throws MalformedException {
      char c = peek();
      if (c != ',' && c != end) {
        throw malformed("expected , or " + end);
      }
      at++;
      return c == ',';
    }

    private void expect(char c) throws MalformedException {
      if (peek() != c) {
        throw malformed("expected " + c);
      }
      at++;
    }

    private void skipSpace() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private char peek() throws MalformedException {
      if (isAtEnd()) {
        throw malformed("ends too early");
      }
      return text.charAt(at);
    }

    private MalformedException malformed(String problem) {
      return new MalformedException(at, problem);
    }
  }
}
