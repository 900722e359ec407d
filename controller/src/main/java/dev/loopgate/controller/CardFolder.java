package dev.loopgate.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelReader.ModelCard;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/// What models said of themselves, a file `<deployment>.json` for each, written beside its name and
/// renamed to it. Confined to one thread at a time, which may block.
///
/// Nothing here is a user's: what can't be read goes, and its model says it again when it is awake.
final class CardFolder {
  /// What a model said.
  ///
  /// @param revision which one said it
  record Kept(String revision, ModelCard card) {}

  /// Bytes of a file at most: a document whose every byte needs an escape, and what is beside it.
  static final int FILE_BYTES_MAX = 8 << 20;

  private static final String SUFFIX = ".json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StoreFiles files;
  private final Path directory;

  CardFolder(StoreFiles files, Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /// Reads those that are declared, by deployment; what else is there goes.
  ///
  /// @throws IOException when the directory can't be used
  Map<String, Kept> load(Predicate<String> isDeclared) throws IOException {
    files.createDirectory(directory);
    Map<String, Kept> all = new TreeMap<>();
    for (String name : files.names(directory)) {
      String id = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : "";
      Path file = directory.resolve(name);
      if (!Model.ID.matcher(id).matches() || !isDeclared.test(id)) {
        files.delete(file);
        continue;
      }
      try {
        all.put(id, read(files.read(file, FILE_BYTES_MAX)));
      } catch (IOException _) {
        files.delete(file); // as said above
      }
    }
    return all;
  }

  /// Keeps this in place of what was said before.
  ///
  /// @param id [Model#ID]
  void put(String id, Kept kept) throws IOException {
    ModelCard card = kept.card();
    ObjectNode json =
        JSON.createObjectNode()
            .put("revision", kept.revision())
            .put("name", card.name())
            .put("version", card.version())
            .put("document", card.document());
    files.replace(directory, id + SUFFIX, JSON.writeValueAsBytes(json));
  }

  /// Takes away what is kept of one.
  ///
  /// @param id [Model#ID]
  void remove(String id) throws IOException {
    files.delete(directory.resolve(id + SUFFIX));
    files.forceDirectory(directory);
  }

  private static Kept read(byte[] bytes) throws IOException {
    JsonNode json;
    try {
      json = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new IOException("no JSON", e);
    }
    JsonNode document = json.path("document");
    if (!json.path("revision").isTextual()
        || !isLabel(json.path("name"))
        || !isLabel(json.path("version"))
        || !(document.isTextual() || document.isNull())) {
      throw new IOException("not what was written");
    }
    return new Kept(
        json.path("revision").textValue(),
        new ModelCard(
            json.path("name").textValue(), json.path("version").textValue(), document.textValue()));
  }

  private static boolean isLabel(JsonNode json) {
    return json.isTextual() && (json.textValue().isEmpty() || Model.isLabel(json.textValue()));
  }
}
