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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The store on a strict fake of ours: no public one asks how far an upload came and tells the
/// truth.
final class GcsStoreIT implements RemoteStoreContract {
  private static final int PAGE_KEYS = 3;
  private static final String PREFIX = "of/tests";

  @TempDir Path directory;
  private @Nullable FakeGcs server;
  private @Nullable FaultProxy proxy;
  private @Nullable GcsStore store;

  @BeforeEach
  void open() throws IOException {
    server = FakeGcs.start();
    proxy = FaultProxy.inFrontOf(server.port());
    store = another();
  }

  @AfterEach
  void close() throws IOException {
    store().close();
    proxy().close();
    server().close();
  }

  @Override
  public GcsStore store() {
    return opened(store);
  }

  @Override
  public GcsStore another() throws IOException {
    return inBucket(FakeGcs.BUCKET);
  }

  @Override
  public FaultProxy proxy() {
    return opened(proxy);
  }

  @Override
  public String error(int status, String code) {
    return "{\"error\":{\"code\":%d,\"message\":\"said by the proxy\",\"errors\":[{\"reason\":\"%s\"}]}}"
        .formatted(status, code);
  }

  @Override
  public void remove(ObjectKey key) {
    server().remove(PREFIX + '/' + key.path());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "403; forbidden; needs storage.objects.create",
        "404; notFound; there is no such bucket",
        "401; required; does not know these credentials"
      })
  void whatAPersonMustMendParksTheSinkInOneLine(int status, String reason, String advice)
      throws IOException {
    proxy().spoil("POST", ATTEMPTS, Fault.answered(status, error(status, reason)));

    assertThatThrownBy(() -> store().publish(KEY, staged("a", "one\n")))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("gs://" + FakeGcs.BUCKET + "/" + PREFIX + "/" + KEY)
        .hasMessageContaining(advice)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "orgPolicyConstraintFailed; said by the proxy",
        "conditionNotMet; Request violates constraint 'constraints/storage.retentionPolicySeconds'",
        "customConstraintViolated; Operation denied by custom org policies"
      })
  void a412OfAPolicyIsNoKeyThatIsTaken(String reason, String message) throws IOException {
    store().publish(KEY, staged("of-another", "other\n"));
    String said = error(412, reason).replace("said by the proxy", message);
    proxy().spoil("POST", ATTEMPTS, Fault.answered(412, said));

    assertThatThrownBy(() -> store().publish(KEY, staged("a", "one\n")))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("412 " + reason)
        .hasMessageContaining("see the constraint");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rateLimitExceeded", "userRateLimitExceeded"})
  void aRateLimitIsAskedAgainThoughItIsA403(String reason) throws IOException {
    proxy().spoil("POST", ATTEMPTS, Fault.answered(403, error(403, reason)));

    assertThatThrownBy(() -> store().publish(KEY, staged("a", "one\n")))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(StoreRefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"conditionNotMet", "preconditionFailed"})
  void a412OfThePreconditionIsLookedAt(String reason) throws IOException {
    store().publish(KEY, staged("a", "one\n"));
    proxy().spoil("POST", Fault.answered(412, error(412, reason)));

    assertThat(store().publish(KEY, staged("a", "one\n"))).isEqualTo(Publication.PUBLISHED_BEFORE);
    proxy().spoil("POST", Fault.answered(412, error(412, reason)));
    assertThat(store().publish(KEY, staged("b", "two\n"))).isEqualTo(Publication.TAKEN);
  }

  @Test
  void whatIsAskedAtTheStartTellsWhatIsMissing() throws IOException {
    proxy().spoil("POST", Fault.answered(403, error(403, "forbidden")));
    assertThatThrownBy(() -> store().prove())
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("storage.objects.create");

    store().prove();
    int asked = proxy().requests("POST");
    store().prove();
    assertThat(proxy().requests("POST")).as("known").isEqualTo(asked);
    assertThat(store().list("")).isEmpty();
    assertThat(directory.resolve("staging")).isEmptyDirectory();
    try (GcsStore other = another()) {
      other.prove(); // meets what the first one left
    }
  }

  @Test
  void aMissingBucketIsSaidInOneLine() throws IOException {
    try (GcsStore nowhere = inBucket("loopgate-none")) {
      assertThatThrownBy(() -> nowhere.publish(KEY, staged("a", "one\n")))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("gs://loopgate-none/")
          .hasMessageContaining("404");
      assertThatThrownBy(() -> nowhere.list("")).isInstanceOf(StoreRefusedException.class);
    }
  }

  @Test
  void aLargeFileAppearsWholeAfterItsAnswerWasLost() throws IOException {
    byte[] bytes = new byte[(5 << 20) + 3];
    new Random(1).nextBytes(bytes);
    Path path = Files.write(store().staging().resolve("large"), bytes);
    StagedFile file =
        new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/large");
    proxy().spoil("PUT", Fault.of(FaultProxy.Kind.ANSWER_LOST));

    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED);
    assertThat(store().publish(KEY, file)).isEqualTo(Publication.PUBLISHED_BEFORE);
    try (InputStream in = store().open(KEY)) {
      assertThat(Checksum.of(in)).isEqualTo(Checksum.of(bytes));
    }
  }

  private GcsStore inBucket(String bucket) throws IOException {
    return GcsStore.open(
        new FilesRoot.Gcs(bucket, PREFIX),
        new GcsConfig(URI.create(proxy().url()), null),
        directory.resolve("staging"),
        PAGE_KEYS);
  }

  private FakeGcs server() {
    return opened(server);
  }

  private static <T> T opened(@Nullable T one) {
    if (one == null) {
      throw new IllegalStateException("not open");
    }
    return one;
  }
}
