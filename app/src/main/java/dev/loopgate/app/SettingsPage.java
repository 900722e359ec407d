package dev.loopgate.app;

/// The settings for people: `loopgate config` and the table of `docs/configuration.md`, both from
/// [SettingsTable].
final class SettingsPage {
  private static final int WIDTH = 100;

  private SettingsPage() {}

  /// All settings with what holds now, for a terminal.
  static String text(Role role, Settings settings) {
    StringBuilder page = new StringBuilder();
    page.append("Settings of `loopgate ").append(role.word()).append("`, and what holds here.\n");
    page.append("Option before environment before file (--config FILE) before default.\n");
    for (Setting<?> setting : SettingsTable.ALL) {
      page.append('\n').append(setting.name()).append(" = ").append(settings.shown(setting));
      page.append("\n    default ").append(orEmpty(setting.byDefault()));
      if (!setting.inUp().equals(setting.byDefault())) {
        page.append(" (in up ").append(setting.inUp()).append(')');
      }
      if (!setting.inSidecar().equals(setting.byDefault())) {
        page.append(" (in sidecar ").append(setting.inSidecar()).append(')');
      }
      page.append("; option ").append(setting.option()).append("; environment ");
      page.append(setting.variable()).append('\n');
      wrap(page, "allowed: " + setting.kind().allowed());
      wrap(page, setting.meaning());
    }
    return page.toString();
  }

  /// The table of the documentation.
  static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append("| setting | default | allowed | meaning |\n|---|---|---|---|\n");
    for (Setting<?> setting : SettingsTable.ALL) {
      page.append("| `").append(setting.name()).append("` | ").append(code(setting.byDefault()));
      if (!setting.inUp().equals(setting.byDefault())) {
        page.append(" (in `up` ").append(code(setting.inUp())).append(')');
      }
      if (!setting.inSidecar().equals(setting.byDefault())) {
        page.append(" (in `sidecar` ").append(code(setting.inSidecar())).append(')');
      }
      page.append(" | ").append(setting.kind().allowed()).append(" | ");
      page.append(setting.meaning()).append(" |\n");
    }
    return page.toString();
  }

  private static String code(String value) {
    return value.isEmpty() ? "(none)" : "`" + value.replace(",", ", ") + "`";
  }

  private static String orEmpty(String value) {
    return value.isEmpty() ? "(none)" : value;
  }

  private static void wrap(StringBuilder page, String text) {
    int column = 0;
    for (String word : text.split(" ", -1)) {
      if (column == 0 || column + 1 + word.length() > WIDTH) {
        page.append(column == 0 ? "    " : "\n    ").append(word);
        column = 4 + word.length();
      } else {
        page.append(' ').append(word);
        column += 1 + word.length();
      }
    }
    page.append('\n');
  }
}
