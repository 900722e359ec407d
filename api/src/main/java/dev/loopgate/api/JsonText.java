package dev.loopgate.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// JSON as text: checked, never turned into values, so that numbers, key order, equal keys and
/// escapes stay as the caller wrote them.
final class JsonText {
  /*
   * The parser only judges; what is kept is the caller's own text without the white space between tokens.
   * Reading into doubles or trees would change 0.10, 9007199254740993, 1e400 or a second equal key.
   */

  /// Deeper nesting is refused: readers of the files (Python, Jackson) give up near 1,000, and ours
  /// stands a few levels deep in its line.
  static final int DEPTH_MAX = 500;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // A caller's keys must not fill a table that all requests share.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  // Nothing is converted, so one token may be as long as the body itself.
                  .maxStringLength(FeedbackConfig.BYTES_MAX_HIGHEST)
                  .maxNumberLength(FeedbackConfig.BYTES_MAX_HIGHEST)
                  .maxNameLength(FeedbackConfig.BYTES_MAX_HIGHEST)
                  .build())
          .build();

  private JsonText() {}

  /// What a call writes into a generator.
  @FunctionalInterface
  interface Writing {
    /// Writes one value.
    void into(JsonGenerator json) throws IOException;
  }

  /// The text that `writing` makes: compact, without line breaks.
  static String write(Writing writing) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      writing.into(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // in memory: only a bug can get here
    }
    return text.toString();
  }

  /// The one JSON value in `text` without white space between its tokens; empty when `text` is not
  /// exactly one value, or nested deeper than [#DEPTH_MAX].
  static Optional<String> compact(String text) {
    return isOneValue(text) ? Optional.of(withoutSpaceBetweenTokens(text)) : Optional.empty();
  }

  /// `bytes` as text, empty when they are not UTF-8.
  static Optional<String> utf8(byte[] bytes) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException _) {
      return Optional.empty(); // an answer, not a failure: callers keep the bytes another way
    }
  }

  private static boolean isOneValue(String text) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() == null) {
        return false;
      }
      parser.skipChildren();
      return parser.nextToken() == null; // else a tail
    } catch (JsonProcessingException _) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e); // in memory: only a bug can get here
    }
  }

  /// Only for text that is JSON: a quote outside a string opens one.
  private static String withoutSpaceBetweenTokens(String text) {
    StringBuilder compact = new StringBuilder(text.length());
    boolean inString = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (inString && c == '\\') {
        compact.append(c).append(text.charAt(++i));
        continue;
      }
      if (c == '"') {
        inString = !inString;
      }
      if (inString || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) {
        compact.append(c);
      }
    }
    return compact.toString();
  }
}
