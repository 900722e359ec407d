package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SettingsPageTest {
  @Test
  void theDocumentationHasTheTableOfTheSettings() throws IOException {
    Path page = Path.of(System.getProperty("loopgate.root", "..")).resolve("docs/configuration.md");

    assertThat(Files.readString(page))
        .as("docs/configuration.md must contain this table")
        .contains(SettingsPage.markdown());
  }

  @Test
  void showsEverySettingWithDefaultMeaningAndWhatHolds() throws UsageException {
    Settings settings =
        Settings.of(Role.GATEWAY, Map.of("drain", "2s"), Map.of("LOOPGATE_GRACE", "9s"));

    String page = SettingsPage.text(Role.GATEWAY, settings);

    assertThat(page)
        .contains(
            "drain = 2s    (option --drain)\n    default 10s; option --drain; environment LOOPGATE_DRAIN\n",
            "grace = 9s    (environment LOOPGATE_GRACE)",
            "default 150s (in up 5s)")
        .contains(SettingsTable.names());
  }
}
