package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/// Our own records as JSON: members in snake case, those of a later version are passed over. Any
/// thread.
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private Json() {}

  static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("json: type=" + value.getClass().getSimpleName(), e);
    }
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
