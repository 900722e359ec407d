package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One thing that a file declares.
///
/// @param tree what is sent; belongs to this manifest
record Manifest(EntityKind kind, ObjectNode tree) {
  /// A larger file is refused.
  static final int BYTES_MAX = 4 << 20;

  private static final String STANDARD_INPUT = "-";
  private static final List<String> AMOUNTS = List.of("cpu", "memory", "gpu");
  private static final String PREDICTOR = "odahu-ml-server";

  /// All that a file declares, in its order: YAML documents, or JSON; a list declares each of its
  /// items.
  ///
  /// @param file a path, or `-` for `in`
  static List<Manifest> all(String file, InputStream in) throws ClientException {
    List<Manifest> manifests = new ArrayList<>();
    for (JsonNode document : documents(file, text(file, in, BYTES_MAX))) {
      if (document.isNull()) {
        continue;
      }
      if (document.isArray()) {
        for (JsonNode item : document) {
          manifests.add(of(file, item));
        }
      } else {
        manifests.add(of(file, document));
      }
    }
    return List.copyOf(manifests);
  }

  /// The one of this kind that a file declares.
  static Manifest one(EntityKind kind, String file, InputStream in) throws ClientException {
    List<Manifest> manifests = all(file, in);
    if (manifests.size() != 1) {
      throw new ClientException(
          "'" + shown(file) + "' should contain 1 item, but " + manifests.size() + " found");
    }
    Manifest only = manifests.getFirst();
    if (only.kind != kind) {
      throw new ClientException(
          kind.word() + " is expected, but '" + shown(file) + "' holds " + only.kind.word());
    }
    return only;
  }

  /// The text of a file.
  ///
  /// @param bytesMax of a longer one nothing is taken
  static String text(String file, InputStream in, int bytesMax) throws ClientException {
    try {
      byte[] bytes;
      if (file.equals(STANDARD_INPUT)) {
        bytes = in.readNBytes(bytesMax + 1);
      } else {
        Path path = Path.of(file);
        if (file.isEmpty() || !Files.isReadable(path) || Files.isDirectory(path)) {
          throw new ClientException("Resource file '" + shown(file) + "' not found");
        }
        try (InputStream opened = Files.newInputStream(path)) {
          bytes = opened.readNBytes(bytesMax + 1);
        }
      }
      if (bytes.length > bytesMax) {
        throw new ClientException("'" + shown(file) + "' is larger than " + bytesMax + " bytes");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (InvalidPathException _) {
      throw new ClientException("Resource file '" + shown(file) + "' not found");
    } catch (CharacterCodingException _) {
      throw new ClientException("'" + shown(file) + "' is not valid JSON or YAML: it is not UTF-8");
    } catch (IOException e) {
      throw new ClientException(
          "'" + shown(file) + "' can not be read: " + PrintableText.line(String.valueOf(e), 300));
    }
  }

  /// What it is called, empty when it does not say.
  String id() {
    return tree.path("id").asText("");
  }

  /// Kind and id, for messages.
  String shown() {
    return kind.word() + " " + PrintableText.line(id(), 100);
  }

  /// Gives a deployment the predictor that is taken when it names none.
  ///
  /// @return whether it named none
  boolean fillIn() {
    if (kind != EntityKind.DEPLOYMENT
        || !(tree.get("spec") instanceof ObjectNode spec)
        || spec.hasNonNull("predictor")) {
      return false;
    }
    spec.put("predictor", PREDICTOR);
    return true;
  }

  private static List<JsonNode> documents(String file, String text) throws ClientException {
    String start = text.stripLeading();
    if (start.startsWith("{") || start.startsWith("[")) {
      Optional<JsonNode> json = JsonText.read(text);
      if (json.isPresent()) {
        return List.of(json.get());
      }
    }
    try {
      return YamlDocuments.read(text);
    } catch (ClientException e) {
      throw new ClientException(
          "'" + shown(file) + "' is not valid JSON or YAML: " + e.getMessage());
    }
  }

  private static Manifest of(String file, JsonNode document) throws ClientException {
    if (!(document instanceof ObjectNode given)) {
      throw new ClientException(
          "'" + shown(file) + "' is not valid JSON or YAML of manifests: an object is expected");
    }
    String word = given.path("kind").asText("");
    EntityKind kind =
        EntityKind.of(word)
            .orElseThrow(() ->
                new ClientException(
                    "Unknown kind of object: '" + PrintableText.line(word, 100) + "'"));
    ObjectNode tree = given.deepCopy(); // aliases of YAML are one tree at several places
    for (String side : List.of("requests", "limits")) {
      JsonNode amounts = tree.path("spec").path("resources").path(side);
      if (kind == EntityKind.DEPLOYMENT && amounts instanceof ObjectNode written) {
        asTexts(written);
      }
    }
    return new Manifest(kind, tree);
  }

  /// `cpu: 1` is a number to YAML.
  private static void asTexts(ObjectNode amounts) {
    for (String amount : AMOUNTS) {
      JsonNode value = amounts.path(amount);
      if (value.isNumber()) {
        amounts.put(amount, value.asText());
      }
    }
  }

  private static String shown(String file) {
    return PrintableText.line(file, 300);
  }
}
