package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.luben.zstd.ZstdInputStream;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.testkit.ManualTime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// One gateway's shipper over faulty storage: dies, comes back, and must have shipped each entry
/// once.
final class ShipperSim {
  static final Path SPOOL = Path.of("/spool");
  static final Path FILES = Path.of("/files");
  static final String SPOOL_ID = "0123456789abcdef0123456789abcdef";

  final Random random;
  final FaultyTree tree;
  final FakeLog log = new FakeLog();
  final ManualTime time = ManualTime.at("2026-11-24T10:30:00Z");
  final RecordedEvents events = new RecordedEvents();
  final MemoryStore.Bucket bucket;
  final String spoolId;
  ShipperConfig config = ShipperConfig.in(SPOOL);
  Predicate<ModelIdentity> ofFleet = _ -> false;
  boolean local;
  int faultsPercent;
  boolean refuses;
  boolean missing;
  boolean remote;
  boolean compressesAnew; // each start by another setting
  private @Nullable LogShipper shipper;
  private @Nullable Shipping shipping;
  private @Nullable MemoryStore memory;

  ShipperSim(long seed) {
    this(seed, new MemoryStore.Bucket(), SPOOL_ID);
  }

  ShipperSim(long seed, MemoryStore.Bucket bucket, String spoolId) {
    random = new Random(seed);
    tree = new FaultyTree(random, Path.of("/"), SPOOL, Path.of("/staging"));
    this.bucket = bucket;
    this.spoolId = spoolId;
  }

  void start() throws IOException {
    ObjectStore store;
    if (local) {
      store = LocalStore.open(tree, FILES, ShipperConfig.instanceOf(spoolId));
    } else {
      MemoryStore made = new MemoryStore(bucket, tree, Path.of("/staging"), random);
      made.faults(faultsPercent);
      made.refuse(refuses);
      made.missing(missing);
      made.remote(remote);
      made.uploadsMax(1 + random.nextInt(4));
      memory = made;
      store = made;
    }
    LogShipper.Surroundings around =
        new LogShipper.Surroundings(log, spoolId, store, ofFleet, time, events);
    if (compressesAnew) {
      Compression[] all = Compression.values();
      config = config.withCompression(all[random.nextInt(all.length)]);
    }
    Shipping opened = Shipping.open(config, around, tree, new SplittableRandom(random.nextLong()));
    shipping = opened;
    shipper = new LogShipper(config, opened, time, events);
  }

  LogShipper shipper() {
    return Objects.requireNonNull(shipper);
  }

  Shipping shipping() {
    return Objects.requireNonNull(shipping);
  }

  MemoryStore memory() {
    return Objects.requireNonNull(memory);
  }

  /// The wall clock steps, the monotonic one does not.
  void jump(Duration step) {
    time.setEpochMillis(time.epochMillis() + step.toMillis());
  }

  /// Works until nothing is due.
  void work() {
    while (shipper().doWork() > 0) {
      // the next step
    }
  }

  /// Works, and lets time pass where a wait stands, until all is shipped.
  void workUntilDone() {
    for (int i = 0; i < 10_000; i++) {
      work();
      if (shipping().isDone()) {
        return;
      }
      time.advance(Duration.ofMinutes(3));
    }
    throw new AssertionError("does not end: " + shipper().status());
  }

  /// All objects by key.
  Map<String, byte[]> objects() {
    if (!local) {
      bucket.landLate();
      return bucket.objects();
    }
    Map<String, byte[]> objects = new TreeMap<>();
    for (Path file : tree.files(FILES)) {
      String key = FILES.relativize(file).toString();
      if (!key.startsWith(".")) {
        objects.put(key, tree.bytes(file));
      }
    }
    return objects;
  }

  /// Request ids by stream, each as often as it was found, in the files of the right hour.
  static Map<String, List<String>> found(Map<String, byte[]> objects) throws IOException {
    Map<String, List<String>> found = new HashMap<>();
    for (Map.Entry<String, byte[]> object : objects.entrySet()) {
      if (object.getKey().startsWith(Manifest.DIRECTORY) || object.getValue().length == 0) {
        continue; // empty: killed between a name and its marker, where links are refused
      }
      String stream = object.getKey().substring(0, object.getKey().indexOf('/'));
      String text =
          new String(unpacked(object.getKey(), object.getValue()), StandardCharsets.UTF_8);
      assertThat(text).as(object.getKey()).endsWith("\n");
      for (String line : text.split("\n", -1)) {
        if (!line.isEmpty()) {
          JsonNode node = Json.trees().readTree(line);
          found
              .computeIfAbsent(stream, _ -> new ArrayList<>())
              .add(node.get("request_id").textValue());
          String hour = node.get("time").textValue().substring(0, 13).replaceAll("[- ]", "");
          assertThat(object.getKey())
              .contains(
                  "/year="
                      + hour.substring(0, 4)
                      + "/month="
                      + hour.substring(4, 6)
                      + "/day="
                      + hour.substring(6, 8)
                      + "/"
                      + hour
                      + "_");
        }
      }
    }
    found.values().forEach(ids -> ids.sort(null));
    return found;
  }

