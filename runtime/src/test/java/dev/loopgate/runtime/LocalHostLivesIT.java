package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What one life of a host leaves to the next.
class LocalHostLivesIT {
  private static final String SLEEP = HostedServers.sh("exec sleep 1000");

  private final List<Process> others = new ArrayList<>();
  private @TempDir Path data = Path.of("");

  @AfterEach
  void endOthers() {
    others.forEach(Process::destroyForcibly);
  }

  @Test
  void endsWhatAKilledLifeLeftBeforeItStartsAnything() throws Exception {
    Process life = life("wine", "beer");
    List<ProcessIdentity> orphans = new ArrayList<>();
    for (String deployment : List.of("beer", "beer", "wine", "wine")) {
      orphans.add(HostedServers.awaitValue(() -> nextOf(deployment, orphans)));
    }
    life.destroyForcibly().waitFor();
    assertThat(orphans).hasSize(4).allMatch(ProcessIdentity::isAlive);

    try (HostedServers servers = new HostedServers(data)) {
      assertThat(servers.host().deployments()).containsExactly("beer", "wine");
      HostedDeployment found = servers.host().observe("wine");
      assertThat(found.revision()).isEmpty();
      assertThat(found.wanted()).isEqualTo(0);
      assertThat(HostedServers.isAll(found, Phase.ENDING)).isTrue();
      assertThatIllegalArgumentException().isThrownBy(() -> servers.host().scale("wine", 1));

      servers.run(HostedServers.workload("rum", SLEEP, Predictor.NONE), 1);
      servers.events().next("started rum");
      assertThat(orphans).as("before anything was started").noneMatch(ProcessIdentity::isAlive);
      assertThat(servers.host().deployments()).containsExactly("beer", "rum", "wine");

      servers.run(HostedServers.workload("wine", SLEEP, Predictor.NONE), 1);
      HostedReplica next =
          servers.await("wine", seen -> seen.replicas().size() == 1).replicas().getFirst();
      assertThat(next.name()).startsWith("wine-2-");
      servers.host().remove("beer");
      HostedServers.awaitValue(
          () -> Optional.of(true).filter(_ -> !servers.host().deployments().contains("beer")));
      assertThat(data.resolve("models/beer")).doesNotExist();
    }
  }

