package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import dev.loopgate.testkit.FaultProxy.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

/// Files in a store that does not know `If-None-Match`: S3Proxy behind a proxy that leaves it out.
final class UniqueNamesIT {
  private static final String BUCKET = "loopgate-unique";
  private static final String OURS = "0123456789ab";
  private static final String OTHER = "fedcba987654";
  private static final int ATTEMPTS = 3;
  private static final S3Store.Limits SMALL = new S3Store.Limits(3, 6 << 20, 5 << 20);
  private static final Partition PARTITION =
      new Partition(LogStream.FEEDBACK, "wine", "1", 498_000);
  private static final ObjectKey KEY =
      PARTITION.key(NumberRange.ownOf(OURS).first(), Compression.NONE);

  private static @Nullable S3Server server;

  @TempDir Path directory;
  private @Nullable FaultProxy proxy;
  private @Nullable S3Store store;
  private String below = "";

  @BeforeAll
  static void start() throws Exception {
    server = S3Server.startCareless(BUCKET);
  }

  @AfterAll
  static void stop() {
    opened(server).close();
  }

  @BeforeEach
  void open(TestInfo info) throws IOException {
    proxy = FaultProxy.inFrontOf(opened(server).port());
    proxy().leaveOut("if-none-match");
    below = "of/" + Integer.toHexString(info.getDisplayName().hashCode());
    store = store(S3Config.Names.UNIQUE);
  }

  @AfterEach
  void close() throws IOException {
    store().close();
    proxy().close();
  }

  @Test
  void suchAStoreIsRefusedUntilNamesAreUnique() throws IOException {
    try (S3Store shared = store(S3Config.Names.CREATE_ONLY)) {
      assertThatThrownBy(() -> shared.publish(KEY, staged(OURS, "a", "one\n")))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("s3.names=unique");
    }

    assertThat(store().publish(KEY, staged(OURS, "a", "one\n"))).isEqualTo(Publication.PUBLISHED);
    assertThat(store().publish(KEY, staged(OURS, "a", "one\n")))
        .isEqualTo(Publication.PUBLISHED_BEFORE);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  void nobodyAsksForTheCondition() throws IOException {
    proxy().leaveOut("none");
    store().publish(KEY, staged(OURS, "a", "one\n"));
    store().publish(PARTITION.key(NumberRange.ownOf(OURS).first() + 1, Compression.NONE), large());

    assertThat(proxy().heads("PUT")).hasSizeGreaterThan(3);
    assertThat(proxy().requests("POST")).isEqualTo(2);
    for (String method : new String[] {"PUT", "POST"}) {
      assertThat(proxy().heads(method))
          .noneMatch(head -> head.toLowerCase(Locale.ROOT).contains("if-none-match"));
    }
  }

  @Test
  void answersThatAreLostLeaveOneObjectOfOurBytes() throws IOException {
    StagedFile file = staged(OURS, "a", "one\n");
    store()
        .publish(
            PARTITION.key(NumberRange.ownOf(OURS).first() + 9, Compression.NONE),
            staged(OURS, "b", "b\n"));
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.ANSWER_LOST));

    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED_BEFORE);
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED_BEFORE);
    assertThat(read()).isEqualTo("one\n");
  }

  @Test
  void anUploadThatLandsLateReplacesTheObjectByItself() throws IOException {
    StagedFile file = staged(OURS, "a", "one\n");
    store()
        .publish(
            PARTITION.key(NumberRange.ownOf(OURS).first() + 9, Compression.NONE),
            staged(OURS, "b", "b\n"));
    proxy().spoil("PUT", ATTEMPTS, Fault.of(Kind.HELD));
    assertThatThrownBy(() -> store().publish(KEY, file)).isInstanceOf(IOException.class);
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED);

    assertThat(proxy().land()).hasSize(ATTEMPTS).allMatch(answer -> answer.contains(" 200 "));
    assertThat(read()).isEqualTo("one\n");
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED_BEFORE);
  }

  @Test
  void whatIsSeenIsNeverReplaced() throws IOException {
    opened(server)
        .client()
        .putObject(
            request ->
                request
                    .bucket(BUCKET)
                    .key(below + '/' + KEY)
                    .metadata(Map.of("loopgate-owner", OTHER + "/a")),
            RequestBody.fromString("other\n"));

    assertThat(store().publish(KEY, staged(OURS, "a", "one\n"))).isEqualTo(Publication.TAKEN);
    assertThat(read()).isEqualTo("other\n");
  }

  @Test
  void aNumberThatOthersGiveTooIsTakenThoughNobodyHasIt() throws IOException {
    assertThat(store().publish(PARTITION.key(0, Compression.NONE), staged(OURS, "a", "one\n")))
        .as("planned before names were unique")
        .isEqualTo(Publication.TAKEN);
    assertThat(store().publish(KEY, staged(OTHER, "b", "two\n"))).isEqualTo(Publication.TAKEN);
    assertThat(store().list("")).isEmpty();
    ObjectKey manifest = Manifest.key(OURS, 498_000, 1);
    assertThat(store().publish(manifest, staged(OURS, "m", "{}\n")))
        .isEqualTo(Publication.PUBLISHED);
  }

  private String read() throws IOException {
    try (InputStream in = store().open(KEY)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private StagedFile large() throws IOException {
    byte[] bytes = new byte[(6 << 20) + 1];
    Path path = Files.write(store().staging().resolve("large"), bytes);
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), OURS + "/large");
  }

  private StagedFile staged(String instance, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path path = Files.write(store().staging().resolve(name), bytes);
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), instance + '/' + name);
  }

  private S3Store store(S3Config.Names names) throws IOException {
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
            names),
        SMALL,
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
