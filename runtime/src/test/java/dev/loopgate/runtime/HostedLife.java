package dev.loopgate.runtime;

import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Workload;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A JVM of its own with a [LocalHost], for somebody to kill.
public final class HostedLife {
  private HostedLife() {}

  /// Runs until it is killed.
  ///
  /// @param arguments the directory of its data, then the ids of deployments that run two replicas
  ///   each of what sleeps and takes its time to end
  public static void main(String[] arguments) throws Exception {
    try (LocalHost host =
        LocalHost.open(
            Path.of(arguments[0]),
            HostedServers.QUICK,
            Drain.NOTHING,
            new RecordedEvents(),
            System::nanoTime)) {
      for (int i = 1; i < arguments.length; i++) {
        String slowToEnd = "trap \"sleep 1; exit\" TERM; sleep 1000 & wait";
        Workload workload =
            HostedServers.workload(arguments[i], HostedServers.sh(slowToEnd), Predictor.NONE);
        host.apply(workload);
        host.scale(arguments[i], 2);
      }
      new CountDownLatch(1).await();
    }
  }
}
