package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Fluentd that files are sent to, each as one chunk that it must acknowledge. Confined to one
/// thread at a time.
///
/// At least once: a chunk whose acknowledgement got lost comes again, under the same id. What came
/// can't be asked for, so manifests are kept here too, in a local directory, as the next ones
/// continue them; one small file an hour.
final class FluentdStore implements ObjectStore {
  /// The tag of manifests; that of records is their stream.
  static final String MANIFEST_TAG = "manifest";

  /// So much of a file makes a chunk: Fluentd's own are 8 MiB.
  static final long CHUNK_BYTES_MAX = 2 << 20;

  private static final int ID_BYTES = 16;
  private static final Duration ANSWER = Duration.ofSeconds(90);
  private static final long BYTES_PER_SECOND_MIN = 64 << 10;

  private final FluentdAddress address;
  private final LocalStore manifests;
  private final FluentdConnection connection;

  private FluentdStore(FluentdAddress address, LocalStore manifests, FluentdConnection connection) {
    this.address = address;
    this.manifests = manifests;
    this.connection = connection;
  }

  /// A store whose manifests lie in `directory`; nothing is sent yet.
  ///
  /// @param instance first 12 hex digits of the spool id
  /// @param trust certificates in PEM that the server's is issued by; null for those of the JDK
  /// @throws IOException when the directory can't be made, or the certificates can't be read
  static FluentdStore open(
      FluentdAddress address, Path directory, String instance, @Nullable Path trust)
      throws IOException {
    return new FluentdStore(
        address, LocalStore.open(directory, instance), FluentdConnection.to(address, trust));
  }

  @Override
  public Path staging() {
    return manifests.staging();
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) throws IOException {
    String stream = key.path().substring(0, key.path().indexOf('/'));
    if (!stream.equals(Manifest.DIRECTORY)) {
      send(file, stream, 0);
      return Publication.PUBLISHED;
    }
    Publication kept = manifests.publish(key, file);
    if (kept != Publication.TAKEN) {
      send(file, MANIFEST_TAG, Partition.startOf(Manifest.hourOf(key)) / 1000);
    }
    return kept;
  }

  /// The manifests; of all else nothing is known.
  @Override
  public List<ObjectKey> list(String prefix) throws IOException {
    return manifests.list(prefix);
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    return manifests.open(key);
  }

  @Override
  public boolean isRemote() {
    return true;
  }

  @Override
  public boolean isReadable() {
    return false;
  }

  @Override
  public void close() {
    connection.close();
  }

  private void send(StagedFile file, String tag, long seconds) throws IOException {
    String id = idOf(file);
    ForwardChunk chunk = ForwardChunk.of(file.path(), tag, id, seconds);
    if (chunk.events() == 0) {
      return;
    }
    connection.send(
        address + ": chunk " + id,
        ANSWER.plusSeconds(file.size() / BYTES_PER_SECOND_MIN),
        chunk.buffers(),
        id);
  }

  /// 128 bits in base64, as the specification has it.
  private static String idOf(StagedFile file) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(file.owner().getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(Arrays.copyOf(hash, ID_BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256: every JDK has it", e);
    }
  }
}
