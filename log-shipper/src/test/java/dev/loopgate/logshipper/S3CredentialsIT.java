package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Credentials of an instance that last a few seconds: each is another one, as its token says.
final class S3CredentialsIT {
  private static final String BUCKET = "loopgate-credentials";
  private static final ObjectKey KEY =
      new ObjectKey("feedback/wine/1/year=2026/month=11/day=03/2026110314_0.json");
  private static final Pattern SIGNED =
      Pattern.compile("(?is)credential=asia(\\d+)/.*x-amz-security-token: token-(\\d+)\r\n");
  private static final Pattern SIGNED_LAST =
      Pattern.compile("(?is)x-amz-security-token: token-(\\d+)\r\n.*credential=asia(\\d+)/");
  private static final Duration LIFE = Duration.ofSeconds(3);

  @TempDir Path directory;
  private final AtomicInteger given = new AtomicInteger();
  private @Nullable S3Server server;
  private @Nullable FaultProxy proxy;
  private @Nullable RawModel instance;
  private volatile Instant expires = Instant.EPOCH;

  @BeforeEach
  void start() throws Exception {
    server = S3Server.startCareless(BUCKET);
    System.clearProperty("aws.accessKeyId"); // the chain goes on to the instance
    System.clearProperty("aws.secretAccessKey");
    proxy = FaultProxy.inFrontOf(server.port());
    proxy().leaveOut("x-amz-security-token"); // S3Proxy knows none
    instance = RawModel.start(this::answer);
    Path none = Files.createFile(directory.resolve("none"));
    System.setProperty("aws.configFile", none.toString());
    System.setProperty("aws.sharedCredentialsFile", none.toString());
    System.setProperty("aws.ec2MetadataServiceEndpoint", instance.url());
  }

  @AfterEach
  void stop() throws Exception {
    for (String name :
        List.of("configFile", "sharedCredentialsFile", "ec2MetadataServiceEndpoint")) {
      System.clearProperty("aws." + name);
    }
    opened(instance).close();
    proxy().close();
    opened(server).close();
  }

  @Test
  void eachPartOfAnUploadIsSignedByCredentialsThatStillHold() throws IOException {
    proxy().before("partNumber=2", this::awaitTheirEnd);
    try (S3Store store = store()) {
      assertThat(store.publish(KEY, large(store))).isEqualTo(Publication.PUBLISHED);
    }

    assertThat(numbersOfKeys()).hasSizeGreaterThan(4);
    assertThat(numbersOfKeys().stream().distinct()).as("renewed").hasSizeGreaterThan(1);
    assertThat(numbersOfKeys()).isSorted();
  }

  @Test
  void aTokenThatExpiresInTheMiddleOfAnUploadIsAskedAgainWithTheNextOne() throws IOException {
    proxy()
        .spoilWithin("PUT", "partNumber=2", 3, Fault.answered(400, S3Server.error("ExpiredToken")));
    try (S3Store store = store()) {
      StagedFile file = large(store);
      assertThatThrownBy(() -> store.publish(KEY, file))
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("ExpiredToken");
      int before = numbersOfKeys().getLast();
      proxy().heal();
      awaitTheirEnd();

      assertThat(store.publish(KEY, file)).isEqualTo(Publication.PUBLISHED);
      assertThat(numbersOfKeys().getLast()).isGreaterThan(before);
    }
  }

  /// The client renews what has less than a second left.
  private void awaitTheirEnd() {
    Instant renewed = expires.minusSeconds(1);
    while (!Instant.now().isAfter(renewed)) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  /// The number of each access key that signed a request with a body, in order.
  private List<Integer> numbersOfKeys() {
    return proxy().heads("PUT").stream().map(S3CredentialsIT::numberOf).toList();
  }

  private static int numberOf(String head) {
    for (Pattern pattern : List.of(SIGNED, SIGNED_LAST)) {
      Matcher signed = pattern.matcher(head);
      if (signed.find()) {
        assertThat(signed.group(1)).as("the key and its token").isEqualTo(signed.group(2));
        return Integer.parseInt(signed.group(1));
      }
    }
    throw new AssertionError("not signed by the instance's credentials: " + head);
  }

  private void answer(RawModel.Conversation with) throws IOException {
    String head = with.readHead();
    String path = head.isEmpty() ? "" : head.split(" ", 3)[1];
    String body =
        switch (path) {
          case "/latest/api/token" -> "of-the-session";
          case "/latest/meta-data/iam/security-credentials/" -> "role";
          case "/latest/meta-data/iam/security-credentials/role" -> {
            int n = given.incrementAndGet();
            expires = Instant.now().plus(LIFE);
            yield "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIA%d\",\"SecretAccessKey\":\"s\",\"Token\":\"token-%d\",\"Expiration\":\"%s\"}"
                .formatted(n, n, expires);
          }
          default -> "";
        };
    with.send(
        "HTTP/1.1 %s\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            .formatted(body.isEmpty() ? "404 Not Found" : "200 OK", body.length(), body));
  }

  private StagedFile large(S3Store store) throws IOException {
    byte[] bytes = new byte[(11 << 20) + 3];
    Path path = Files.write(store.staging().resolve("large"), bytes);
    return new StagedFile(path, bytes.length, Checksum.of(bytes).crc32c(), "0123456789ab/large");
  }

  private S3Store store() throws IOException {
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
        new FilesRoot.S3(BUCKET, ""),
        config,
        new S3Store.Limits(3, 6 << 20, 5 << 20),
        directory.resolve("staging"));
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
