package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ModelProcessTest {
  @Test
  void tellsTheServerItsPlaceAndNoneOfOurSettings() {
    Map<String, String> environment =
        new HashMap<>(Map.of("PATH", "/bin", "LOOPGATE_TOKEN", "secret", "PORT", "80"));

    ModelProcess.tell(spec(List.of("a")), environment);

    assertThat(environment)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "PATH", "/bin",
                "PORT", "5000",
                "MODEL_PORT", "5000",
                "MODEL_HOST", "127.0.0.1",
                "MODEL_ID", "wine",
                "MODEL_COLOUR", "white"));
  }

  @Test
  void asksForACommand() {
    assertThatThrownBy(() -> spec(List.of())).hasMessage("command of wine: empty");
  }

  // As many as a host runs, which is as many as there are carriers for virtual threads.
  @Test
  @Timeout(60)
  void serversThatSayNothingKeepNoVirtualThreadFromRunning(@TempDir Path directory)
      throws Exception {
    int count = HostBounds.DEFAULT.replicasMax() + 1;
    List<ModelProcess> servers = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        servers.add(
            ModelProcess.start(
                new ProcessSpec(
                    "m" + i,
                    List.of("/bin/sleep", "300"),
                    5000,
                    Map.of(),
                    directory.resolve("m" + i),
                    ProcessSpec.Limits.DEFAULT),
                new RecordedEvents()));
      }

      Thread other = Thread.ofVirtual().start(() -> {});

      assertThat(other.join(Duration.ofSeconds(10))).isTrue();
    } finally {
      for (ModelProcess each : servers) {
        each.end(Duration.ZERO);
      }
    }
  }

  private static ProcessSpec spec(List<String> command) {
    return new ProcessSpec(
        "wine",
        command,
        5000,
        Map.of("MODEL_COLOUR", "white"),
        Path.of("models", "wine"),
        ProcessSpec.Limits.DEFAULT);
  }
}
