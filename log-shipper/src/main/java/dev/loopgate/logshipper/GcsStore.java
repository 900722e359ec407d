package dev.loopgate.logshipper;

import com.google.api.gax.paging.Page;
import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.HttpStorageOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A bucket of Google Cloud Storage. Confined to one thread at a time.
///
/// Files are staged in a local directory and published by one resumable upload that creates or
/// fails. Whatever is not proven is asked again with the same key.
public final class GcsStore implements ObjectStore {
  /*
   * `ifGenerationMatch=0` creates or is a 412, which may be the client's own second try; so the object
   * is looked at, as in S3Store. After a lost answer the client asks how far the upload came, and finds
   * its success by itself; the 412 is what is left of it when even that failed.
   */

  private static final String OWNER = S3Requests.OWNER; // the same words in all buckets
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofMinutes(2); // with the client's own two retries
  private static final int ATTEMPTS = 3;
  private static final long BYTES_PER_SECOND_MIN = 64 << 10;
  private static final int PAGE_KEYS = 1000;
  // A window of many files waits for their answers together.
  private static final int UPLOADS_MAX = 8;
  private static final String CREATE = "storage.objects.create";

  private final Storage client;
  private final FilesRoot.Gcs root;
  private final String base;
  private final Path staging;
  private final int pageKeys;
  private final RemoteCalls calls = new RemoteCalls(UPLOADS_MAX);
  private boolean proven;

  private GcsStore(Storage client, FilesRoot.Gcs root, Path staging, int pageKeys) {
    this.client = client;
    this.root = root;
    this.base = root.prefix().isEmpty() ? "" : root.prefix() + '/';
    this.staging = staging;
    this.pageKeys = pageKeys;
  }

  /// The store at `root`; nothing is asked of it yet.
  ///
  /// @param staging a local directory, made when absent
  /// @throws IOException when the directory can't be made
  public static GcsStore open(FilesRoot.Gcs root, GcsConfig config, Path staging)
      throws IOException {
    return open(root, config, staging, PAGE_KEYS);
  }

  static GcsStore open(FilesRoot.Gcs root, GcsConfig config, Path staging, int pageKeys)
      throws IOException {
    Staging.makePrivate(staging);
    return new GcsStore(client(config), root, staging, pageKeys);
  }

  /// The same, to read alone.
  static GcsStore reading(FilesRoot.Gcs root, GcsConfig config, Path staging) {
    return new GcsStore(client(config), root, staging, PAGE_KEYS);
  }

  private static Storage client(GcsConfig config) {
    HttpStorageOptions.Builder options =
        StorageOptions.http()
            .setTransportOptions(
                HttpTransportOptions.newBuilder()
                    .setConnectTimeout((int) CONNECT.toMillis())
                    .setReadTimeout((int) SILENCE.toMillis())
                    .build())
            .setRetrySettings(
                RetrySettings.newBuilder()
                    .setInitialRetryDelayDuration(Duration.ofMillis(200))
                    .setRetryDelayMultiplier(2)
                    .setMaxRetryDelayDuration(Duration.ofSeconds(2))
                    .setMaxAttempts(ATTEMPTS)
                    .setTotalTimeoutDuration(ANSWER)
                    .build());
    URI endpoint = config.endpoint();
    if (endpoint != null) {
      options.setHost(endpoint.toString()).setCredentials(NoCredentials.getInstance());
    }
    String project = config.project();
    if (project != null) {
      options.setProjectId(project);
    } else if (endpoint != null) {
      options.setProjectId("none"); // or the client looks for one in the cloud it is not in
    }
    return options.build().getService();
  }

  @Override
  public Path staging() {
    return staging;
  }

  @Override
  public boolean isRemote() {
    return true;
  }

  /// Makes one hidden object, or meets the one that is there.
  @Override
  public void prove() throws IOException {
    if (proven) {
      return;
    }
    byte[] line = {'\n'}; // an empty file would go another way than all others
    Path path = Files.write(staging.resolve(S3Store.PROBE), line);
    try {
      StagedFile probe =
          new StagedFile(path, line.length, Checksum.of(line).crc32c(), S3Store.PROBE);
      ObjectKey key = new ObjectKey(S3Store.PROBE);
      ask(CREATE, key.path(), ANSWER, () -> create(key, probe));
    } finally {
      Files.deleteIfExists(path);
    }
    proven = true;
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) throws IOException {
    boolean created =
        ask(
            CREATE,
            key.path(),
            ANSWER.plusSeconds(file.size() / BYTES_PER_SECOND_MIN),
            () -> create(key, file));
    return created ? Publication.PUBLISHED : judge(key, file);
  }

  @Override
  public int uploadsMax() {
    return UPLOADS_MAX;
  }