  @Test
  void neverEndsAStrangerThatGotTheNumber() throws Exception {
    Process stranger = other("exec sleep 1000");
    ProcessIdentity identity = ProcessIdentity.of(stranger.pid()).orElseThrow();
    Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
    Files.writeString(
        directory.resolve("replica.pid"),
        new ProcessIdentity(identity.pid(), identity.start() + "1").toText());
    ReplicaToken.write(directory.resolve("replica.token"));
    Files.writeString(directory.resolve("model.log"), "last words\n");

    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", SLEEP, Predictor.NONE), 1);
      servers.events().next("started wine");

      assertThat(stranger.isAlive()).isTrue();
      assertThat(directory).doesNotExist();
      assertThat(servers.host().log("wine", 1000)).isEqualTo("last words\n");
    }
    assertThat(stranger.isAlive()).isTrue();
  }

  @Test
  void endsWhatWasStartedButNeverWrittenDown() throws Exception {
    Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
    String token = ReplicaToken.write(directory.resolve("replica.token")).value();
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", "exec sleep 1000");
    builder.environment().put(ReplicaToken.VARIABLE, token);
    Process orphan = builder.start();
    others.add(orphan);
    HostedServers.awaitValue(() ->
        ReplicaToken.read(directory.resolve("replica.token"))
            .filter(written -> written.holders().size() == 1));

    try (HostedServers servers = new HostedServers(data)) {
      assertThat(servers.events().nextPid("orphan wine")).isEqualTo(orphan.pid());
      assertThat(orphan.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }
  }

  @Test
  void neverEndsWhatHasAnotherToken() throws Exception {
    Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
    String token = ReplicaToken.write(directory.resolve("replica.token")).value();
    String elsewhere = token.substring(0, token.indexOf('@')) + "@/elsewhere";
    List<Process> strangers = List.of(holder(elsewhere), holder(token + "1"));
    for (Process stranger : strangers) {
      HostedServers.awaitValue(() -> Optional.of(true).filter(_ -> hasToken(stranger)));
    }

    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", SLEEP, Predictor.NONE), 1);
      servers.events().next("started wine"); // what is left from before was looked at first
      assertThat(strangers).allMatch(Process::isAlive);
    }
    assertThat(strangers).allMatch(Process::isAlive);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "12", "x y", "99999999 boot:1"})
  void startsOverFilesThatNameNobody(String text) throws Exception {
    Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
    Files.writeString(directory.resolve("replica.pid"), text);
    Files.writeString(directory.resolve("replica.token"), text);

    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", SLEEP, Predictor.NONE), 1);
      servers.events().next("started wine");
      assertThat(directory).doesNotExist();
    }
  }

  @Test
  void boundsTheLogAndKeepsItsEnd() throws Exception {
    String script = HostedServers.sh("seq 1 200000; echo done; exec sleep 1000");
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", script, Predictor.NONE), 1);
      HostedServers.awaitValue(() ->
          Optional.of(servers.host().log("wine", 99)).filter(text -> text.endsWith("done\n")));

      Path directory = servers.directory(servers.host().observe("wine").replicas().getFirst());
      for (String name : List.of("model.log", "model.log.1", "model.log.2")) {
        assertThat(Files.size(directory.resolve(name))).as(name).isBetween(1L, 65_536L);
      }
      assertThat(directory.resolve("model.log.3")).doesNotExist();
    }
  }

  private Process holder(String token) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", "exec sleep 1000");
    builder.environment().put(ReplicaToken.VARIABLE, token);
    Process process = builder.start();
    others.add(process);
    return process;
  }

  /// It is a process of ours for a moment before it is the program.
  private static boolean hasToken(Process process) {
    try {
      Path file = Path.of("/proc", Long.toString(process.pid()), "environ");
      return Files.readString(file).contains(ReplicaToken.VARIABLE + "=");
    } catch (IOException _) {
      return false;
    }
  }

  @Test
  void endsWhatAServerStartedOutsideOfItsGroup() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      String script = "setsid sleep 1000 & echo helper=$!; exec sleep 1000";
      Workload wine = HostedServers.workload("wine", HostedServers.sh(script), Predictor.NONE);
      servers.run(wine, 1);
      String log =
          HostedServers.awaitValue(() ->
              Optional.of(servers.host().log("wine", 99)).filter(text -> text.endsWith("\n")));
      long helper = Long.parseLong(log.substring(log.indexOf('=') + 1).strip());
      HostedServers.awaitValue(
          () -> ProcessIdentity.of(helper).filter(ProcessIdentity::leadsItsGroup));

      servers.host().scale("wine", 0);

      servers.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(ProcessIdentity.of(helper)).isEmpty();
    }
  }

  @Test
  void waitsForNobodyToReapWhatHasEnded() throws Exception {
    Process parent = other("sleep 1000 & echo $!; exec sleep 1000"); // it will not look after it
    long orphan = Long.parseLong(parent.inputReader().readLine());
    Path directory = Files.createDirectories(data.resolve("models/wine/wine-1-1"));
    String identity = ProcessIdentity.of(orphan).orElseThrow().toText();
    Files.writeString(directory.resolve("replica.pid"), identity);
    HostBounds bounds = HostedServers.bounds(Duration.ofMinutes(1), Duration.ZERO, 9);
    long begin = System.nanoTime();

    try (HostedServers servers = new HostedServers(data, bounds, Drain.NOTHING)) {
      servers.await("wine", seen -> seen.replicas().isEmpty());
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(50));
    assertThat(ProcessIdentity.of(orphan)).isEmpty();
  }

  private Process life(String... deployments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(HostedLife.class.getName());
    command.add(data.toString());
    command.addAll(List.of(deployments));
    Process life = new ProcessBuilder(command).inheritIO().start();
    others.add(life);
    return life;
  }

  /// A server of the deployment that was written down and is not known yet.
  private Optional<ProcessIdentity> nextOf(String deployment, List<ProcessIdentity> known)
      throws IOException {
    Path directory = data.resolve("models").resolve(deployment);
    if (!Files.exists(directory)) {
      return Optional.empty();
    }
    try (Stream<Path> replicas = Files.list(directory)) {
      for (Path each : replicas.toList()) {
        Optional<ProcessIdentity> one = ProcessIdentity.read(each.resolve("replica.pid"));
        if (one.isPresent() && !known.contains(one.get())) {
          return one;
        }
      }
    }
    return Optional.empty();
  }

  private Process other(String script) throws IOException {
    Process process = new ProcessBuilder("/bin/sh", "-c", script).start();
    others.add(process);
    return process;
  }
}
