package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.DeploymentStatus.Reason;
import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.Workload;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Exchanges of one revision for another, under calls.
class LocalHostRolloutIT {
  private static final int REPLICAS = 3;

  private @TempDir Path data = Path.of("");

  @Test
  void noCallFailsWhileRevisionsAreExchanged() throws Exception {
    Callers callers = new Callers();
    try (HostedServers servers = new HostedServers(data, HostedServers.QUICK, callers)) {
      servers.run(HostedServers.server("wine", "1"), REPLICAS);
      servers.awaitReady("wine", REPLICAS);
      Queue<HostedDeployment> seen = new ConcurrentLinkedQueue<>();
      servers.host().listen(id -> seen.add(servers.host().observe(id)));
      try (Calls calls = callers.begin(servers.host())) {
        calls.awaitMore(100);
        assertThat(callers.versions()).containsOnlyKeys("1");

        for (String version : List.of("2", "3")) {
          servers.host().apply(HostedServers.server("wine", version));
          servers.awaitReady("wine", REPLICAS);
          callers.forgetVersions();
          calls.awaitMore(100);
          assertThat(callers.versions()).as("only the new one").containsOnlyKeys(version);
        }
        servers.host().scale("wine", 1);
        servers.awaitReady("wine", 1);
        servers.host().scale("wine", REPLICAS);
        servers.awaitReady("wine", REPLICAS);
        calls.awaitMore(100);
      }
      assertThat(callers.failures()).isEmpty();
      for (HostedDeployment each : seen) {
        if (each.wanted() == REPLICAS && each.replicas().size() > REPLICAS) {
          assertThat(each.replicas().size()).as("%s", each).isEqualTo(REPLICAS + 1);
        }
      }
      assertThat(servers.directories("wine")).hasSize(REPLICAS);
    }
  }

  @Test
  void whatServesStaysWhileTheNewRevisionCanNotBe() throws Exception {
    Callers callers = new Callers();
    Path unwell = Files.createFile(data.resolve("unwell"));
    Workload neverReady =
        HostedServers.workload(
            "wine", HostedServers.java("2", unwell.toString()), Predictor.ODAHU_ML_SERVER);
    try (HostedServers servers = new HostedServers(data, HostedServers.IMPATIENT, callers)) {
      servers.run(HostedServers.server("wine", "1"), 1);
      HostedReplica old = servers.awaitReady("wine", 1).getFirst();
      try (Calls calls = callers.begin(servers.host())) {
        for (Map.Entry<Workload, Reason> bad :
            Map.of(
                    HostedServers.workload("wine", "file:none.jar", Predictor.ODAHU_ML_SERVER),
                    Reason.IMAGE_PULL_FAILED,
                    HostedServers.workload(
                        "wine", HostedServers.sh("exit 3"), Predictor.ODAHU_ML_SERVER),
                    Reason.MODEL_CRASHED,
                    neverReady,
                    Reason.READINESS_TIMEOUT)
                .entrySet()) {
          servers.host().apply(bad.getKey());
          assertThat(servers.host().observe("wine").problem())
              .as("another one was applied")
              .isNull();
          HostedDeployment seen = servers.await("wine", now -> now.problem() != null);
          assertThat(Objects.requireNonNull(seen.problem()).reason()).isEqualTo(bad.getValue());
          assertThat(seen.replicas()).contains(old).hasSizeLessThanOrEqualTo(3);
          calls.awaitMore(10);
        }
        assertThat(callers.versions()).containsOnlyKeys("1");

        servers.host().apply(HostedServers.server("wine", "4"));
        servers.awaitReady("wine", 1);
        assertThat(servers.host().observe("wine").problem()).isNull();
        calls.awaitMore(10);
      }
      assertThat(callers.failures()).isEmpty();
      assertThat(callers.versions()).containsOnlyKeys("1", "4");
    }
  }

  @Test
  void whoGoesBackKeepsWhatIsStillThere() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 1);
      HostedReplica old = servers.awaitReady("wine", 1).getFirst();
      servers.host().apply(HostedServers.workload("wine", "file:no.jar", Predictor.NONE));
      servers.await("wine", seen -> seen.replicas().size() == 2);

      servers.host().apply(HostedServers.server("wine", "1"));

      assertThat(servers.awaitReady("wine", 1)).containsExactly(old);
    }
  }

  @Test
  void runsFiftyReplicas() throws Exception {
    try (HostedServers servers = new HostedServers(data)) {
      servers.run(HostedServers.server("wine", "1"), 50);
      List<HostedReplica> fifty = servers.awaitReady("wine", 50);
      assertThat(fifty.stream().map(HostedReplica::address).distinct()).hasSize(50);
      List<ProcessIdentity> processes = new ArrayList<>();
      for (HostedReplica each : fifty) {
        processes.add(servers.process(each));
      }

      servers.host().scale("wine", 1);

      assertThat(servers.awaitReady("wine", 1)).containsExactly(fifty.getFirst());
      assertThat(processes.stream().filter(ProcessIdentity::isAlive)).hasSize(1);
    }
  }

  /// Who calls, and knows what is in flight.
  private static final class Callers implements Drain {
    private final Map<Replica, AtomicInteger> inFlight = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> answered = new ConcurrentHashMap<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    @Override
    public boolean isDrained(String deployment, Replica at) {
      return at(at).get() == 0;
    }

    Calls begin(LocalHost host) {
      return new Calls(this, host);
    }

    Map<String, AtomicLong> versions() {
      return Map.copyOf(answered);
    }

    void forgetVersions() {
      answered.clear();
    }

    List<String> failures() {
      return List.copyOf(failures);
    }

    private AtomicInteger at(Replica replica) {
      return inFlight.computeIfAbsent(replica, _ -> new AtomicInteger());
    }
  }

  /// Four who call without a pause, whatever is ready at the moment.
  private static final class Calls implements AutoCloseable {
    private final Callers callers;
    private final LocalHost host;
    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicLong done = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    Calls(Callers callers, LocalHost host) {
      this.callers = callers;
      this.host = host;
      for (int i = 0; i < 4; i++) {
        threads.add(Thread.ofVirtual().start(this::callOnAndOn));
      }
    }

    void awaitMore(int count) throws IOException {
      long until = done.get() + count;
      HostedServers.awaitValue(() -> Optional.of(true).filter(_ -> done.get() >= until));
    }

    private void callOnAndOn() {
      while (!closed) {
        List<HostedReplica> ready = ready();
        if (ready.isEmpty()) {
          callers.failures.add("nobody is ready");
          return;
        }
        HostedReplica one = ready.get(ThreadLocalRandom.current().nextInt(ready.size()));
        Replica at = Objects.requireNonNull(one.address());
        callers.at(at).incrementAndGet();
        try {
          if (ready().contains(one)) { // else it ends, and may not know of us
            call(at);
          }
        } finally {
          callers.at(at).decrementAndGet();
        }
      }
    }

    private List<HostedReplica> ready() {
      return host.observe("wine").replicas().stream()
          .filter(each -> each.phase() == Phase.READY)
          .toList();
    }

    private void call(Replica at) {
      try {
        HttpRequest request = HttpRequest.newBuilder(at.url().resolve("/version")).build();
        String version = http.send(request, BodyHandlers.ofString()).body();
        callers.answered.computeIfAbsent(version, _ -> new AtomicLong()).incrementAndGet();
        done.incrementAndGet();
      } catch (IOException | InterruptedException e) {
        callers.failures.add(at + ": " + e);
      }
    }

    @Override
    public void close() {
      closed = true;
      for (Thread thread : threads) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      http.shutdownNow();
    }
  }
}
