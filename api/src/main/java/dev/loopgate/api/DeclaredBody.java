package dev.loopgate.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.loopgate.fleet.Shown;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;

/// The body of a request of the API as a tree: YAML where its type says so, else JSON. One value,
/// no field twice, in UTF-8, bounded in bytes and depth.
final class DeclaredBody {
  /// A longer body is refused: no more may be declared of one thing.
  static final int BYTES_MAX = 256 << 10;

  /// What is nested deeper is refused; what is declared needs 6.
  static final int DEPTH_MAX = 64;

  /// A number of more characters is refused: its value would take long to find.
  static final int NUMBER_LENGTH_MAX = 100;

  private static final Set<String> YAML =
      Set.of("application/yaml", "text/yaml", "application/x-yaml");

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // shared by all callers
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private DeclaredBody() {}

  /// @throws ProblemException that says what is wrong and where
  static JsonNode read(ApiRequest request) throws ProblemException {
    byte[] bytes = request.body();
    if (request.isBodyTooLarge() || bytes.length > BYTES_MAX) {
      throw new Problem(413, "the body is larger than " + BYTES_MAX + " bytes").thrown();
    }
    String text =
        JsonText.utf8(bytes)
            .orElseThrow(() -> new Problem(400, "the body is not valid: not UTF-8").thrown());
    return YAML.contains(mediaType(request)) ? YamlTree.read(text) : json(text);
  }

  /// A problem with the text of a body.
  ///
  /// @param line from 1 on, as the column
  static ProblemException invalid(String language, int line, int column, String what) {
    return new Problem(
            400,
            language + " is not valid: line=" + line + ", column=" + column + ": " + Shown.of(what))
        .thrown();
  }

  private static JsonNode json(String text) throws ProblemException {
    try (JsonParser parser = MAPPER.createParser(text)) {
      JsonNode tree = tree(parser);
      if (tree == null) {
        throw invalid("JSON", 1, 1, "the body is empty");
      }
      if (parser.nextToken() != null) {
        throw invalid(parser.currentTokenLocation(), "more than one value");
      }
      return tree;
    } catch (JsonProcessingException e) {
      throw invalid(e.getLocation(), problem(e) + hint(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // in memory: only a bug can get here
    }
  }

  private static JsonNode tree(JsonParser parser) throws IOException, ProblemException {
    try {
      return MAPPER.readTree(parser);
    } catch (NumberFormatException _) { // an exponent that no decimal can have
      throw invalid(parser.currentTokenLocation(), "a number out of range");
    }
  }

  // What begins otherwise is nothing that is declared, and may be YAML of who did not say so.
  private static String hint(String text) {
    String start = text.stripLeading();
    return start.isEmpty() || start.startsWith("{") || start.startsWith("[")
        ? ""
        : "; YAML needs content-type=application/yaml";
  }

  private static String problem(JsonProcessingException e) {
    return switch (e) {
      case JsonEOFException _ -> "it ends too early";
      case StreamConstraintsException _ ->
          "allowed="
              + DEPTH_MAX
              + " levels, and numbers of "
              + NUMBER_LENGTH_MAX
              + " characters, at most";
      default -> e.getOriginalMessage();
    };
  }

  private static ProblemException invalid(JsonLocation where, String what) {
    return where == null
        ? invalid("JSON", 1, 1, what)
        : invalid("JSON", Math.max(1, where.getLineNr()), Math.max(1, where.getColumnNr()), what);
  }

  private static String mediaType(ApiRequest request) {
    String type = request.header("content-type");
    int parameters = type.indexOf(';');
    return (parameters < 0 ? type : type.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
  }
}
