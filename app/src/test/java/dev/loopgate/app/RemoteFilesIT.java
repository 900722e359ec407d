package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.Answer;
import dev.loopgate.testkit.Caller;
import dev.loopgate.testkit.FaultProxy;
import dev.loopgate.testkit.FaultProxy.Fault;
import dev.loopgate.testkit.Framing;
import dev.loopgate.testkit.GatewayProcess;
import dev.loopgate.testkit.Payload;
import dev.loopgate.testkit.Script;
import dev.loopgate.testkit.ScriptedModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/// The gateway as its user runs it with its files in S3, here S3Proxy behind a proxy that spoils
/// answers.
final class RemoteFilesIT {
  private static final String BUCKET = "loopgate-it";
  private static final String FILES = "/request_response/"; // not the probe of the store
  private static final String ROOT = "s3://" + BUCKET + "/of/gateway";
  private static final Pattern ID = Pattern.compile("\"request_id\":\"([^\"]+)\"");
  private static final String[] FLAGS = {
    "-Xmx128m", // as the launcher gives it
    "-XX:MaxDirectMemorySize=1g",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Daws.accessKeyId=test",
    "-Daws.secretAccessKey=test12345"
  };

  @TempDir private Path directory;
  private @Nullable S3Proxy server;
  private @Nullable FaultProxy proxy;
  private @Nullable S3Client bucket;

  @BeforeEach
  void start() throws Exception {
    S3Proxy started =
        S3Proxy.builder()
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, "test", "test12345")
            .blobStore(new TransientNio2BlobStore())
            .build();
    started.start();
    server = started;
    proxy = FaultProxy.inFrontOf(started.getPort());
    S3Client client =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .endpointOverride(URI.create("http://127.0.0.1:" + started.getPort()))
            .region(Region.US_EAST_1)
            .forcePathStyle(true)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test12345")))
            .build();
    client.createBucket(request -> request.bucket(BUCKET));
    bucket = client;
  }

  @AfterEach
  void stop() throws Exception {
    bucket().close();
    proxy().close();
    opened(server).stop();
  }

  @Test
  void whatAStoppedGatewayShippedBalancesAndStandsOnce() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = rig(model);
      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, "first", 20);
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }

      assertThat(lines("request_response/")).hasSize(20).allSatisfy((_, times) -> once(times));
      assertThat(Files.exists(rig.files())).as("files/ of the data directory").isFalse();
      assertBalanced(rig.data().toString());
      assertBalanced(ROOT);

      GatewayProcess.Run unsaid =
          GatewayProcess.run(
              new GatewayProcess.Launch(
                  Command.jar(), List.of(), List.of("verify", rig.data().toString())));
      assertThat(unsaid.exit()).isOne();
      assertThat(unsaid.output()).contains("its files are elsewhere").contains("--files");

      proxy().spoilWithin("GET", FILES, 60, Fault.of(FaultProxy.Kind.ANSWER_CUT));
      GatewayProcess.Run cut = verify(ROOT);
      assertThat(cut.exit()).as(cut.output()).isOne();
      assertThat(cut.output())
          .as("what the network lost is not missing")
          .startsWith("loopgate: verify: request_response/")
          .hasLineCount(1);
      proxy().heal();

      takeAway("response_body/");
      assertThat(verify(ROOT).exit()).isOne();
      assertThat(verify(ROOT).output()).contains("! file is missing: key=response_body/");
    }
  }

  @Test
  void answersThatAreLostAndAKillLeaveNoLineTwice() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig = rig(model);
      try (GatewayProcess gateway = rig.start()) {
        proxy().spoilWithin("PUT", FILES, 60, Fault.of(FaultProxy.Kind.ANSWER_LOST));
        predict(gateway, "killed", 20);
        Rig.await("a file's upload", () -> proxy().requestsWithin("PUT", FILES) >= 1);
        gateway.kill();
      }
      assertBalanced(rig.data().toString());

      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, "second", 20);
        proxy().heal();
        proxy().spoilWithin("PUT", FILES, 2, Fault.of(FaultProxy.Kind.ANSWER_LOST));
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }

      assertThat(lines("request_response/")).hasSize(40).allSatisfy((_, times) -> once(times));
      assertThat(lines("response_body/")).hasSize(40).allSatisfy((_, times) -> once(times));
      assertBalanced(rig.data().toString());
      assertBalanced(ROOT);
    }
  }

  @Test
  void aStoreThatRefusesParksTheSinkAndServingGoesOn() throws Exception {
    try (ScriptedModel model = ScriptedModel.start()) {
      Rig rig =
          Rig.infrontOf(directory, model.url())
              .flagged(FLAGS)
              .with("--files", "s3://loopgate-none", "--s3.endpoint", proxy().url());
      try (GatewayProcess gateway = rig.start()) {
        predict(gateway, "kept", 5);
        Rig.await("the line", () -> gateway.output().contains("NoSuchBucket"));
        assertThat(gateway.output()).contains("s3://loopgate-none/", "there is no such bucket");
        predict(gateway, "served", 5);
        gateway.stop();
      }
      try (GatewayProcess gateway = rig(model).start()) {
        assertThat(gateway.stop()).as(gateway.output()).isZero();
      }

      assertThat(lines("request_response/")).hasSize(10).allSatisfy((_, times) -> once(times));
    }
  }

  private Rig rig(ScriptedModel model) throws Exception {
    return Rig.infrontOf(directory, model.url()).flagged(FLAGS).with(where());
  }

  private String[] where() {
    return new String[] {"--files", ROOT, "--s3.endpoint", proxy().url()};
  }

  private void assertBalanced(String place) throws Exception {
    GatewayProcess.Run run = verify(place);
    assertThat(run.exit()).as(run.output()).isZero();
    assertThat(run.output()).contains("balanced: hours=");
  }

  private GatewayProcess.Run verify(String place) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("verify", place));
    arguments.addAll(List.of(where()));
    return GatewayProcess.run(new GatewayProcess.Launch(Command.jar(), List.of(FLAGS), arguments));
  }

  private static void predict(GatewayProcess gateway, String name, int times) throws Exception {
    try (Caller caller = gateway.call()) {
      Script script = Script.plain(Payload.NONE, new Payload(Payload.Kind.TEXT, 3, 50));
      for (int i = 0; i < times; i++) {
        caller.send(
            "POST",
            "/model/m/predict?" + script.query(),
            Map.of("request-id", name + '-' + i),
            Framing.LENGTH,
            script.request());
        Answer answer = caller.receive("POST");
        assertThat(answer.status()).isEqualTo(200);
      }
    }
  }

  /// How often each Request-Id stands in a stream, read as a stranger would.
  private Map<String, Integer> lines(String stream) {
    Map<String, Integer> times = new HashMap<>();
    for (S3Object object : objects(stream)) {
      Matcher id =
          ID.matcher(
              bucket()
                  .getObjectAsBytes(request -> request.bucket(BUCKET).key(object.key()))
                  .asUtf8String());
      while (id.find()) {
        times.merge(id.group(1), 1, Integer::sum);
      }
    }
    return times;
  }

  private List<S3Object> objects(String stream) {
    return bucket()
        .listObjectsV2Paginator(request -> request.bucket(BUCKET).prefix("of/gateway/" + stream))
        .contents()
        .stream()
        .toList();
  }

  private void takeAway(String stream) {
    String key = objects(stream).getFirst().key();
    bucket().deleteObject(request -> request.bucket(BUCKET).key(key));
  }

  private static void once(Integer times) {
    assertThat(times).isOne();
  }

  private S3Client bucket() {
    return opened(bucket);
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
