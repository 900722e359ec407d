package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Keeps what was told, a line each, and waits for what is still to come.
final class RecordedEvents implements RuntimeEvents, ProbeEvents {
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  /// The next line that starts with `prefix`; lines before it are gone.
  String next(String prefix) throws InterruptedException {
    List<String> seen = new ArrayList<>();
    for (String line = poll(); line != null; line = poll()) {
      if (line.startsWith(prefix)) {
        return line;
      }
      seen.add(line);
    }
    return fail("no event \"" + prefix + "\" within a minute, but " + seen);
  }

  /// The process id in the next line that starts with `prefix`.
  long nextPid(String prefix) throws InterruptedException {
    String line = next(prefix);
    return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
  }

  /// All lines that no one waited for.
  List<String> left() {
    return List.copyOf(told);
  }

  private String poll() throws InterruptedException {
    return told.poll(1, TimeUnit.MINUTES);
  }

  @Override
  public void orphanEnded(String deployment, String server) {
    told.add("orphan " + deployment + " " + server);
  }

  @Override
  public void replicaStarted(String deployment, String server) {
    told.add("started " + deployment + " " + server);
  }

  @Override
  public void replicaNotStarted(String deployment, Exception cause, Duration pause) {
    told.add("not started " + deployment + " " + cause.getMessage() + ", " + pause.toMillis());
  }

  @Override
  public void replicaDied(String deployment, int exitCode, Duration pause) {
    told.add("died " + deployment + " " + exitCode + ", " + pause.toMillis());
  }

  @Override
  public void replicaStopped(String deployment, int exitCode) {
    told.add("stopped " + deployment + " " + exitCode);
  }

  @Override
  public void replicaNotEnded(String deployment, Exception cause) {
    told.add("not ended " + deployment + " " + cause.getMessage());
  }

  @Override
  public void replicaLogFailed(String deployment, Exception cause) {
    told.add("log failed " + deployment + " " + cause.getMessage());
  }

  @Override
  public void modelReady(String deployment, Duration after) {
    told.add("ready " + deployment + (after.isPositive() ? "" : " before it was started"));
  }

  @Override
  public void modelReady(String deployment) {
    told.add("ready " + deployment);
  }

  @Override
  public void modelIdentified(String deployment, String name, String version) {
    told.add("identified " + deployment + " " + name + " " + version);
  }

  @Override
  public void probeFailed(String deployment, String problem) {
    told.add("probe " + deployment + " " + problem);
  }
}
