package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import dev.loopgate.testkit.FaultProxy.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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
import org.junit.jupiter.params.provider.ValueSource;

/// What goes over the wire to S3 and back: refusals before a body, answers without one, silence.
final class S3WireIT {
  private static final String BUCKET = "loopgate-wire";
  private static final ObjectKey KEY =
      new ObjectKey("feedback/wine/1/year=2026/month=11/day=03/2026110314_0.json");
  private static final ObjectKey OWN =
      new ObjectKey(KEY.path().replace("_0", "_" + NumberRange.ownOf("0123456789ab").first()));
  private static final int ATTEMPTS = 3;
  private static final int LARGE = (1 << 20) + 1; // from 1 MiB on a client asks before it sends

  private static @Nullable S3Server server;

  @TempDir Path directory;
  private @Nullable FaultProxy proxy;
  private @Nullable S3Store store;

  @BeforeAll
  static void start() throws Exception {
    server = S3Server.start(BUCKET);
  }

  @AfterAll
  static void stop() {
    opened(server).close();
  }

  @BeforeEach
  void open(TestInfo info) throws IOException {
    proxy = FaultProxy.inFrontOf(opened(server).port());
    String below = "of/" + Integer.toHexString(info.getDisplayName().hashCode());
    store = store(below);
    store().publish(new ObjectKey("first"), staged("first", 6));
  }

