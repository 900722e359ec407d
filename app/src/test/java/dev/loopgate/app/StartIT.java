package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// From the start of the JVM to the first caller that is told to come. The figure is printed, since
/// a machine that is busy with other things says nothing about ours; `-Dloopgate.start.rounds=5`
/// gives a median.
final class StartIT {
  private static final int ROUNDS = Integer.getInteger("loopgate.start.rounds", 1);
  private static final Duration GENEROUS = Duration.ofSeconds(30);
  private static final List<String> FLAGS =
      List.of("-XX:+UseSerialGC", "-Xms32m", "-Xmx128m", "-XX:MaxDirectMemorySize=1g", "-Xss512k");

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "up"})
  void isReady(String role, @TempDir Path directory) throws Exception {
    List<Long> millis = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      millis.add(millisToReady(role, directory.resolve("data-" + round)));
    }
    millis.sort(null);
    System.out.printf(
        "%s: ready %d ms after the start of its JVM, median of %d; all %s%n",
        role, millis.get(ROUNDS / 2), ROUNDS, millis);

    assertThat(millis.getLast()).isLessThan(GENEROUS.toMillis());
  }

  private static long millisToReady(String role, Path data)
      throws IOException, InterruptedException {
    List<String> arguments = List.of(role, "--listen", "127.0.0.1:0", "--data", data.toString());
    long startNanos = System.nanoTime();
    try (GatewayProcess gateway =
        GatewayProcess.start(new GatewayProcess.Launch(Command.jar(), FLAGS, arguments))) {
      while (gateway.get("/readyz").status() != 200) {
        assertThat(System.nanoTime() - startNanos).isLessThan(GENEROUS.toNanos());
      }
      long readyNanos = System.nanoTime() - startNanos;
      assertThat(gateway.stop()).as(gateway.output()).isZero();
      return Duration.ofNanos(readyNanos).toMillis();
    }
  }
}
