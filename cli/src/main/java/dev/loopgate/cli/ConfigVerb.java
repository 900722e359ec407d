package dev.loopgate.cli;

import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/// `config set`, `get`, `all`, `path`: what the verbs of a client are told by their file.
final class ConfigVerb {
  private static final Set<String> WORDS = Set.of("set", "get", "all", "path");
  private static final String SHOW_SECRETS = "--show-secrets";
  private static final String WITH_SYSTEM = "--with-system";

  private ConfigVerb() {}

  /// Whether one of them stands behind the first word: else it is the gateway's.
  static boolean isNamedIn(List<String> arguments) {
    return arguments.stream()
        .filter(argument -> !ClientOptions.VERBOSE_WORDS.contains(argument))
        .skip(1)
        .findFirst()
        .map(WORDS::contains)
        .orElse(false);
  }

  /// Adds them to the `config` that prints the gateway's settings.
  static void addTo(CommandSpec config, Surroundings around) {
    CommandSpec set = ClientCommand.of("set", "Keep a value in the file.", ConfigVerb::set, around);
    ClientOptions.addArguments(set, List.of("KEY", "VALUE"));
    config.addSubcommand("set", set);
    CommandSpec get = ClientCommand.of("get", "Show a value.", ConfigVerb::get, around);
    ClientOptions.addArguments(get, List.of("KEY"));
    ClientOptions.addFlag(get, "Show it though it is a secret.", SHOW_SECRETS);
    config.addSubcommand("get", get);
    CommandSpec all = ClientCommand.of("all", "Show all values.", ConfigVerb::all, around);
    ClientOptions.addFlag(all, "Show secrets, too.", SHOW_SECRETS);
    ClientOptions.addFlag(all, "Show what few need, too.", WITH_SYSTEM);
    config.addSubcommand("all", all);
    config.addSubcommand(
        "path", ClientCommand.of("path", "Show where the file is.", ConfigVerb::path, around));
  }

  private static int set(Call call) throws ClientException {
    Variable variable = variable(call);
    String value = call.argument(1).strip();
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new ClientException("A value has no line breaks and no characters of control");
    }
    call.settings().file().change(Map.of(variable, value));
    call.out().println(variable.name() + "=" + (variable.isSecret() ? "****" : value));
    return Cli.OK;
  }

  private static int get(Call call) throws ClientException {
    Variable variable = variable(call);
    call.out().println(shown(call, variable));
    return Cli.OK;
  }

  private static int all(Call call) throws ClientException {
    for (Variable variable : Variable.values()) {
      if (!variable.isSystem() || call.has(WITH_SYSTEM)) {
        call.out()
            .println(variable.name() + "=" + shown(call, variable) + "    # " + variable.meaning());
      }
    }
    return Cli.OK;
  }

  private static int path(Call call) throws ClientException {
    call.out().println(call.settings().file().path());
    return Cli.OK;
  }

  private static String shown(Call call, Variable variable) throws ClientException {
    String value = call.settings().get(variable);
    boolean hidden = variable.isSecret() && !value.isEmpty() && !call.has(SHOW_SECRETS);
    return hidden ? "****" : PrintableText.line(value);
  }

  private static Variable variable(Call call) throws ClientException {
    String name = call.argument(0);
    return Variable.of(name)
        .orElseThrow(() ->
            new ClientException("Variable '" + PrintableText.line(name, 100) + "' is unknown"));
  }
}
