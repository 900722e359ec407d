package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.runtime.ProcessSpec.Limits;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessHostIT {
  private static final Limits QUICK =
      new Limits(Duration.ofSeconds(20), Duration.ofMillis(1), Duration.ofMillis(8), 16_384);
  private static final Limits IMPATIENT =
      new Limits(Duration.ofMillis(300), Duration.ofMillis(1), Duration.ofMillis(8), 16_384);

  private final RecordedEvents events = new RecordedEvents();
  private final List<ProcessHost> hosts = new ArrayList<>();
  private final List<Process> others = new ArrayList<>();
  private @TempDir Path directory = Path.of("");

  @AfterEach
  void endAll() {
    hosts.forEach(ProcessHost::stop);
    others.forEach(Process::destroyForcibly);
  }

  @Test
  void runsAServerUntilItIsStopped() throws Exception {
    int port = ProcessHost.freePort();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            Path.of(ChildServer.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString(),
            ChildServer.class.getName());
    ProcessHost host = host(command, port, QUICK);
    assertThat(host.observe()).isEqualTo(ProcessHost.State.STOPPED);

    host.start();
    host.start();
    long pid = events.nextPid("started wine");
    assertThat(host.observe()).isEqualTo(ProcessHost.State.RUNNING);
    try (ModelProbe probe = probe(port)) {
      events.next("ready wine");
      assertThat(probe).isNotNull();
    }
    awaitLog("id=wine colour=white");
    awaitLog("in work");
    assertThat(ProcessIdentity.read(directory.resolve("replica.pid")))
        .isEqualTo(ProcessIdentity.of(pid));
    host.stop();

    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(events.next("stopped wine")).isEqualTo("stopped wine 143");
    assertThat(host.observe()).isEqualTo(ProcessHost.State.STOPPED);
    assertThat(directory.resolve("replica.pid")).doesNotExist();
    host.start();
    assertThat(host.observe()).isEqualTo(ProcessHost.State.STOPPED);
  }

  @Test
  void startsAServerAgainThatWasKilled() throws Exception {
    ProcessHost host = host(sh("exec sleep 1000"), QUICK);
    host.start();

    long first = events.nextPid("started wine");
    ProcessHandle.of(first).orElseThrow().destroyForcibly();

    assertThat(events.next("died wine")).startsWith("died wine 137");
    assertThat(events.nextPid("started wine")).isNotEqualTo(first);
  }

  @Test
  void pausesLongerAndLongerBetweenCrashesUpToTheLimit() throws Exception {
    ProcessHost host = host(sh("exit 3"), QUICK);
    host.start();

    for (int pause : new int[] {1, 2, 4, 8, 8, 8}) {
      assertThat(events.next("died wine")).isEqualTo("died wine 3, " + pause);
    }
  }

  @Test
  void saysThatAServerCanNotBeStartedAndTriesAgain() throws Exception {
    ProcessHost host = host(List.of("/no/such/program"), QUICK);
    host.start();

    for (int pause : new int[] {1, 2, 4}) {
      assertThat(events.next("not started wine"))
          .isEqualTo(
              "not started wine command: program=/no/such/program is not an executable file, "
                  + pause);
    }
    host.stop();
    assertThat(host.observe()).isEqualTo(ProcessHost.State.STOPPED);
  }

  @Test
  void endsTheWholeGroupOfAServerThatDoesNotListen() throws Exception {
    ProcessHost host = host(sh("trap '' TERM; sleep 1000 & echo helper=$!; wait; wait"), IMPATIENT);
    host.start();
    long pid = events.nextPid("started wine");
    String log = awaitLog("helper=");
    long helper = Long.parseLong(log.substring(log.indexOf('=') + 1).strip());
    assertThat(ProcessIdentity.of(helper)).isPresent();

    host.stop();

    assertThat(events.next("stopped wine")).isEqualTo("stopped wine 137");
    assertThat(ProcessIdentity.of(pid)).isEmpty();
    assertGone(helper);
  }

  @Test
  void endsWhatAnEarlierLifeLeftRunning() throws Exception {
    Process orphan = other("exec sleep 1000");
    leavePidFile(ProcessIdentity.of(orphan.pid()).orElseThrow());

    host(sh("exec sleep 1000"), QUICK).start();

    assertThat(events.nextPid("orphan wine")).isEqualTo(orphan.pid());
    assertThat(orphan.waitFor(1, TimeUnit.MINUTES)).isTrue();
    events.next("started wine");
  }

  @Test
  void neverEndsAStrangerThatGotTheNumber() throws Exception {
    Process stranger = other("exec sleep 1000");
    String start = ProcessIdentity.of(stranger.pid()).orElseThrow().start();
    leavePidFile(new ProcessIdentity(stranger.pid(), start + "1"));

    host(sh("exec sleep 1000"), QUICK).start();

    events.next("started wine"); // what is left from before was looked at first
    assertThat(stranger.isAlive()).isTrue();
    assertThat(events.left()).isEmpty();
  }

  @Test
  void endsWhatWasStartedButNeverWrittenDown() throws Exception {
    String token = ReplicaToken.write(directory.resolve("replica.token")).value();
    Process orphan = other("exec sleep 1000", token);
    awaitToken(orphan, token);

    host(sh("exec sleep 1000"), QUICK).start();

    assertThat(events.nextPid("orphan wine")).isEqualTo(orphan.pid());
    assertThat(orphan.waitFor(1, TimeUnit.MINUTES)).isTrue();
    events.next("started wine");
  }

  @Test
  void neverEndsWhatHasAnotherToken() throws Exception {
    String token = ReplicaToken.write(directory.resolve("replica.token")).value();
    String copied = token.substring(0, token.indexOf('@')) + "@/elsewhere";
    List<Process> strangers =
        List.of(other("exec sleep 1000", copied), other("exec sleep 1000", token + "1"));
    for (Process stranger : strangers) {
      awaitToken(stranger, "@");
    }

    host(sh("exec sleep 1000"), QUICK).start();

    events.next("started wine"); // what is left from before was looked at first
    assertThat(strangers).allMatch(Process::isAlive);
    assertThat(events.left()).isEmpty();
  }

  @Test
  void startsOverAPidFileThatNamesNobody() throws Exception {
    for (String text : List.of("", "12", "x y", "99999999 boot:1")) {
      Files.writeString(directory.resolve("replica.pid"), text);
      Files.writeString(directory.resolve("replica.token"), text);
      ProcessHost host = host(sh("exec sleep 1000"), QUICK);

      host.start();

      events.next("started wine");
      host.stop();
      assertThat(events.next("stopped wine")).isEqualTo("stopped wine 143");
    }
  }

  @Test
  void boundsTheLogAndKeepsItsEnd() throws Exception {
    host(sh("seq 1 50000; echo done; exec sleep 1000"), QUICK).start();

    awaitLog("done");

    for (String name : List.of("model.log", "model.log.1", "model.log.2")) {
      assertThat(Files.size(directory.resolve(name))).as(name).isBetween(1L, 16_384L);
    }
    assertThat(directory.resolve("model.log.3")).doesNotExist();
  }

  private ProcessHost host(List<String> command, Limits limits) throws IOException {
    return host(command, ProcessHost.freePort(), limits);
  }

  private ProcessHost host(List<String> command, int port, Limits limits) {
    ProcessSpec spec =
        new ProcessSpec("wine", command, port, Map.of("MODEL_COLOUR", "white"), directory, limits);
    ProcessHost host = new ProcessHost(spec, events, () -> 0);
    hosts.add(host);
    return host;
  }

  private ModelProbe probe(int port) {
    Model model =
        Model.of(
            "wine",
            URI.create("http://127.0.0.1:" + port),
            Predictor.NONE,
            "/model/wine",
            null,
            null,
            1024);
    Deployment deployment = Fleet.of(List.of(model)).deployment("wine").orElseThrow();
    Duration period = Duration.ofMillis(20);
    return ModelProbe.start(
        deployment, new ModelProbe.Pace(period, Duration.ofSeconds(5), period), events);
  }

  private static List<String> sh(String script) {
    return List.of("/bin/sh", "-c", script);
  }

  private Process other(String script) throws IOException {
    Process process = new ProcessBuilder(sh(script)).start();
    others.add(process);
    return process;
  }

  private Process other(String script, String token) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(sh(script));
    builder.environment().put(ReplicaToken.VARIABLE, token);
    Process process = builder.start();
    others.add(process);
    return process;
  }

  /// It is a process of ours for a moment before it is the program.
  private static void awaitToken(Process process, String token) throws IOException {
    Path environment = Path.of("/proc", Long.toString(process.pid()), "environ");
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!Files.readString(environment, StandardCharsets.ISO_8859_1).contains(token)) {
      assertThat(System.nanoTime()).as("no token").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void leavePidFile(ProcessIdentity identity) throws IOException {
    Files.writeString(directory.resolve("replica.pid"), identity.toText());
  }

  /// The log, as soon as it holds `text`.
  private String awaitLog(String text) throws Exception {
    Path file = directory.resolve("model.log");
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (System.nanoTime() < deadline) {
      try {
        String log = Files.readString(file);
        if (log.contains(text)) {
          return log;
        }
      } catch (NoSuchFileException _) {
        // not there yet, or just turned into model.log.1
      }
      LockSupport.parkNanos(1_000_000);
    }
    throw new AssertionError("no \"" + text + "\" in the log within a minute");
  }

  private static void assertGone(long pid) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (ProcessIdentity.of(pid).isPresent()) {
      assertThat(System.nanoTime()).as("process %d lives", pid).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
