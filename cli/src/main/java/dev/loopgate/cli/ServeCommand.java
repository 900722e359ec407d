package dev.loopgate.cli;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// `up`, `gateway`, `sidecar`, `config`, `ship`, `envoy-bootstrap` and those that have flags, too:
/// settings are options of theirs.
final class ServeCommand implements Callable<Integer> {
  private final Verbs.Flagged verb;
  private final CommandSpec spec;

  private ServeCommand(Verbs.Flagged verb) {
    this.verb = verb;
    this.spec = CommandSpec.wrapWithoutInspection(this);
  }

  /// The command with its options.
  static CommandSpec of(
      String name,
      String description,
      Verbs.Serve verb,
      Supplier<List<Verbs.SettingOption>> options) {
    return of(
        new Verbs.Command(name, description, (given, _) -> verb.run(given), options, List::of));
  }

  /// The command with its flags and options.
  static CommandSpec of(Verbs.Command command) {
    CommandSpec spec = new ServeCommand(command.verb()).spec.name(command.name());
    spec.usageMessage().description(command.description()).sortOptions(false);
    spec.addOption(Cli.help());
    addFlags(spec, command.flags().get());
    addSettings(spec, command.options().get());
    return spec;
  }

  /// Makes flags options of a command.
  static void addFlags(CommandSpec spec, List<Verbs.Flag> flags) {
    for (Verbs.Flag flag : flags) {
      spec.addOption(
          OptionSpec.builder("--" + flag.name())
              .type(boolean.class)
              .description(flag.meaning())
              .build());
    }
  }

  /// Makes settings options of a command.
  static void addSettings(CommandSpec spec, List<Verbs.SettingOption> options) {
    for (Verbs.SettingOption option : options) {
      spec.addOption(
          OptionSpec.builder("--" + option.name())
              .paramLabel(option.label())
              .description(option.meaning().replace("%", "%%"))
              .type(String.class)
              .build());
    }
  }

  /// The values of those that were given, by the name of the setting.
  static Map<String, String> given(CommandSpec spec) {
    Map<String, String> given = new LinkedHashMap<>();
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (option.getValue() instanceof String value) {
        given.put(option.longestName().substring(2), value);
      }
    }
    return given;
  }

  /// The names of the flags that were given.
  static Set<String> flags(CommandSpec spec) {
    Set<String> flags = new LinkedHashSet<>();
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (option.getValue() instanceof Boolean on && on) {
        flags.add(option.longestName().substring(2));
      }
    }
    return flags;
  }

  @Override
  public Integer call() {
    return verb.run(given(spec), flags(spec));
  }
}
