package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/// The store on S3Proxy, which keeps create-only, checksums and signatures strictly.
final class S3StoreIT implements RemoteStoreContract {
  private static final String BUCKET = "loopgate-it";
  private static final S3Store.Limits SMALL = new S3Store.Limits(3, 6 << 20, 5 << 20);

  private static @Nullable S3Server server;

  @TempDir Path directory;
  private @Nullable FaultProxy proxy;
  private @Nullable S3Store store;
  private String prefix = "";

  @BeforeAll
  static void start() throws Exception {
    server = S3Server.start(BUCKET);
  }

  @AfterAll
  static void stop() {
    server().close();
  }

  @BeforeEach
  void open(TestInfo info) throws IOException {
    proxy = FaultProxy.inFrontOf(server().port());
    prefix =
        "of/"
            + Integer.toHexString(info.getDisplayName().hashCode())
            + info.getTestMethod().hashCode();
    store = store(config(S3Config.Integrity.CRC32C), prefix);
  }

  @AfterEach
  void close() throws IOException {
    store().close();
    proxy().close();
  }

  @Override
  public S3Store store() {
    S3Store open = store;
    if (open == null) {
      throw new IllegalStateException("not open");
    }
    return open;
  }

  @Override
  public ObjectStore another() throws IOException {
    return store(config(S3Config.Integrity.CRC32C), prefix);
  }

  @Override
  public FaultProxy proxy() {
    FaultProxy open = proxy;
    if (open == null) {
      throw new IllegalStateException("not open");
    }
    return open;
  }

  @Override
  public String error(int status, String code) {
    return S3Server.error(code);
  }

  @Override
  public void remove(ObjectKey key) {
    direct().deleteObject(request -> request.bucket(BUCKET).key(prefix + '/' + key.path()));
  }

