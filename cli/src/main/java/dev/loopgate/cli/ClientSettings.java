package dev.loopgate.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/// What the verbs of a client are told: by the environment before their file before what holds
/// else. Options of the verb come before all of it, and are the verb's.
final class ClientSettings {
  private final Map<String, String> environment;
  private final IniFile file;
  private final Map<Variable, String> values;

  private ClientSettings(
      Map<String, String> environment, IniFile file, Map<Variable, String> values) {
    this.environment = environment;
    this.file = file;
    this.values = values;
  }

  /// Reads the file, if there is one.
  static ClientSettings of(Surroundings around) throws ClientException {
    IniFile file = new IniFile(place(around));
    return new ClientSettings(
        around.environment(), file, new EnumMap<>(withDefaults(file.values())));
  }

  /// The value, empty when there is none.
  String get(Variable variable) {
    String said = environment.getOrDefault(variable.name(), "");
    return said.isEmpty() ? values.getOrDefault(variable, variable.fallback()) : said;
  }

  /// The file, whether it is there or not.
  IniFile file() {
    return file;
  }

  /// As a number within bounds, else the fallback.
  int number(Variable variable, int highest) {
    String text = get(variable);
    return text.matches("[0-9]{1,6}")
        ? Math.min(highest, Integer.parseInt(text))
        : Integer.parseInt(variable.fallback());
  }

  private static Map<Variable, String> withDefaults(Map<Variable, String> read) {
    Map<Variable, String> values = new EnumMap<>(Variable.class);
    for (Variable variable : Variable.values()) {
      values.put(variable, read.getOrDefault(variable, variable.fallback()));
    }
    return values;
  }

  /// What a variable names, ours before that of the original's command; else our file, and where
  /// that is not there, the original's.
  private static Path place(Surroundings around) throws ClientException {
    String ours = around.environment().getOrDefault("LOOPGATE_CONFIG", "");
    if (!ours.isEmpty()) {
      return path(ours);
    }
    Path own = around.home().resolve(".loopgate").resolve("config");
    String theirs = around.environment().getOrDefault("ODAHUFLOW_CONFIG", "");
    Path other =
        theirs.isEmpty() ? around.home().resolve(".odahuflow").resolve("config") : path(theirs);
    boolean takesOther = !theirs.isEmpty() || (!Files.exists(own) && Files.exists(other));
    return takesOther ? other : own;
  }

  private static Path path(String text) throws ClientException {
    try {
      return Path.of(text);
    } catch (InvalidPathException _) {
      throw new ClientException("\"" + PrintableText.line(text, 200) + "\" is no path");
    }
  }
}
