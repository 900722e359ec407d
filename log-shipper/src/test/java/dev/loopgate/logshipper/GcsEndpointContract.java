package dev.loopgate.logshipper;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.BucketInfo;
import com.google.cloud.storage.HttpStorageOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// The store on a server of somebody else's, which `e2e/run stores` starts: no part of the build.
/// The server is at the port of the loopback that `loopgate.gcs.port` names.
///
/// Nothing is spoilt on the way: the servers there are end an upload at the question how far it
/// came.
final class GcsEndpointContract implements SharedStoreContract {
  private static final String BUCKET = "loopgate-contract";
  private static final int PAGE_KEYS = 3;

  @TempDir Path directory;
  private final String prefix = "of/" + UUID.randomUUID();
  private @Nullable GcsStore store;

  @BeforeAll
  static void start() throws Exception {
    HttpStorageOptions options =
        StorageOptions.http()
            .setHost(endpoint().toString())
            .setProjectId("p")
            .setCredentials(NoCredentials.getInstance())
            .build();
    Storage client = options.getService();
    client.create(BucketInfo.of(BUCKET));
    client.close();
  }

  @BeforeEach
  void open() throws IOException {
    store = another();
  }

  @AfterEach
  void close() {
    store().close();
  }

  @Override
  public GcsStore store() {
    GcsStore open = store;
    if (open == null) {
      throw new IllegalStateException("not open");
    }
    return open;
  }

  @Override
  public GcsStore another() throws IOException {
    return GcsStore.open(
        new FilesRoot.Gcs(BUCKET, prefix),
        new GcsConfig(endpoint(), null),
        directory.resolve("staging"),
        PAGE_KEYS);
  }

  private static URI endpoint() {
    String port = System.getProperty("loopgate.gcs.port");
    if (port == null) {
      throw new IllegalStateException("loopgate.gcs.port: not set; ./e2e/run stores sets it");
    }
    return URI.create("http://127.0.0.1:" + port);
  }
}