  @Test
  void aStoreThatIgnoresTheConditionIsRefusedBeforeTheFirstFile() throws IOException {
    proxy().spoil("PUT", Fault.answered(200, ""), Fault.answered(200, ""));

    // Without an ETag a 200 proves nothing; the server is asked again, and says what it can do.
    assertThatThrownBy(() -> store().publish(KEY, staged("a", "one\n")))
        .isInstanceOf(IOException.class);
    proxy().heal();
    assertThat(store().publish(KEY, staged("a", "one\n"))).isEqualTo(Publication.PUBLISHED);

    try (S3Store careless = store(config(S3Config.Integrity.CRC32C), prefix + "/careless")) {
      proxy().spoil("PUT", 2, Fault.of(FaultProxy.Kind.CLAIMED));
      assertThatThrownBy(() -> careless.publish(KEY, staged("a", "one\n")))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("ignores If-None-Match")
          .hasMessageContaining("s3.names=unique")
          .hasMessageContaining(BUCKET);
      assertThat(careless.list("")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "403; AccessDenied; needs s3:PutObject",
        "404; NoSuchBucket; there is no such bucket",
        "301; PermanentRedirect; set s3.region",
        "400; AuthorizationHeaderMalformed; set s3.region",
        "400; KMS.DisabledException; kms:GenerateDataKey",
        "403; InvalidAccessKeyId; does not know these credentials",
        "501; NotImplemented; If-None-Match"
      })
  void whatAPersonMustMendParksTheSinkInOneLine(int status, String code, String advice)
      throws IOException {
    StagedFile file = staged("a", "one\n");
    store().publish(new ObjectKey("first"), file);
    proxy().spoil("PUT", 3, Fault.answered(status, error(status, code)));

    assertThatThrownBy(() -> store().publish(KEY, file))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("s3://" + BUCKET + "/" + prefix + "/" + KEY)
        .hasMessageContaining(code)
        .hasMessageContaining(advice)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "403, RequestTimeTooSkewed",
    "400, ExpiredToken",
    "400, RequestTimeout",
    "400, BadDigest"
  })
  void whatPassesInSpiteOfItsStatusIsAskedAgain(int status, String code) throws IOException {
    StagedFile file = staged("a", "one\n");
    store().publish(new ObjectKey("first"), file);
    proxy().spoil("PUT", 3, Fault.answered(status, error(status, code)));

    assertThatThrownBy(() -> store().publish(KEY, file))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class);
  }

  @Test
  void anErrorInTheBodyOfA200IsNoSuccess() throws IOException {
    StagedFile file = staged("a", "one\n");
    store().publish(new ObjectKey("first"), file);
    proxy().spoil("PUT", Fault.answered(200, error(200, "InternalError")));

    assertThatThrownBy(() -> store().publish(KEY, file))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class);
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED);
  }

  @Test
  void whatIsSentIsWhatWasConfigured() throws IOException {
    store().publish(KEY, staged("a", "one\n"));

    HeadObjectResponse head =
        direct()
            .headObject(
                request -> request.bucket(BUCKET).key(prefix + '/' + KEY).checksumMode("ENABLED"));

    assertThat(head.checksumCRC32C()).isNotEmpty();
    assertThat(head.metadata())
        .containsEntry("loopgate-owner", "0123456789ab/a")
        .containsEntry("loopgate-crc32c", Checksum.hex(staged("a", "one\n").crc32c()));
    assertThat(head.contentType()).isEqualTo("application/x-ndjson");
  }

  @Test
  void whatIsCompressedIsSaidByItsTypeAndByNoContentEncoding() throws IOException {
    for (Compression compression : Compression.values()) {
      ObjectKey key = new ObjectKey("feedback/x_0" + compression.fileEnd());
      store().publish(key, staged("c" + compression, "one\n"));

      HeadObjectResponse head =
          direct().headObject(request -> request.bucket(BUCKET).key(prefix + '/' + key));

      assertThat(head.contentType()).isEqualTo(compression.contentType());
      assertThat(head.contentEncoding()).isNull();
    }
  }

  @Test
  void publishesWithoutAChecksumHeaderWhereNoneIsWanted() throws IOException {
    try (S3Store plain = store(config(S3Config.Integrity.MD5), prefix)) {
      assertThat(plain.publish(KEY, staged("a", "one\n"))).isEqualTo(Publication.PUBLISHED);
      StagedFile altered = staged("b", "two\n");
      proxy().spoil("PUT", 3, Fault.of(FaultProxy.Kind.BIT_FLIPPED));
      assertThatThrownBy(() -> plain.publish(new ObjectKey("other"), altered))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(StoreRefusedException.class);
      assertThat(plain.list("")).containsExactly(KEY);
    }
  }

  @Test
  void aLargeFileGoesInPartsAndAppearsWhole() throws IOException {
    byte[] bytes = new byte[(11 << 20) + 3];
    new Random(1).nextBytes(bytes);
    Path path = Files.write(store().staging().resolve("large"), bytes);
    StagedFile file =
        new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/large");

    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED);
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED_BEFORE);
    assertThat(
            store()
                .publish(
                    KEY, new StagedFile(path, bytes.length, file.crc32c(), "ba9876543210/large")))
        .isEqualTo(Publication.TAKEN);
    try (InputStream in = store().open(KEY)) {
      assertThat(Checksum.of(in)).isEqualTo(Checksum.of(bytes));
    }
    assertThat(direct().listMultipartUploads(request -> request.bucket(BUCKET)).uploads())
        .as("given up")
        .isEmpty();
  }

  @Test
  void aMissingBucketIsSaidInOneLine() throws IOException {
    try (S3Store nowhere =
        S3Store.open(
            new FilesRoot.S3("loopgate-none", ""),
            config(S3Config.Integrity.CRC32C),
            SMALL,
            directory.resolve("staging"))) {
      assertThatThrownBy(() -> nowhere.publish(KEY, staged("a", "one\n")))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("s3://loopgate-none/")
          .hasMessageContaining("NoSuchBucket");
      assertThatThrownBy(() -> nowhere.list("")).isInstanceOf(StoreRefusedException.class);
      assertThatThrownBy(() -> nowhere.open(KEY)).isInstanceOf(StoreRefusedException.class);
    }
  }

  private S3Config config(S3Config.Integrity integrity) {
    return new S3Config(
        URI.create(proxy().url()),
        null,
        true,
        S3Config.Encryption.NONE,
        null,
        false,
        integrity,
        S3Config.Names.CREATE_ONLY);
  }

  private S3Store store(S3Config config, String below) throws IOException {
    return S3Store.open(
        new FilesRoot.S3(BUCKET, below), config, SMALL, directory.resolve("staging"));
  }

  private static S3Server server() {
    S3Server started = server;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started;
  }

  private static S3Client direct() {
    return server().client();
  }
}
