package dev.loopgate.logshipper;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/// A strict object store in memory, create-only. Its answers get lost, before or after the object
/// is there; a PUT whose answer was lost may land any time later.
final class MemoryStore implements ObjectStore {
  /// What everybody who uses the store sees.
  static final class Bucket {
    private final Map<String, byte[]> objects = new TreeMap<>();
    private final Map<String, String> owners = new TreeMap<>();
    private final List<Runnable> late = new ArrayList<>();
    private int puts;

    private boolean create(String key, byte[] bytes, String owner) {
      if (objects.putIfAbsent(key, bytes) == null) {
        owners.put(key, owner);
        return true;
      }
      return false;
    }

    Map<String, byte[]> objects() {
      return objects;
    }

    int puts() {
      return puts;
    }

    void landLate() {
      late.forEach(Runnable::run);
      late.clear();
    }
  }

  private final Bucket bucket;
  private final FileTree tree;
  private final Path staging;
  private final Random random;
  private int faultsPercent;
  private boolean refuses;
  private boolean missing;
  private boolean remote;
  private int uploadsMax = 1;
  private final Map<String, IOException> failures = new TreeMap<>();
  private int proofs;

  MemoryStore(Bucket bucket, FileTree tree, Path staging, Random random) {
    this.bucket = bucket;
    this.tree = tree;
    this.staging = staging;
    this.random = random;
  }

  void faults(int percent) {
    faultsPercent = percent;
  }

  void refuse(boolean now) {
    refuses = now;
  }

  /// Whether its bucket is missing when it is asked at the start.
  void missing(boolean now) {
    missing = now;
  }

  /// Whether it is met over a network.
  void remote(boolean now) {
    remote = now;
  }

  /// How many files it takes at once.
  void uploadsMax(int uploads) {
    uploadsMax = uploads;
  }

  @Override
  public int uploadsMax() {
    return uploadsMax;
  }

  /// What is said of files with these bytes in them.
  void failAt(String text, IOException failure) {
    failures.put(text, failure);
  }

  void failNowhere() {
    failures.clear();
  }

  /// How often it was asked whether it takes files.
  int proofs() {
    return proofs;
  }

  @Override
  public boolean isRemote() {
    return remote;
  }

  @Override
  public void prove() throws IOException {
    proofs++;
    if (missing) {
      throw new StoreRefusedException("404: there is no such bucket");
    }
  }

  @Override
  public Path staging() {
    return staging;
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) throws IOException {
    if (refuses) {
      throw new StoreRefusedException("403: key=" + key);
    }
    byte[] bytes;
    try (InputStream in = tree.open(file.path())) {
      bytes = in.readAllBytes();
    }
    if (!Checksum.of(bytes).equals(new Checksum(file.size(), file.crc32c()))) {
      throw new IOException("bad digest: key=" + key);
    }
    bucket.puts++;
    String text = new String(bytes, StandardCharsets.UTF_8);
    for (Map.Entry<String, IOException> failure : failures.entrySet()) {
      if (text.contains(failure.getKey())) {
        throw failure.getValue();
      }
    }
    if (random.nextInt(100) < faultsPercent) {
      switch (random.nextInt(3)) {
        case 0 -> bucket.create(key.path(), bytes, file.owner());
        case 1 -> bucket.late.add(() -> bucket.create(key.path(), bytes, file.owner()));
        default -> {}
      }
      throw new IOException("no answer: key=" + key);
    }
    if (bucket.create(key.path(), bytes, file.owner())) {
      return Publication.PUBLISHED;
    }
    return file.owner().equals(bucket.owners.get(key.path()))
        ? Publication.PUBLISHED_BEFORE
        : Publication.TAKEN;
  }

  @Override
  public List<ObjectKey> list(String prefix) throws IOException {
    if (random.nextInt(100) < faultsPercent) {
      if (random.nextBoolean()) {
        bucket.landLate();
      }
      throw new IOException("no answer: list");
    }
    return bucket.objects.keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .map(ObjectKey::new)
        .toList();
  }

  @Override
  public Optional<String> makerOf(ObjectKey key) {
    return Optional.ofNullable(bucket.owners.get(key.path())).map(owner -> owner.split("/", 2)[0]);
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    byte[] bytes = bucket.objects.get(key.path());
    if (bytes == null) {
      throw new NoSuchFileException(key.path());
    }
    return new ByteArrayInputStream(bytes);
  }
}
