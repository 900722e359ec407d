package dev.loopgate.logshipper;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// What a shipper published, in memory, to be damaged and verified.
final class ShippedFiles implements ObjectStore {
  final ShipperSim sim = new ShipperSim(1);
  String unreadable = "none"; // a key whose bytes the network loses on the way
  int keysTold;

  /// Three hours of two models, two windows each; each hour's manifest has revisions.
  static ShippedFiles of(Compression compression) throws IOException {
    ShippedFiles shipped = new ShippedFiles();
    ShipperSim sim = shipped.sim;
    sim.config = sim.config.withCompression(compression);
    sim.start();
    long begun = sim.time.epochMillis();
    sim.time.advance(Duration.ofHours(4));
    for (int window = 0; window < 6; window++) {
      long millis = begun + window / 2 * Duration.ofHours(1).toMillis();
      for (int i = 0; i < 6; i++) {
        String model = i % 3 == 0 ? "a/b" : "wine";
        sim.log.append(FakeLog.prediction("id" + window + i, model, "1", millis));
        sim.log.append(FakeLog.feedback("id" + window + i, "wine", "1", millis));
      }
      sim.workUntilDone();
    }
    return shipped;
  }

  Verification.Report verify(Verification.Depth depth) throws IOException {
    return verify(depth, HourKeys.KEYS_MAX);
  }

  Verification.Report verify(Verification.Depth depth, int keysMax) throws IOException {
    return Verification.of(
        this, "memory", new Verification.How(depth, true, (_, _, _) -> {}), keysMax);
  }

  Map<String, byte[]> objects() {
    return sim.objects();
  }

  /// The first key of the stream.
  String key(String stream) {
    return objects().keySet().stream()
        .filter(key -> key.startsWith(stream + "/wine/"))
        .findFirst()
        .orElseThrow();
  }

  /// The one that counts for the first hour.
  String manifestKey() {
    return objects().keySet().stream()
        .filter(key -> key.startsWith("_m") && key.contains("/2026112410."))
        .reduce((_, last) -> last)
        .orElseThrow();
  }

  String text(String key) throws IOException {
    byte[] bytes = Objects.requireNonNull(objects().get(key));
    try (InputStream in = Compression.ofPath(key).decompressing(new ByteArrayInputStream(bytes))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /// Writes a file anew and has its manifest say so: what no checksum tells.
  void forge(String key, UnaryOperator<String> change) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String text = change.apply(text(key));
    try (OutputStream codec = Compression.ofPath(key).compressing(out)) {
      codec.write(text.getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = out.toByteArray();
    objects().put(key, bytes);
    for (Map.Entry<String, byte[]> manifest : objects().entrySet()) {
      if (manifest.getKey().startsWith("_m")) {
        JsonNode tree = Json.trees().readTree(manifest.getValue());
        for (JsonNode file : (ArrayNode) tree.get("files")) {
          if (file.get("key").asText().equals(key)) {
            ((ObjectNode) file)
                .put("size", bytes.length)
                .put("crc32c", Checksum.hex(Checksum.of(bytes).crc32c()));
          }
        }
        manifest.setValue(tree.toString().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @Override
  public Path staging() {
    throw new UnsupportedOperationException("to be read alone");
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) {
    throw new UnsupportedOperationException("to be read alone");
  }

  @Override
  public List<ObjectKey> list(String prefix) {
    return objects().keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .map(ObjectKey::new)
        .toList();
  }

  @Override
  public void walk(String prefix, Keys each) throws IOException {
    for (ObjectKey key : list(prefix)) {
      keysTold++;
      each.next(key);
    }
  }

  @Override
  public Optional<String> makerOf(ObjectKey key) {
    return Optional.empty();
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    byte[] bytes = objects().get(key.path());
    if (bytes == null) {
      throw new NoSuchFileException(key.path());
    }
    if (!key.path().equals(unreadable)) {
      return new ByteArrayInputStream(bytes);
    }
    return new InputStream() {
      @Override
      public int read() throws IOException {
        throw new IOException("Connection reset");
      }

      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        return read();
      }
    };
  }
}
