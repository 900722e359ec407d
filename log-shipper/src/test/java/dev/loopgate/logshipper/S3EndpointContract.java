package dev.loopgate.logshipper;

import dev.loopgate.testkit.FaultProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/// The store on a server of somebody else's, which `e2e/run stores` starts: no part of the build.
/// The server is at the port of the loopback that `loopgate.s3.port` names, and knows
/// `loopgate.s3.key` and `loopgate.s3.secret`.
final class S3EndpointContract implements RemoteStoreContract {
  private static final String BUCKET = "loopgate-contract";
  private static final S3Store.Limits SMALL = new S3Store.Limits(3, 6 << 20, 5 << 20);

  private static @Nullable S3Client direct;

  @TempDir Path directory;
  private final String prefix = "of/" + UUID.randomUUID();
  private @Nullable FaultProxy proxy;
  private @Nullable S3Store store;

  @BeforeAll
  static void start() {
    String key = property("loopgate.s3.key");
    String secret = property("loopgate.s3.secret");
    System.setProperty("aws.accessKeyId", key);
    System.setProperty("aws.secretAccessKey", secret);
    S3Client client =
        S3Server.client("http://127.0.0.1:" + property("loopgate.s3.port"), key, secret);
    client.createBucket(request -> request.bucket(BUCKET));
    direct = client;
  }

  @AfterAll
  static void stop() {
    opened(direct).close();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }

  @BeforeEach
  void open() throws IOException {
    proxy = FaultProxy.inFrontOf(Integer.parseInt(property("loopgate.s3.port")));
    store = another();
  }

  @AfterEach
  void close() throws IOException {
    store().close();
    proxy().close();
  }

  @Override
  public S3Store store() {
    return opened(store);
  }

  @Override
  public S3Store another() throws IOException {
    S3Config config =
        new S3Config(
            URI.create(proxy().url()),
            null,
            true,
            S3Config.Encryption.NONE,
            null,
            false,
            S3Config.Integrity.CRC32C,
            S3Config.Names.CREATE_ONLY);
    return S3Store.open(
        new FilesRoot.S3(BUCKET, prefix), config, SMALL, directory.resolve("staging"));
  }

  @Override
  public FaultProxy proxy() {
    return opened(proxy);
  }

  @Override
  public String error(int status, String code) {
    return S3Server.error(code);
  }

  @Override
  public void remove(ObjectKey key) {
    opened(direct).deleteObject(request -> request.bucket(BUCKET).key(prefix + '/' + key.path()));
  }

  private static String property(String name) {
    String value = System.getProperty(name);
    if (value == null) {
      throw new IllegalStateException(name + ": not set; ./e2e/run stores sets it");
    }
    return value;
  }

  private static <T> T opened(@Nullable T one) {
    if (one == null) {
      throw new IllegalStateException("not open");
    }
    return one;
  }
}
