package dev.loopgate.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.UncheckedIOException;
import java.util.Optional;

/// JSON as text and as trees; numbers stay as they were written.
final class JsonText {
  private static final int DEPTH_MAX = 500;
  private static final int NUMBER_LENGTH_MAX = 1_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonText() {}

  /// The one value, empty when it is not exactly one.
  static Optional<JsonNode> read(String text) {
    try {
      JsonNode tree = MAPPER.readTree(text);
      return tree == null || tree instanceof MissingNode ? Optional.empty() : Optional.of(tree);
    } catch (JsonProcessingException | NumberFormatException _) {
      return Optional.empty(); // an answer, not a failure
    }
  }

  /// A value, or a tree as it is, as a tree.
  static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /// In one line.
  static String compact(JsonNode tree) {
    try {
      return MAPPER.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // in memory: only a bug can get here
    }
  }

  /// In one line, for people.
  static String line(JsonNode tree) {
    return shown(compact(tree));
  }

  /// Characters that control a terminal can only stand in texts: there they are said by number.
  private static String shown(String json) {
    if (json.chars().noneMatch(c -> c >= 0x7f && c <= 0x9f)) {
      return json;
    }
    StringBuilder shown = new StringBuilder(json.length() + 64);
    json.chars()
        .forEach(c -> {
          if (c >= 0x7f && c <= 0x9f) {
            shown.append("\\u%04x".formatted(c));
          } else {
            shown.append((char) c);
          }
        });
    return shown.toString();
  }

  /// For people.
  static String pretty(JsonNode tree) {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter()
            .withArrayIndenter(new DefaultIndenter("  ", "\n"))
            .withObjectIndenter(new DefaultIndenter("  ", "\n"));
    try {
      return shown(MAPPER.writer(printer).writeValueAsString(tree));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // in memory: only a bug can get here
    }
  }
}
