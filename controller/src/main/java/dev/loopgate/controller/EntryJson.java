package dev.loopgate.controller;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.MalformedException;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.Secret;
import dev.loopgate.fleet.SecretText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The bytes of an entry: indented JSON, `{"format": 1, "object": {...}, "route": {...}}`.
final class EntryJson {
  private static final int FORMAT = 1;
  private static final int DEPTH_MAX = 32;
  private static final String SECRETS_ARE_SEALED = "secrets stand in connections alone";

  private final SecretSeal seal;
  private final ObjectMapper mapper =
      new ObjectMapper(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxStringLength(DeclaredStore.KEPT_BYTES_MAX)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  EntryJson(SecretSeal seal) {
    this.seal = seal;
  }

  byte[] write(Entry<?, ?> entry) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", FORMAT);
    json.set("object", DeclaredJson.writeKept(entry.object(), sealing(entry.object())));
    Declared<RouteSpec, RouteStatus> route = entry.route();
    if (route != null) {
      json.set("route", DeclaredJson.writeKept(route, EntryJson::none));
    }
    String text = mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json);
    return (text + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /// Whether the bytes, which [#write] made of `entry`, hold all of it. What they do not hold, or
  /// nobody reads, may not become a file: the next start would end with it.
  boolean holds(byte[] bytes, Entry<?, ?> entry) {
    try {
      return read(entry.object().kind(), entry.object().id(), bytes).equals(entry);
    } catch (IOException _) {
      return false; // its reason is about a file, of which the caller knows nothing
    }
  }

  /// What [#write] wrote of one that has this id.
  ///
  /// @throws IOException when it is anything else; the message says what, and shows nothing of it
  ///   that could be secret
  <S, T> Entry<S, T> read(Kind<S, T> kind, String id, byte[] bytes) throws IOException {
    JsonNode json = parse(bytes);
    checkFields(json);
    try {
      SecretText opening = kind == Kind.CONNECTION ? seal.opening(id) : EntryJson::none;
      Declared<S, T> object = DeclaredJson.readKept(kind, json.path("object"), opening);
      if (!object.id().equals(id)) {
        throw new IOException("it holds another: id=" + object.id());
      }
      if (object.isDefault()) {
        throw new IOException("a default route is kept with its deployment, and nowhere else");
      }
      return new Entry<>(object, readRoute(kind, id, json.get("route")));
    } catch (MalformedException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static @Nullable Declared<RouteSpec, RouteStatus> readRoute(
      Kind<?, ?> kind, String id, @Nullable JsonNode json) throws IOException, MalformedException {
    if ((json != null) != (kind == Kind.DEPLOYMENT)) {
      throw new IOException("a default route is kept with its deployment, and nowhere else");
    }
    if (json == null) {
      return null;
    }
    Declared<RouteSpec, RouteStatus> route =
        DeclaredJson.readKept(Kind.ROUTE, json, EntryJson::none);
    RouteSpec spec =
        Declared.defaultRoute(route.id(), id, route.createdAt(), route.version()).spec();
    if (!route.isDefault() || !route.spec().equals(spec)) {
      throw new IOException("it is not the default route of its deployment: id=" + route.id());
    }
    return route;
  }

  private JsonNode parse(byte[] bytes) throws IOException {
    try {
      return mapper.readTree(bytes);
    } catch (JsonProcessingException e) {
      // Its own message quotes what it read.
      long offset = e.getLocation() == null ? 0 : e.getLocation().getByteOffset();
      throw new IOException("no whole JSON: offset=" + Math.max(0, offset), null);
    }
  }

  private static void checkFields(JsonNode json) throws IOException {
    if (!json.path("format").isInt()) {
      throw new IOException("it holds nothing that was declared");
    }
    if (json.path("format").intValue() != FORMAT) {
      throw new IOException("of another version of Loopgate: allowed=format " + FORMAT);
    }
    for (Map.Entry<String, JsonNode> each : json.properties()) {
      switch (each.getKey()) {
        case "format", "object", "route" -> {}
        default -> throw new IOException("unknown field: allowed=format, object, route");
      }
    }
  }

  private SecretText sealing(Declared<?, ?> object) throws IOException {
    if (object.kind() != Kind.CONNECTION) {
      return EntryJson::none;
    }
    seal.prepare();
    return seal.sealing(object.id());
  }

  private static String none(String field, Secret secret) {
    throw new IllegalArgumentException(SECRETS_ARE_SEALED);
  }
}