  @AfterEach
  void close() throws IOException {
    store().close();
    proxy().close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "403; AccessDenied; needs s3:PutObject",
        "404; NoSuchBucket; there is no such bucket",
        "403; InvalidAccessKeyId; does not know these credentials",
        "400; AuthorizationHeaderMalformed; set s3.region"
      })
  void anUploadThatIsRefusedBeforeItsBodyIsReadParksTheSinkByItsCode(
      int status, String code, String advice) throws IOException {
    proxy().spoil("PUT", ATTEMPTS, Fault.refused(status, S3Server.error(code)));
    StagedFile large = staged("large", LARGE);

    assertThatThrownBy(() -> store().publish(KEY, large))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining(status + " " + code)
        .hasMessageContaining(advice);
    proxy().heal();
    assertThat(store().publish(KEY, large)).isEqualTo(Publication.PUBLISHED);
  }

  @Test
  void anUploadThatNeverGetsAnAnswerIsLookedForAndRecognised() throws IOException {
    StagedFile large = staged("large", LARGE);
    proxy().spoil("PUT", ATTEMPTS, Fault.of(FaultProxy.Kind.REQUEST_CUT));
    assertThatThrownBy(() -> store().publish(KEY, large))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class);
    proxy().heal();
    assertThat(store().publish(KEY, large)).isEqualTo(Publication.PUBLISHED);

    proxy().spoil("PUT", 2 * ATTEMPTS, Fault.of(FaultProxy.Kind.REQUEST_CUT));
    assertThat(store().publish(KEY, large)).isEqualTo(Publication.PUBLISHED_BEFORE);
    assertThat(store().publish(KEY, staged("other", LARGE))).isEqualTo(Publication.TAKEN);
  }

  @ParameterizedTest
  @CsvSource({"503, SlowDown", "403, RequestTimeTooSkewed", "400, ExpiredToken"})
  void anUploadThatIsRefusedBeforeItsBodyIsReadIsAskedAgainWhereItsCodePasses(
      int status, String code) throws IOException {
    proxy().spoil("PUT", ATTEMPTS, Fault.refused(status, S3Server.error(code)));
    StagedFile large = staged("large", LARGE);

    assertThatThrownBy(() -> store().publish(KEY, large))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class)
        .hasMessageContaining(status + " " + code);
    proxy().heal();
    assertThat(store().publish(KEY, large)).isEqualTo(Publication.PUBLISHED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "301; x-amz-bucket-region: eu-west-1; in another region: set s3.region to eu-west-1",
        "301; ''; in another region: set s3.region",
        "400; x-amz-bucket-region: eu-west-1; in another region: set s3.region to eu-west-1",
        "400; ''; see s3.region, or a token has expired",
        "403; ''; needs s3:GetObject, and s3:ListBucket"
      })
  void aHeadThatIsRefusedHasNoBodyAndSaysAllTheSameWhatToDo(
      int status, String header, String advice) throws IOException {
    StagedFile file = staged("a", 5);
    store().publish(KEY, file);
    proxy().spoil("HEAD", ATTEMPTS, Fault.answered(status, "").with(header));

    assertThatThrownBy(() -> store().publish(KEY, file))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageMatching(".*: HeadObject: " + status + "(;| \\(.*\\);) .*")
        .hasMessageContaining(advice)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @ValueSource(ints = {5, (6 << 20) + 1})
  void whatIsConfiguredStandsInTheRequest(int size) throws IOException {
    List<String> heads =
        headsOfPublishing(new S3Config.Encryption("AES256", null), "STANDARD_IA", false, size);
    assertThat(heads.getFirst())
        .contains("x-amz-server-side-encryption: aes256\r\n")
        .contains("x-amz-storage-class: standard_ia\r\n")
        .doesNotContain("x-amz-server-side-encryption-aws-kms-key-id");
    assertThat(heads).noneMatch(head -> head.contains("x-amz-request-payer"));

    heads =
        headsOfPublishing(new S3Config.Encryption("aws:kms", "alias/loopgate"), null, true, size);
    assertThat(heads.getFirst())
        .contains("x-amz-server-side-encryption: aws:kms\r\n")
        .contains("x-amz-server-side-encryption-aws-kms-key-id: alias/loopgate\r\n")
        .doesNotContain("x-amz-storage-class");
    assertThat(heads).allMatch(head -> head.contains("x-amz-request-payer: requester\r\n"));

    heads = headsOfPublishing(S3Config.Encryption.NONE, null, false, size);
    assertThat(heads)
        .noneMatch(
            head -> head.contains("x-amz-server-side") || head.contains("x-amz-storage-class"));
  }

  /// The heads of the requests that make an object of so many bytes, the one that begins it first,
  /// in small letters. Nobody but us answers: not every server knows what is asked for.
  private List<String> headsOfPublishing(
      S3Config.Encryption encryption, @Nullable String storageClass, boolean pays, int size)
      throws IOException {
    try (FaultProxy wire = FaultProxy.inFrontOf(opened(server).port())) {
      wire.spoil("HEAD", Fault.answered(404, ""));
      wire.spoil("PUT", 4, Fault.of(Kind.CLAIMED));
      wire.spoil(
          "POST",
          Fault.answered(
              200,
              "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"),
          Fault.answered(
              200,
              "<CompleteMultipartUploadResult><ETag>0</ETag></CompleteMultipartUploadResult>"));
      S3Config config =
          new S3Config(
              URI.create(wire.url()),
              null,
              true,
              encryption,
              storageClass,
              pays,
              S3Config.Integrity.CRC32C,
              S3Config.Names.UNIQUE); // one question less
      S3Store.Limits limits = new S3Store.Limits(3, 6 << 20, 5 << 20);
      Path staging = directory.resolve("wire");
      try (S3Store of = S3Store.open(new FilesRoot.S3(BUCKET, ""), config, limits, staging)) {
        assertThat(of.publish(OWN, staged("of-" + size, size))).isEqualTo(Publication.PUBLISHED);
      }
      List<String> heads = new ArrayList<>(wire.heads("POST"));
      heads.addAll(wire.heads("PUT"));
      return heads.stream()
          .filter(head -> !head.contains(S3Store.PROBE))
          .map(head -> head.toLowerCase(Locale.ROOT))
          .toList();
    }
  }

  @Test
  void whatIsAskedAtTheStartTellsWhatIsMissing() throws IOException {
    try (S3Store fresh = store("of/fresh")) {
      proxy().spoil("PUT", Fault.answered(403, S3Server.error("AccessDenied")));
      assertThatThrownBy(fresh::prove)
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("s3:PutObject");

      fresh.prove();
      int asked = proxy().requests("PUT");
      fresh.prove();
      assertThat(proxy().requests("PUT")).as("known").isEqualTo(asked);
      assertThat(fresh.list("")).isEmpty();
    }
  }

  @Test
  void aCallThatIsGivenUpIsFreedFromItsSocketAndTheNextOneIsAsked() throws Exception {
    proxy().spoil("PUT", Fault.of(Kind.SILENT));
    StagedFile file = staged("a", 5);
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    int before = proxy().requests("PUT");
    Thread asking =
        Thread.ofPlatform()
            .start(() -> {
              try {
                failure.completeExceptionally(
                    new AssertionError("published: " + store().publish(KEY, file)));
              } catch (IOException e) {
                failure.complete(e);
              }
            });
    while (proxy().requests("PUT") == before) {
      Thread.onSpinWait();
    }
    asking.interrupt(); // as the end of its time would

    assertThat(failure.get(60, TimeUnit.SECONDS)).hasMessageContaining("interrupted");
    CompletableFuture<Publication> next = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            next.complete(publishUntilFreed(file));
          } catch (IOException e) {
            next.completeExceptionally(e);
          }
        });
    assertThat(next)
        .as("freed well before the time-out of its socket")
        .succeedsWithin(Duration.ofSeconds(15))
        .isEqualTo(Publication.PUBLISHED);
  }

  private Publication publishUntilFreed(StagedFile file) throws IOException {
    while (true) {
      try {
        return store().publish(KEY, file);
      } catch (IOException e) {
        if (!String.valueOf(e.getMessage()).contains("has not ended yet")) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  private StagedFile staged(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    bytes[size - 1] = '\n';
    Path path = Files.write(store().staging().resolve(name), bytes);
    return new StagedFile(path, size, Checksum.of(bytes).crc32c(), "0123456789ab/" + name);
  }

  private S3Store store(String below) throws IOException {
    return S3Store.open(
        new FilesRoot.S3(BUCKET, below),
        new S3Config(
            URI.create(proxy().url()),
            null,
            true,
            S3Config.Encryption.NONE,
            null,
            false,
            S3Config.Integrity.CRC32C,
            S3Config.Names.CREATE_ONLY),
        directory.resolve("staging"));
  }

  private S3Store store() {
    return opened(store);
  }

  private FaultProxy proxy() {
    return opened(proxy);
  }

  private static <T> T opened(@Nullable T one) {
    if (one == null) {
      throw new IllegalStateException("not open");
    }
    return one;
  }
}