  /// As a reader of its own would: by the codecs, not by the product.
  private static byte[] unpacked(String key, byte[] bytes) throws IOException {
    InputStream in = new ByteArrayInputStream(bytes);
    try (InputStream plain =
        key.endsWith(".gz")
            ? new GZIPInputStream(in)
            : key.endsWith(".zst") ? new ZstdInputStream(in) : in) {
      return plain.readAllBytes();
    }
  }

  static List<String> ids(List<Entry> entries, EntryKind kind) {
    return entries.stream()
        .filter(entry -> entry.kind() == kind)
        .map(entry -> entry.requestId().value())
        .sorted()
        .toList();
  }

  /// Exactly once, in each stream.
  void assertEachOnce(String as) throws IOException {
    Map<String, List<String>> found = found(objects());
    List<String> predictions = ids(log.entries(), EntryKind.PREDICTION);
    List<String> feedback = ids(log.entries(), EntryKind.FEEDBACK);
    assertThat(found.getOrDefault("request_response", List.of())).as(as).isEqualTo(predictions);
    assertThat(found.getOrDefault("response_body", List.of())).as(as).isEqualTo(predictions);
    assertThat(found.getOrDefault("feedback", List.of())).as(as).isEqualTo(feedback);
  }

  /// The highest revision of each hour.
  NavigableMap<String, Manifest> manifests() throws IOException {
    NavigableMap<String, Manifest> latest = new TreeMap<>();
    for (Map.Entry<String, byte[]> object : objects().entrySet()) {
      if (object.getKey().startsWith(Manifest.DIRECTORY)) {
        Manifest manifest = Json.read(object.getValue(), Manifest.class);
        latest.merge(manifest.hour(), manifest, (a, b) -> a.revision() > b.revision() ? a : b);
      }
    }
    return latest;
  }

  /// The union of all manifests is dense, names each file once with its bytes, and balances.
  void assertManifestsHold(String as) throws IOException {
    SeqSet seqs = new SeqSet();
    Map<String, Manifest.FileEntry> files = new TreeMap<>();
    for (Manifest manifest : manifests().values()) {
      assertThat(seqs.addAll(manifest.seqs())).as(as).isTrue();
      seqs.addAll(manifest.lost());
      seqs.addAll(manifest.quarantined());
      assertThat(seqs.addAll(manifest.skipped())).as(as).isTrue();
      manifest.files().forEach(file -> assertThat(files.put(file.key(), file)).as(as).isNull());
      manifest.ledger().forEach(row -> assertThat(row.balances()).as(as).isTrue());
    }
    assertThat(seqs.holes()).as(as).isEmpty();
    assertOpenCountsChain(as);
    Map<String, byte[]> objects = new TreeMap<>(objects());
    objects.keySet().removeIf(key -> key.startsWith(Manifest.DIRECTORY));
    assertThat(files.keySet()).as(as).isEqualTo(objects.keySet());
    objects.forEach((key, bytes) ->
        assertThat(Objects.requireNonNull(files.get(key)).crc32c())
            .as(as)
            .isEqualTo(Checksum.hex(Checksum.of(bytes).crc32c())));
  }

  /// What an hour left open is what the next one begins with, row by row.
  private void assertOpenCountsChain(String as) throws IOException {
    Map<String, Long> open = new TreeMap<>();
    for (Manifest manifest : manifests().values()) {
      Map<String, Long> before = new TreeMap<>();
      Map<String, Long> after = new TreeMap<>();
      for (Manifest.LedgerEntry row : manifest.ledger()) {
        before.put(row.kind() + row.deployment(), row.openBefore());
        after.put(row.kind() + row.deployment(), row.openAfter());
      }
      before.values().removeIf(count -> count == 0);
      after.values().removeIf(count -> count == 0);
      assertThat(before).as(as + ", hour=" + manifest.hour()).isEqualTo(open);
      open = after;
    }
  }
}
