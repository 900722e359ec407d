package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Secret;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The host over a [FakeEngine].
class LocalContainersIT {
  private static final String IMAGE = "registry.example.org/wine:1";
  private static final String SECRET = "s3cret";

  private final Path data;
  private final FakeEngine engine;

  LocalContainersIT(@TempDir Path data) throws IOException {
    this.data = data;
    engine = new FakeEngine(data.resolve("docker.sock"));
    engine.images.put(IMAGE, FakeContainer.Behaviour.SERVES);
  }

  @AfterEach
  void close() throws IOException {
    engine.close();
    assertThat(engine.complaints).isEmpty();
  }

  @Test
  void runsAContainerForEachReplicaAndLeavesNone() throws Exception {
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 2);
      List<HostedReplica> two = servers.awaitReady("wine", 2);
      assertThat(two.stream().map(HostedReplica::address)).doesNotHaveDuplicates();
      assertThat(engine.containers).hasSize(2);
      servers.events().next("started wine container 0000");
      HostedServers.awaitValue(() ->
          Optional.of(servers.host().log("wine", 1000)).filter(log -> log.contains("hello from")));

      servers.host().scale("wine", 1);
      assertThat(servers.awaitReady("wine", 1)).containsExactly(two.getFirst());
      assertThat(engine.containers).hasSize(1);
      servers.host().scale("wine", 0);
      servers.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(engine.containers).isEmpty();
      assertThat(servers.directories("wine")).isEmpty();

