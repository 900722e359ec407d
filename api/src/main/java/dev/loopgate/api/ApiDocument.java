package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a model's server says of its API, checked: bounded, and whole in itself. Nothing is ever
/// fetched for it.
final class ApiDocument {
  /// A longer one is refused.
  static final int BYTES_MAX = 1 << 20;

  /// A deeper one is refused.
  static final int DEPTH_MAX = 64;

  /// A longer number is refused: its value would take long to find. Parts of path items that are
  /// referred to, counted as often as they are.
  static final int REFERRED_NODES_MAX = 50_000;

  private static final int NUMBER_LENGTH_MAX = 100;

  /// References that lead to references, one after the other; more lead nowhere.
  private static final int HOPS_MAX = 32;

  private static final Pattern CLIMBS = Pattern.compile("(?i)/(\\.|%2e){1,2}(/|$)");

  static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // shared by all models
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final ObjectNode tree;
  private final Dialect dialect;

  private ApiDocument(ObjectNode tree, Dialect dialect) {
    this.tree = tree;
    this.dialect = dialect;
  }

  /// Reads one.
  static ApiDocument parse(String text) throws RefusedDocumentException {
    if (text.length() > BYTES_MAX || text.getBytes(UTF_8).length > BYTES_MAX) {
      throw new RefusedDocumentException("it is larger than " + BYTES_MAX + " bytes");
    }
    JsonNode read;
    try {
      read = MAPPER.readTree(text);
    } catch (StreamConstraintsException _) {
      throw new RefusedDocumentException(
          "allowed="
              + DEPTH_MAX
              + " levels, and numbers of "
              + NUMBER_LENGTH_MAX
              + " characters, at most");
    } catch (JsonProcessingException | NumberFormatException _) {
      throw new RefusedDocumentException("it is not JSON");
    }
    if (!(read instanceof ObjectNode tree)) {
      throw new RefusedDocumentException("it is no object");
    }
    return of(tree);
  }

  /// One that is at hand.
  static ApiDocument of(ObjectNode tree) throws RefusedDocumentException {
    Dialect dialect;
    if (tree.path("swagger").asText("").equals("2.0")) {
      dialect = Dialect.SWAGGER_2;
    } else if (tree.path("openapi").asText("").startsWith("3.")) {
      dialect = Dialect.OPENAPI_3;
    } else {
      throw new RefusedDocumentException("it is neither Swagger 2.0 nor OpenAPI 3");
    }
    checkReferences(tree);
    return new ApiDocument(tree, dialect);
  }

  // Whoever shows the document would fetch what it refers to.
  private static void checkReferences(JsonNode node) throws RefusedDocumentException {
    JsonNode reference = node.path("$ref");
    if (reference.isTextual() && !reference.textValue().startsWith("#")) {
      throw new RefusedDocumentException("a $ref leads out of it");
    }
    for (JsonNode each : node) {
      checkReferences(each);
    }
  }

  ObjectNode tree() {
    return tree;
  }

  Dialect dialect() {
    return dialect;
  }

  /// What it has of a kind, by name.
  ///
  /// @param kind in the words of OpenAPI 3
  JsonNode components(String kind) {
    String above = dialect.above(kind);
    return above == null ? MissingNode.getInstance() : tree.at(above);
  }

  /// Where its paths begin: empty, or with a slash at the beginning and none at the end.
  String basePath() {
    String path = tree.path("basePath").asText("");
    if (dialect == Dialect.OPENAPI_3) {
      String url = tree.path("servers").path(0).path("url").asText("");
      int scheme = url.indexOf("://");
      int from = scheme < 0 ? 0 : url.indexOf('/', scheme + 3);
      path = from < 0 ? "" : url.substring(from);
    }
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    return staysBelow(path) && path.indexOf('{') < 0 ? path : "";
  }

  /// Whether a path means something below whatever stands before it, also to a browser: or a page
  /// would send a user's token where the model's document wants it.
  private static boolean staysBelow(String path) {
    return path.startsWith("/")
        && path.chars().noneMatch(c -> c <= ' ' || c == 0x7f || "\\?#".indexOf(c) >= 0)
        && !CLIMBS.matcher(path).find();
  }

  /// The pointer that a reference holds, with a slash at its beginning; empty when it leads nowhere
  /// in this document.
  ///
  /// @param reference as it stands behind `$ref`
  Optional<String> pointer(String reference) {
    String at = reference;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
      String pointer = pointerOf(at);
      JsonNode target = pointer == null ? MissingNode.getInstance() : at(pointer);
      if (!target.isObject()) {
        return Optional.empty();
      }
      JsonNode next = target.path("$ref");
      if (!next.isTextual()) {
        return Optional.ofNullable(pointerOf(reference));
      }
      at = next.textValue();
    }
    return Optional.empty(); // round and round
  }

  /// The node itself, or what it refers to; an empty object when that is nothing.
  JsonNode resolved(JsonNode node) {
    JsonNode at = node;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
      JsonNode reference = at.path("$ref");
      if (!reference.isTextual()) {
        return at;
      }
      String pointer = pointerOf(reference.textValue());
      at = pointer == null ? MissingNode.getInstance() : at(pointer);
      if (at.isMissingNode()) {
        break;
      }
    }
    return JsonNodeFactory.instance.objectNode();
  }

  /// Its path items by path, of what stays below the prefix that it is shown with; those that are
  /// referred to with what they refer to.
  ///
  /// @throws RefusedDocumentException when these are large, and referred to often: a small document
  ///   would have much made of it
  ObjectNode paths() throws RefusedDocumentException {
    ObjectNode paths = JsonNodeFactory.instance.objectNode();
    long referred = 0;
    for (Map.Entry<String, JsonNode> each : tree.path("paths").properties()) {
      JsonNode item = resolved(each.getValue());
      referred += each.getValue().path("$ref").isTextual() ? nodesOf(item) : 0;
      if (referred > REFERRED_NODES_MAX) {
        throw new RefusedDocumentException(
            "the paths that it refers to have more than " + REFERRED_NODES_MAX + " parts");
      }
      if (staysBelow(each.getKey()) && item.isObject()) {
        paths.set(each.getKey(), item);
      }
    }
    return paths;
  }

  private static long nodesOf(JsonNode node) {
    long nodes = 1;
    for (JsonNode each : node) {
      nodes += nodesOf(each);
    }
    return nodes;
  }

  /// Whether a reference leads to something in `tree`.
  static boolean leadsSomewhere(String reference, JsonNode tree) {
    String pointer = pointerOf(reference);
    return pointer != null && tree.at(JsonPointer.compile(pointer)).isObject();
  }

  private JsonNode at(String pointer) {
    return tree.at(JsonPointer.compile(pointer));
  }

  private static @Nullable String pointerOf(String reference) {
    return reference.startsWith("#/")
        ? UrlEncoded.segment(reference.substring(1)).orElse(null)
        : null;
  }
}