  @Override
  public List<Upload.Outcome> publishAll(List<Upload> uploads) throws IOException {
    return calls.uploadAll(uploads, this);
  }

  @Override
  public List<ObjectKey> list(String prefix) throws IOException {
    List<ObjectKey> keys = new ArrayList<>();
    walk(prefix, keys::add);
    return keys;
  }

  @Override
  public void walk(String prefix, Keys each) throws IOException {
    Page<Blob> page =
        ask(
            "storage.objects.list",
            prefix,
            ANSWER,
            () ->
                client.list(
                    root.bucket(),
                    Storage.BlobListOption.prefix(base + prefix),
                    Storage.BlobListOption.pageSize(pageKeys),
                    Storage.BlobListOption.fields(Storage.BlobField.NAME)));
    while (true) {
      for (Blob blob : page.getValues()) {
        Optional<ObjectKey> key = RemoteKey.of(base, blob.getName());
        if (key.isPresent()) {
          each.next(key.get());
        }
      }
      if (!page.hasNextPage()) {
        return;
      }
      Page<Blob> before = page;
      page = ask("storage.objects.list", prefix, ANSWER, before::getNextPage);
    }
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    Blob blob = find(key.path()).orElseThrow(() -> new NoSuchFileException(key.path()));
    return Channels.newInputStream(client.reader(blob.getBlobId()));
  }

  @Override
  public Optional<String> makerOf(ObjectKey key) throws IOException {
    return find(key.path())
        .map(GcsStore::ownerOf)
        .filter(owner -> !owner.isEmpty())
        .map(owner -> owner.split("/", 2)[0]);
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (Exception e) {
      throw new IllegalStateException("storage client: close failed", e);
    }
  }

  /// Whether the object was made; false says that there is one already.
  private boolean create(ObjectKey key, StagedFile file) throws IOException {
    BlobInfo info =
        BlobInfo.newBuilder(idOf(key.path()))
            .setContentType(Compression.ofPath(key.path()).contentType())
            .setCrc32c(base64(file.crc32c()))
            .setMetadata(
                Map.of(OWNER, file.owner(), S3Requests.CRC32C, Checksum.hex(file.crc32c())))
            .build();
    try {
      Blob made =
          client.createFrom(
              info,
              file.path(),
              Storage.BlobWriteOption.doesNotExist(),
              Storage.BlobWriteOption.crc32cMatch());
      if (!isWhole(made, file)) {
        throw new IOException(whereIs(key.path()) + ": the answer is of other bytes");
      }
      return true;
    } catch (StorageException e) {
      if (GcsFailures.isTaken(e)) {
        return false;
      }
      throw e;
    }
  }

  private Publication judge(ObjectKey key, StagedFile file) throws IOException {
    Blob blob = find(key.path()).orElse(null);
    if (blob == null) {
      throw new IOException(whereIs(key.path()) + ": said to be there, and is not");
    }
    if (!file.owner().equals(ownerOf(blob))) {
      return Publication.TAKEN;
    }
    if (!isWhole(blob, file)) {
      throw new StoreRefusedException(
          "%s: ours, and not what was planned: size=%d, crc32c=%s, planned=%d, %s; somebody altered it: see who, and move it away"
              .formatted(
                  whereIs(key.path()),
                  blob.getSize(),
                  blob.getCrc32cToHexString(),
                  file.size(),
                  Checksum.hex(file.crc32c())));
    }
    return Publication.PUBLISHED_BEFORE;
  }

  private Optional<Blob> find(String path) throws IOException {
    return ask(
        "storage.objects.get", path, ANSWER, () -> Optional.ofNullable(client.get(idOf(path))));
  }

  private <T> T ask(String permission, String path, Duration within, RemoteCalls.Call<T> call)
      throws IOException {
    String where = whereIs(path);
    return calls.ask(
        where + ": " + permission,
        within,
        () -> {
          try {
            return call.ask();
          } catch (StorageException e) {
            throw GcsFailures.of(where, permission, e);
          }
        });
  }

  private BlobId idOf(String path) {
    return BlobId.of(root.bucket(), base + path);
  }

  private String whereIs(String path) {
    return FilesRoot.GCS_SCHEME + root.bucket() + '/' + base + path;
  }

  private static boolean isWhole(Blob blob, StagedFile file) {
    return blob.getSize() == file.size() && base64(file.crc32c()).equals(blob.getCrc32c());
  }

  private static String ownerOf(Blob blob) {
    Map<String, @Nullable String> metadata = blob.getMetadata();
    String owner = metadata == null ? null : metadata.get(OWNER);
    return owner == null ? "" : owner;
  }

  private static String base64(int crc32c) {
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(Integer.BYTES).putInt(crc32c).array()); // big-endian
  }
}
