package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.HostedDeployment.Problem;
import dev.loopgate.fleet.Predictor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalHostIT {
  private static final String SLEEP = HostedServers.sh("exec sleep 1000");

  private @TempDir Path data = Path.of("");

  @Test
  void runsAsManyReplicasAsItIsTold() throws Exception {
    Set<String> told = ConcurrentHashMap.newKeySet();
    try (HostedServers servers = new HostedServers(data)) {
      LocalHost host = servers.host();
      host.listen(told::add);
      host.apply(HostedServers.server("wine", "1"));
      String revision = HostedServers.server("wine", "1").revision();
      assertThat(host.observe("wine"))
          .isEqualTo(new HostedDeployment(revision, 0, List.of(), null));

      host.scale("wine", 3);
      assertThat(host.observe("wine").wanted()).isEqualTo(3);
      List<HostedReplica> three = servers.awaitReady("wine", 3);
      assertThat(told).containsExactly("wine");
      assertThat(three.stream().map(HostedReplica::name))
          .containsExactly("wine-1-1", "wine-1-2", "wine-1-3");
      assertThat(three.stream().map(HostedReplica::address)).doesNotHaveDuplicates();
      List<ProcessIdentity> processes = new ArrayList<>();
      for (HostedReplica each : three) {
        processes.add(servers.process(each));
      }

      host.scale("wine", 1);
      List<HostedReplica> one = servers.awaitReady("wine", 1);
      assertThat(one).as("the newest go first").containsExactly(three.getFirst());
      assertThat(processes.getFirst().isAlive()).isTrue();
      assertThat(processes.subList(1, 3)).noneMatch(ProcessIdentity::isAlive);
      assertThat(servers.directories("wine")).containsExactly("wine-1-1");

      host.scale("wine", 0);
      servers.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(processes.getFirst().isAlive()).isFalse();
      host.scale("wine", 1);
      assertThat(servers.awaitReady("wine", 1).getFirst().name())
          .as("no name comes again")
          .isEqualTo("wine-1-4");
    }
  }

  @Test
  void whatIsToldTwiceChangesNothing() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 1);
      List<HostedReplica> replicas = servers.awaitReady("wine", 1);

      servers.run(HostedServers.server("wine", "1"), 1);
      servers.host().wake("wine");
      servers.run(HostedServers.workload("beer", SLEEP, Predictor.NONE), 1);
      servers.await("beer", seen -> seen.replicas().size() == 1); // the host has looked at both

      assertThat(servers.host().observe("wine").replicas()).isEqualTo(replicas);
    }
  }

  @Test
  void refusesWhatItDoesNotKnow() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      LocalHost host = servers.host();
      assertThatIllegalArgumentException().isThrownBy(() -> host.scale("wine", 1));
      assertThatIllegalArgumentException().isThrownBy(() -> host.wake("wine"));
      host.apply(HostedServers.workload("wine", SLEEP, Predictor.NONE));
      assertThatIllegalArgumentException().isThrownBy(() -> host.scale("wine", -1));
      host.remove("beer");
      assertThat(host.observe("beer")).isEqualTo(HostedDeployment.NONE);
      assertThat(host.deployments()).containsExactly("wine");
      assertThat(host.enforcesLimits()).isFalse();
    }
  }

  @Test
  void manyWhoWakeGetOneReplica() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.host().apply(HostedServers.workload("wine", SLEEP, Predictor.NONE));
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    go.await();
                    servers.host().wake("wine");
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                }));
      }
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(servers.host().observe("wine").wanted()).isEqualTo(1);
      HostedReplica one =
          servers.await("wine", seen -> seen.replicas().size() == 1).replicas().getFirst();
      servers.host().wake("wine");
      servers.process(one);
      assertThat(servers.host().observe("wine").replicas()).hasSize(1);
      servers.host().scale("wine", 3);
      servers.host().wake("wine");
      assertThat(servers.host().observe("wine").wanted()).isEqualTo(3);
    }
  }

  @Test
  void runsAJarAsSoonAsItIsThere() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", "file:child.jar", Predictor.ODAHU_ML_SERVER), 1);
      HostedDeployment without = servers.await("wine", seen -> seen.problem() != null);
      assertThat(without.problem())
          .isEqualTo(
              new Problem(Reason.IMAGE_PULL_FAILED, "image: value=file:child.jar is not there"));
      assertThat(without.replicas().getFirst().phase()).isEqualTo(Phase.BACKING_OFF);

      writeJar(data.resolve("child.jar"));

      servers.awaitReady("wine", 1);
      assertThat(servers.host().observe("wine").problem()).isNull();
      HostedServers.awaitValue(() -> shownLog(servers, "id=wine colour=null"));
    }
  }

  @Test
  void tellsOfAServerThatCrashesAgainAndAgain() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      String script = "echo line; if [ -e " + data + "/good ]; then exec sleep 1000; fi; exit 3";
      servers.run(
          HostedServers.workload("wine", HostedServers.sh(script), Predictor.ODAHU_ML_SERVER), 1);

      for (int pause : new int[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000}) {
        assertThat(servers.events().next("died wine")).isEqualTo("died wine 3, " + pause);
        if (pause < 4) {
          assertThat(servers.host().observe("wine").problem()).isNull();
        }
      }

      assertThat(problem(servers).reason()).isEqualTo(Reason.MODEL_CRASHED);
      assertThat(problem(servers).message())
          .matches(
              "its server ended with exit code 3, [0-9]+ times in a row; it printed last: line");
      assertThat(servers.host().observe("wine").replicas()).hasSize(1);
    }
  }

  @Test
  void aServerThatDiesAfterLongWorkIsNoCrashLoop() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 1);
      for (int i = 0; i < 4; i++) {
        HostedReplica replica = servers.awaitReady("wine", 1).getFirst();
        long since = System.nanoTime();
        servers.await("wine", _ -> System.nanoTime() - since > 1_100_000_000L); // its pauseMax
        ProcessHandle.of(servers.process(replica).pid()).orElseThrow().destroyForcibly();
        assertThat(servers.events().next("died wine")).isEqualTo("died wine 137, 1");
      }
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void startsAServerAnewThatIsNeverReady() throws Exception {
    Path unwell = Files.createFile(data.resolve("unwell"));
    try (HostedServers servers = new HostedServers(data, HostedServers.IMPATIENT, Drain.NOTHING)) {
      servers.run(
          HostedServers.workload(
              "wine", HostedServers.java("1", unwell.toString()), Predictor.ODAHU_ML_SERVER),
          1);

      assertThat(servers.events().next("died wine")).startsWith("died wine 143");
      Problem late = problem(servers);
      assertThat(late.reason()).isEqualTo(Reason.READINESS_TIMEOUT);
      assertThat(late.message())
          .startsWith("its server runs and is not ready: questions=15, the last answer=");
      Files.delete(unwell);

      HostedReplica replica = servers.awaitReady("wine", 1).getFirst();
      assertThat(replica.name()).isEqualTo("wine-1-1");
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void startsAServerAnewThatIsUnwellForTooLong() throws Exception {
    Path unwell = data.resolve("unwell");
    try (HostedServers servers = new HostedServers(data, HostedServers.IMPATIENT, Drain.NOTHING)) {
      servers.run(
          HostedServers.workload(
              "wine", HostedServers.java("1", unwell.toString()), Predictor.ODAHU_ML_SERVER),
          1);
      ProcessIdentity first = servers.process(servers.awaitReady("wine", 1).getFirst());

      Files.createFile(unwell);
      servers.await("wine", seen -> HostedServers.isAll(seen, Phase.STARTING));
      assertThat(servers.events().next("died wine")).startsWith("died wine 143");
      assertThat(first.isAlive()).isFalse();
      Files.delete(unwell);

      servers.awaitReady("wine", 1);
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void leavesAServerAloneThatLivesAndIsNotReadyYet() throws Exception {
    Path unwell = Files.createFile(data.resolve("unwell"));
    try (HostedServers servers = new HostedServers(data, HostedServers.IMPATIENT, Drain.NOTHING)) {
      servers.run(
          HostedServers.workload(
              "wine", HostedServers.java("1", unwell.toString()), Predictor.TRITON),
          1);
      servers.events().next("started wine");
      long since = System.nanoTime();
      HostedReplica replica =
          servers
              .await("wine", _ -> System.nanoTime() - since > 3_000_000_000L)
              .replicas()
              .getFirst();
      ProcessIdentity loading = servers.process(replica);
      assertThat(servers.host().observe("wine").problem()).as("it may load for long").isNull();

      Files.delete(unwell);

      assertThat(servers.awaitReady("wine", 1)).hasSize(1);
      assertThat(loading.isAlive()).isTrue();
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void asksAnyOtherServerForNothingButAnOpenPort() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.workload("wine", HostedServers.java("1"), Predictor.NONE), 1);
      servers.awaitReady("wine", 1);
    }
  }

  @Test
  void waitsForWhatIsInFlightButNotForEver() throws Exception {
    AtomicBoolean drained = new AtomicBoolean();
    HostBounds bounds = HostedServers.bounds(Duration.ofSeconds(20), Duration.ofSeconds(1), 256);
    try (HostedServers patient =
            new HostedServers(data, HostedServers.QUICK, (_, _) -> drained.get());
        HostedServers hasty = new HostedServers(data.resolve("hasty"), bounds, (_, _) -> false)) {
      for (HostedServers each : List.of(patient, hasty)) {
        each.run(HostedServers.server("wine", "1"), 1);
      }
      ProcessIdentity kept = patient.process(patient.awaitReady("wine", 1).getFirst());
      hasty.awaitReady("wine", 1);

      patient.host().scale("wine", 0);
      hasty.host().scale("wine", 0);

      hasty.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(HostedServers.isAll(patient.host().observe("wine"), Phase.ENDING)).isTrue();
      assertThat(kept.isAlive()).isTrue();
      drained.set(true);
      patient.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(kept.isAlive()).isFalse();
    }
  }

  @Test
  void hasNoRoomForMoreThanItsBound() throws Exception {
    try (HostedServers servers =
        new HostedServers(
            data,
            HostedServers.bounds(Duration.ofSeconds(20), Duration.ofSeconds(1), 2),
            Drain.NOTHING)) {
      servers.run(HostedServers.server("beer", "1"), 1);
      servers.awaitReady("beer", 1);
      servers.run(HostedServers.server("wine", "1"), 2);
      assertThat(problem(servers))
          .isEqualTo(
              new Problem(Reason.NO_CAPACITY, "this machine runs at most 2 replicas, and does"));
      assertThat(servers.host().observe("wine").replicas()).hasSize(1);

      servers.host().remove("beer");

      servers.awaitReady("wine", 2);
      assertThat(servers.host().observe("wine").problem()).isNull();
    }
  }

  @Test
  void nothingIsLeftOfWhatIsRemoved() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 2);
      List<ProcessIdentity> processes = new ArrayList<>();
      for (HostedReplica each : servers.awaitReady("wine", 2)) {
        processes.add(servers.process(each));
      }
      servers.host().scale("wine", 1); // so that there is a log of one that is gone
      servers.awaitReady("wine", 1);

      servers.host().remove("wine");

      assertThatIllegalArgumentException().isThrownBy(() -> servers.host().scale("wine", 1));
      servers.await("wine", seen -> seen.equals(HostedDeployment.NONE));
      HostedServers.awaitValue(
          () -> servers.host().deployments().isEmpty() ? Optional.of(true) : Optional.empty());
      assertThat(processes).noneMatch(ProcessIdentity::isAlive);
      assertThat(data.resolve("models/wine")).doesNotExist();

      servers.run(HostedServers.server("wine", "1"), 1);
      assertThat(servers.awaitReady("wine", 1).getFirst().name()).isEqualTo("wine-1-3");
    }
  }

  @Test
  void whatIsAppliedAgainWhileItGoesComesBack() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 1);
      servers.awaitReady("wine", 1);

      servers.host().remove("wine");
      servers.host().apply(HostedServers.server("wine", "1"));
      assertThat(servers.host().observe("wine").wanted()).as("as a new one").isEqualTo(0);
      servers.host().scale("wine", 1);

      servers.awaitReady("wine", 1);
      assertThat(servers.host().deployments()).containsExactly("wine");
    }
  }

  @Test
  void closingStopsEverythingAtOnceWhateverIsInFlight() throws Exception {
    Set<ProcessIdentity> processes = new HashSet<>();
    long begin;
    HostedServers servers = new HostedServers(data, HostedServers.QUICK, (_, _) -> false);
    try (servers) {
      servers.run(HostedServers.server("wine", "1"), 2);
      String stubborn = HostedServers.sh("trap \"\" TERM; sleep 1000 & wait; wait");
      servers.run(HostedServers.workload("beer", stubborn, Predictor.NONE), 1);
      servers.run(HostedServers.workload("rum", "exec:/no/such", Predictor.NONE), 1);
      for (HostedReplica each : servers.awaitReady("wine", 2)) {
        processes.add(servers.process(each));
      }
      HostedReplica one =
          servers.await("beer", seen -> seen.replicas().size() == 1).replicas().getFirst();
      ProcessIdentity beer = servers.process(one);
      ProcessHandle.of(beer.pid()).orElseThrow().destroyForcibly(); // its helper goes with it
      processes.add(beer);
      begin = System.nanoTime();
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .as("what is in flight would have a minute")
        .isLessThan(Duration.ofSeconds(50));
    assertThat(processes).noneMatch(ProcessIdentity::isAlive);
    servers.run(HostedServers.server("wine", "2"), 1);
    servers.close();
    assertThat(servers.host().observe("wine").replicas()).isEmpty();
    assertThat(servers.directories("wine")).isEmpty();
    assertThat(servers.host().log("wine", 1000)).contains("id=wine");
  }

  @Test
  void endsByForceWhatDoesNotListen() throws Exception {
    HostBounds bounds = HostedServers.bounds(Duration.ofMillis(300), Duration.ofSeconds(1), 9);
    try (HostedServers servers = new HostedServers(data, bounds, Drain.NOTHING)) {
      String stubborn = "trap \"\" TERM; sleep 1000 & echo helper=$!; wait; wait";
      servers.run(HostedServers.workload("wine", HostedServers.sh(stubborn), Predictor.NONE), 1);
      String log = HostedServers.awaitValue(() -> shownLog(servers, "helper="));
      long helper = Long.parseLong(log.substring(log.indexOf('=') + 1).strip());

      servers.host().scale("wine", 0);

      servers.await("wine", seen -> seen.replicas().isEmpty());
      assertThat(servers.events().next("stopped wine")).isEqualTo("stopped wine 137");
      HostedServers.awaitValue(
          () -> ProcessIdentity.of(helper).isEmpty() ? Optional.of(true) : Optional.empty());
    }
  }

  private static Optional<String> shownLog(HostedServers servers, String text) {
    return Optional.of(servers.host().log("wine", 1000))
        .filter(log -> log.contains(text) && log.endsWith("\n"));
  }

  private static Problem problem(HostedServers servers) {
    return Objects.requireNonNull(servers.await("wine", seen -> seen.problem() != null).problem());
  }

  private static void writeJar(Path file) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, ChildServer.class.getName());
    String entry = ChildServer.class.getName().replace('.', '/') + ".class";
    Path next = file.resolveSibling("next");
    try (OutputStream out = Files.newOutputStream(next);
        JarOutputStream jar = new JarOutputStream(out, manifest);
        InputStream child =
            Objects.requireNonNull(ChildServer.class.getResourceAsStream("ChildServer.class"))) {
      jar.putNextEntry(new JarEntry(entry));
      child.transferTo(jar);
    }
    Files.move(next, file);
  }
}
