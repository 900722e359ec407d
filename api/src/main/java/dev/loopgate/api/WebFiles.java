package dev.loopgate.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The files of which pages are made: some of Swagger UI's, and our own. Each is read from the
/// class path once, when it is first asked for. Any thread; may block.
final class WebFiles {
  /// As the POM has it: a test reads each file.
  static final String SWAGGER_UI = "/META-INF/resources/webjars/swagger-ui/5.34.1/";

  /// What is served of Swagger UI, by name, with its type.
  static final Map<String, String> OF_SWAGGER_UI =
      Map.of(
          "swagger-ui.css", "text/css; charset=utf-8",
          "index.css", "text/css; charset=utf-8",
          "swagger-ui-bundle.js", "text/javascript; charset=utf-8",
          "swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8",
          "swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8",
          "swagger-ui-standalone-preset.js.LICENSE.txt", "text/plain; charset=utf-8",
          "favicon-16x16.png", "image/png",
          "favicon-32x32.png", "image/png");

  private final Map<String, TaggedBytes> read = new ConcurrentHashMap<>(); // as many as names

  /// A file of Swagger UI; empty when none that is served has this name.
  Optional<TaggedBytes> ofSwaggerUi(String name) {
    String type = OF_SWAGGER_UI.get(name);
    return type == null ? Optional.empty() : Optional.of(at(SWAGGER_UI + name, type));
  }

  /// A file of ours.
  ///
  /// @param name one that is there
  TaggedBytes ours(String name) {
    String type = name.endsWith(".html") ? "text/html" : "text/javascript";
    return at("web/" + name, type + "; charset=utf-8");
  }

  private TaggedBytes at(String resource, String type) {
    return read.computeIfAbsent(resource, each -> read(each, type));
  }

  private static TaggedBytes read(String resource, String type) {
    try (InputStream file = WebFiles.class.getResourceAsStream(resource)) {
      return new TaggedBytes(
          type, Objects.requireNonNull(file, resource + " is in the jar").readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
