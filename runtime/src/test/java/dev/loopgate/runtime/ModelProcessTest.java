package dev.loopgate.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
