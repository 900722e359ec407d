package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.HostedDeployment;
import dev.loopgate.fleet.HostedDeployment.HostedReplica;
import dev.loopgate.fleet.HostedDeployment.Phase;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Resources;
import dev.loopgate.fleet.Workload;
import dev.loopgate.runtime.ProcessSpec.Limits;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/// A [LocalHost] over real processes, and what to wait for of it.
final class HostedServers implements AutoCloseable {
  /// Everything in a hurry but what has to be waited for when the machine is busy.
  static final HostBounds QUICK = bounds(Duration.ofSeconds(20), Duration.ofMinutes(1), 256);

  /// The same, but a server that does not answer as ready has only 15 questions time.
  static final HostBounds IMPATIENT =
      new HostBounds(
          QUICK.process(),
          new HostBounds.Probing(Duration.ofMillis(100), Duration.ofSeconds(20), 15),
          QUICK.drain(),
          QUICK.replicasMax());

  private final RecordedEvents events = new RecordedEvents();
  private final Path data;
  private final LocalHost host;

  HostedServers(Path data, HostBounds bounds, Drain drain) throws IOException {
    this(data, bounds, drain, Map.of("DOCKER_HOST", "unix://" + data.resolve("no.sock")));
  }

  /// In an environment of its own.
  HostedServers(Path data, HostBounds bounds, Drain drain, Map<String, String> environment)
      throws IOException {
    this.data = data;
    this.host = LocalHost.open(data, bounds, drain, events, System::nanoTime, environment);
  }

  HostedServers(Path data) throws IOException {
    this(data, QUICK, Drain.NOTHING);
  }

  /// Bounds with these, and short pauses and periods.
  static HostBounds bounds(Duration grace, Duration drain, int replicasMax) {
    return new HostBounds(
        new Limits(grace, Duration.ofMillis(1), Duration.ofSeconds(1), 65_536),
        new HostBounds.Probing(Duration.ofMillis(20), Duration.ofSeconds(20), 10_000),
        drain,
        replicasMax);
  }

  /// A workload asked from the beginning on.
  static Workload workload(String deployment, String image, Predictor predictor) {
    return new Workload(
        deployment, image, predictor, Resources.DEFAULT, Map.of(), Map.of(), 0, 0, null);
  }

  /// A [ChildServer] of `version` with the command line as its image.
  static Workload server(String deployment, String version) throws URISyntaxException {
    return workload(deployment, java(version), Predictor.ODAHU_ML_SERVER);
  }

  /// The image of a [ChildServer] with these arguments.
  static String java(String... arguments) throws URISyntaxException {
    Path classes =
        Path.of(ChildServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    StringBuilder image =
        new StringBuilder("exec:'")
            .append(Path.of(System.getProperty("java.home"), "bin", "java"))
            .append("' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx16m -cp '")
            .append(classes)
            .append("' ")
            .append(ChildServer.class.getName());
    for (String argument : arguments) {
      image.append(" '").append(argument).append('\'');
    }
    return image.toString();
  }

  /// The image of a script.
  static String sh(String script) {
    return "exec:/bin/sh -c '" + script + "'";
  }

  LocalHost host() {
    return host;
  }

  RecordedEvents events() {
    return events;
  }

  Path directory(HostedReplica replica) {
    String deployment = replica.name().replaceAll("-[0-9]+-[0-9]+$", "");
    return data.resolve("models").resolve(deployment).resolve(replica.name());
  }

  /// Applies and asks for so many.
  void run(Workload workload, int replicas) {
    host.apply(workload);
    host.scale(workload.deployment(), replicas);
  }

  /// What is observed, as soon as it is so.
  HostedDeployment await(String deployment, Predicate<HostedDeployment> condition) {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    HostedDeployment seen = host.observe(deployment);
    while (!condition.test(seen)) {
      assertThat(System.nanoTime()).as("not within two minutes: %s", seen).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
      seen = host.observe(deployment);
    }
    return seen;
  }

  /// The replicas, as soon as there are just so many of the wanted revision, all ready.
  List<HostedReplica> awaitReady(String deployment, int count) {
    return await(
            deployment,
            seen -> seen.replicas().size() == count && seen.ready(seen.revision()).size() == count)
        .replicas();
  }

  /// The process of a replica, as soon as it is written down.
  ProcessIdentity process(HostedReplica replica) throws IOException {
    Path file = directory(replica).resolve("replica.pid");
    return awaitValue(() -> ProcessIdentity.read(file));
  }

  static void awaitGone(ProcessIdentity process) throws IOException {
    awaitValue(() -> process.isAlive() ? Optional.empty() : Optional.of(true));
  }

  /// What may not be there yet.
  interface Look<T> {
    Optional<T> now() throws IOException;
  }

  static <T> T awaitValue(Look<T> look) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    Optional<T> seen = look.now();
    while (seen.isEmpty()) {
      assertThat(System.nanoTime()).as("not within a minute").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
      seen = look.now();
    }
    return seen.get();
  }

  /// The directories of replicas that are there.
  List<String> directories(String deployment) throws IOException {
    Path directory = data.resolve("models").resolve(deployment);
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (var files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("logs"))
          .sorted()
          .toList();
    }
  }

  static boolean isAll(HostedDeployment seen, Phase phase) {
    return seen.replicas().stream().allMatch(replica -> replica.phase() == phase);
  }

  @Override
  public void close() {
    host.close();
  }
}
