package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;

/// Our own records as JSON: members in snake case, those of a later version are passed over. Any
/// thread.
final class Json {
  private static final int NESTING_MAX = 2_000; // the feedback door takes a quarter of it

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // A caller's number may have as many digits as a feedback has bytes, and a value
                  // of
                  // theirs is nested into ours: what we wrote is a record, whatever the parser
                  // thinks.
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNumberLength(Integer.MAX_VALUE)
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxNestingDepth(NESTING_MAX)
                          .build())
                  .build())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  // Of what anybody may have put beside our files: nothing that is compared is longer.
  private static final JsonFactory LINES =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNumberLength(FileLines.WORD_BYTES_MAX)
                  .maxStringLength(1 << 20)
                  .maxNameLength(FileLines.WORD_BYTES_MAX)
                  .maxNestingDepth(NESTING_MAX)
                  .build())
          .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private Json() {}

  /// Walks through one line, whose strings it passes over unless one is asked for.
  static JsonParser lineParser(InputStream line) throws IOException {
    return LINES.createParser(line);
  }

  static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("json: type=" + value.getClass().getSimpleName(), e);
    }
  }

  /// Writes a value on one line; `out` stays the caller's.
  static void write(Object value, Writer out) throws IOException {
    MAPPER.writer().without(JsonGenerator.Feature.AUTO_CLOSE_TARGET).writeValue(out, value);
  }

  /// One value and nothing after it.
  static <T> T read(byte[] bytes, Class<T> type) throws IOException {
    return MAPPER
        .readerFor(type)
        .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .readValue(bytes);
  }

  /// Reads any JSON value as a tree, and nothing after it.
  static ObjectReader trees() {
    return MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }
}