      servers.host().wake("wine");
      servers.awaitReady("wine", 1);
    }
    assertThat(engine.containers).as("closing stops all").isEmpty();
  }

  @Test
  void aContainerHasItsLimitsAndNothingElse() throws Exception {
    try (HostedServers servers = servers()) {
      Resources resources = new Resources(null, new Resources.Amounts("1500m", "64Mi", null));
      servers.run(workload("docker:" + IMAGE, resources, null), 1);
      HostedReplica one = servers.awaitReady("wine", 1).getFirst();

      FakeContainer made = engine.only();
      assertThat(made.environment())
          .containsExactly("PORT=5000", "MODEL_PORT=5000", "MODEL_HOST=0.0.0.0", "MODEL_ID=wine");
      int port = Objects.requireNonNull(one.address()).port();
      assertThat(made.made().path("HostConfig").toString())
          .isEqualTo(
              "{\"PortBindings\":{\"5000/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\""
                  + port
                  + "\"}]},\"RestartPolicy\":{\"Name\":\"no\"},"
                  + "\"SecurityOpt\":[\"no-new-privileges\"],\"LogConfig\":{\"Type\":\"json-file\","
                  + "\"Config\":{\"max-size\":\"65536\",\"max-file\":\"2\"}},"
                  + "\"Memory\":67108864,\"MemorySwap\":67108864,\"NanoCpus\":1500000000}");
      assertThat(made.name()).startsWith("loopgate-wine-1-1-");
      assertThat(made.label("dev.loopgate.replica")).isEqualTo("wine-1-1");
      assertThat(made.label("dev.loopgate.token"))
          .endsWith("@" + servers.directory(one).toRealPath());
    }
  }

  @Test
  void exchangesRevisionsAlsoForWhatIsNoContainer() throws Exception {
    engine.images.put("wine:2", FakeContainer.Behaviour.STUBBORN);
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      servers.awaitReady("wine", 1);
      servers.host().apply(wine("wine:2"));
      servers.awaitReady("wine", 1);
      assertThat(engine.containers).hasSize(1);
      assertThat(engine.only().made().path("Image").asText()).isEqualTo("wine:2");

      servers.host().apply(HostedServers.server("wine", "3"));
      servers.awaitReady("wine", 1);
      assertThat(engine.containers).isEmpty();
      servers.host().apply(wine(IMAGE));
      servers.awaitReady("wine", 1);
      assertThat(engine.containers).hasSize(1);
    }
  }

  @Test
  void saysWhyAContainerCrashesAgainAndAgain() throws Exception {
    engine.images.put("wine:oom", FakeContainer.Behaviour.OUT_OF_MEMORY);
    engine.images.put("wine:bad", FakeContainer.Behaviour.CRASHES);
    try (HostedServers servers = servers()) {
      servers.run(wine("wine:bad"), 1);
      servers.events().next("died wine 3, ");
      assertThat(problem(servers).reason()).isEqualTo(Reason.MODEL_CRASHED);
      assertThat(problem(servers).message())
          .matches(
              "its server ended with exit code 3, [0-9]+ times in a row;"
                  + " it printed last: something is wrong");
      Resources resources = new Resources(null, new Resources.Amounts(null, "16Mi", null));
      servers.host().apply(workload("wine:oom", resources, null));
      assertThat(problem(servers).reason()).isEqualTo(Reason.MODEL_CRASHED);
      assertThat(problem(servers).message())
          .startsWith("its server ran out of memory, limit=16Mi, ");
      assertThat(engine.containers.size()).as("one at a time").isLessThanOrEqualTo(2);
    }
    assertThat(engine.containers).isEmpty();
  }

  @Test
  void startsAnewWhatDiesOrIsTakenAway() throws Exception {
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      servers.awaitReady("wine", 1);
      FakeContainer first = engine.only();
      first.die(0);
      assertThat(servers.events().next("died wine")).startsWith("died wine 0, ");
      awaitAnother(first);
      servers.awaitReady("wine", 1);

      FakeContainer second = engine.only();
      engine.containers.remove(second.id());
      second.kill();
      assertThat(servers.events().next("died wine")).startsWith("died wine 137, ");
      awaitAnother(second);
      servers.awaitReady("wine", 1);
      assertThat(engine.containers).hasSize(1);
    }
  }

  @Test
  void pullsWhatIsNotThereAndOnlyThat() throws Exception {
    engine.images.clear();
    engine.registry.put(IMAGE, remote("ada:" + SECRET + "@registry.example.org"));
    try (HostedServers servers = servers()) {
      servers.run(workload(IMAGE, Resources.DEFAULT, connection("ada", "wrong")), 1);
      assertThat(problem(servers))
          .isEqualTo(
              new Problem(
                  Reason.IMAGE_PULL_FAILED,
                  "image: value="
                      + IMAGE
                      + " can't be pulled: unauthorized: authentication"
                      + " required"));
      servers.host().apply(workload(IMAGE, Resources.DEFAULT, connection("ada", SECRET)));
      servers.awaitReady("wine", 1);
      servers.host().scale("wine", 2);
      servers.awaitReady("wine", 2);
      assertThat(servers.events().left().toString()).doesNotContain(SECRET);
      assertThat(engine.only().made().toString()).doesNotContain(SECRET);
    }
    long pulls = engine.count("POST /v1.41/images/create");
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      servers.awaitReady("wine", 1);
    }
    assertThat(engine.count("POST /v1.41/images/create")).isEqualTo(pulls);
  }

  @Test
  void aSecretGoesToNoOtherRegistry() throws Exception {
    engine.registry.put("evil.example.org/wine:1", remote(""));
    try (HostedServers servers = servers()) {
      servers.run(workload("evil.example.org/none:1", Resources.DEFAULT, connection("a", "b")), 1);
      assertThat(problem(servers).message())
          .isEqualTo(
              "image: value=evil.example.org/none:1 can't be pulled: pull access denied for"
                  + " evil.example.org/none, repository does not exist; its connection is for"
                  + " another registry, so it was pulled without a name");
      servers
          .host()
          .apply(workload("evil.example.org/wine:1", Resources.DEFAULT, connection("a", "b")));
      servers.awaitReady("wine", 1);
    }
  }

  @Test
  void aDaemonThatIsAwayIsNamedAndUsedOnceItIsBack() throws Exception {
    engine.shut();
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      servers.run(HostedServers.server("beer", "1"), 1);
      assertThat(problem(servers))
          .isEqualTo(
              new Problem(
                  Reason.NO_CAPACITY,
                  "Docker can't be reached at "
                      + data.resolve("docker.sock")
                      + ": No such file or directory"));
      servers.awaitReady("beer", 1);
      engine.open();
      servers.awaitReady("wine", 1);
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void aDaemonThatSaysNothingIsNamedSoon() throws Exception {
    engine.frozen = new CountDownLatch(1);
    try (HostedServers servers = servers()) {
      long begin = System.nanoTime();
      servers.run(wine(IMAGE), 1);
      assertThat(problem(servers).message()).endsWith("docker.sock: no answer in time");
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
      engine.frozen.countDown();
      servers.awaitReady("wine", 1);
    }
  }

  @Test
  void whatRunsOnWhileTheDaemonRestartsIsKept() throws Exception {
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      HostedReplica one = servers.awaitReady("wine", 1).getFirst();
      FakeContainer kept = engine.only();
      engine.shut();
      kept.print(1, "while nobody asked");
      engine.open();
      kept.print(1, "and afterwards");
      String log =
          HostedServers.awaitValue(() ->
              Optional.of(servers.host().log("wine", 1000))
                  .filter(text -> text.contains("afterwards")));
      assertThat(log.lines().toList())
          .containsExactly("hello from " + kept.name(), "while nobody asked", "and afterwards");
      assertThat(servers.host().observe("wine").replicas()).containsExactly(one);
      assertThat(engine.only()).isSameAs(kept);

      engine.shut();
      kept.die(255);
      engine.open();
      awaitAnother(kept);
      servers.awaitReady("wine", 1);
      assertThat(engine.containers).hasSize(1);
    }
    assertThat(engine.containers).isEmpty();
  }

  @Test
  void whatIsToGoWhileTheDaemonIsAwayGoesWhenItIsBack() throws Exception {
    try (HostedServers servers = servers()) {
      servers.run(wine(IMAGE), 1);
      servers.awaitReady("wine", 1);
      engine.shut();
      servers.host().remove("wine");
      servers.events().next("not ended wine Docker can't be reached at ");
      assertThat(servers.host().deployments()).containsExactly("wine");
      engine.open();
      servers.await("wine", seen -> seen.equals(HostedDeployment.NONE));
      assertThat(engine.containers).isEmpty();
    }
  }

  @Test
  void theNextLifeRemovesWhatAKilledOneLeftAndNothingElse() throws Exception {
    Path other = Files.createDirectories(data.resolve("other"));
    try (HostedServers elsewhere =
        new HostedServers(other, HostedServers.QUICK, Drain.NOTHING, engine.environment())) {
      elsewhere.run(wine(IMAGE), 1);
      elsewhere.awaitReady("wine", 1);
      FakeContainer stranger = engine.only();
      Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
      ReplicaToken token = ReplicaToken.write(directory.resolve("replica.container"));
      FakeContainer left =
          new FakeContainer(
              "ab".repeat(32),
              "left",
              FakeContainer.Behaviour.SERVES,
              new ObjectMapper()
                  .readTree("{\"Labels\":{\"dev.loopgate.token\":\"" + token.value() + "\"}}"));
      engine.containers.put(left.id(), left);
      engine.shut();

      try (HostedServers servers = servers()) {
        servers.events().next("not ended wine Docker can't be reached");
        servers.run(HostedServers.server("beer", "1"), 1);
        servers.awaitReady("beer", 1); // nobody waits for what can't be ended
        engine.open();
        servers.await("wine", seen -> seen.replicas().isEmpty());
        assertThat(engine.containers.values()).containsExactly(stranger);
        assertThat(directory).doesNotExist();
      }
      elsewhere.awaitReady("wine", 1);
      assertThat(engine.only()).isSameAs(stranger);
    }
  }

  @Test
  void saysWhatThisMachineHasNot() throws Exception {
    try (HostedServers servers = servers()) {
      Resources gpu = new Resources(new Resources.Amounts(null, null, "2"), null);
      servers.run(workload(IMAGE, gpu, null), 1);
      assertThat(problem(servers).reason()).isEqualTo(Reason.NO_CAPACITY);
      assertThat(problem(servers).message())
          .contains("could not select device driver \"\" with capabilities: [[gpu]]");
      Resources cpu = new Resources(null, new Resources.Amounts("8", null, null));
      servers.host().apply(workload(IMAGE, cpu, null));
      assertThat(problem(servers).message()).endsWith("as there are only 2 CPUs available");
    }
    assertThat(engine.containers).isEmpty();
  }

  @Test
  void refusesWhatIsNoImage() throws Exception {
    try (HostedServers servers = servers()) {
      servers.run(wine("Wine of 2009"), 1);
      assertThat(problem(servers))
          .isEqualTo(
              new Problem(
                  Reason.IMAGE_PULL_FAILED,
                  "image: value=Wine of 2009, allowed=file:<path>.jar, exec:<program> <arguments>,"
                      + " an image of a registry"));
    }
  }

  private HostedServers servers() throws IOException {
    return new HostedServers(data, HostedServers.QUICK, Drain.NOTHING, engine.environment());
  }

  private void awaitAnother(FakeContainer before) throws IOException {
    HostedServers.awaitValue(() ->
        engine.containers.values().stream()
            .filter(each -> each != before && each.isRunning())
            .findFirst());
  }

  private static Problem problem(HostedServers servers) {
    return Objects.requireNonNull(servers.await("wine", seen -> seen.problem() != null).problem());
  }

  private static FakeEngine.Remote remote(String login) {
    return new FakeEngine.Remote(FakeContainer.Behaviour.SERVES, login);
  }

  private static Workload wine(String image) {
    return workload(image, Resources.DEFAULT, null);
  }

  private static Workload workload(
      String image, Resources resources, @Nullable ConnectionSpec pull) {
    return new Workload(
        "wine", image, Predictor.ODAHU_ML_SERVER, resources, Map.of(), Map.of(), 0, 0, pull);
  }

  static ConnectionSpec connection(String username, String password) {
    Secret secret = new Secret(Base64.getEncoder().encodeToString(password.getBytes(UTF_8)));
    return new ConnectionSpec(
        "docker",
        "registry.example.org/project",
        username,
        secret,
        "",
        "",
        Secret.NONE,
        Secret.NONE,
        Secret.NONE,
        "",
        "",
        "",
        false);
  }
}
