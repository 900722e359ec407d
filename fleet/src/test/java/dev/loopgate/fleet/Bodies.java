package dev.loopgate.fleet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;

/// JSON for tests, in which `'` stands for `"`.
final class Bodies {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Bodies() {}

  static JsonNode tree(String text) {
    try {
      return MAPPER.readTree(text.replace('\'', '"'));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static <S, T> S spec(Kind<S, T> kind, String spec) {
    try {
      return DeclaredJson.read(kind, tree("{'spec':" + spec + "}")).spec();
    } catch (MalformedException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
