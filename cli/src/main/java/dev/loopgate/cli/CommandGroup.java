package dev.loopgate.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// A word that stands before verbs, such as `deployment`.
final class CommandGroup implements Callable<Integer> {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

  private CommandGroup() {}

  /// Verbs under a name.
  static CommandSpec of(String name, String description, List<CommandSpec> verbs) {
    CommandSpec spec = new CommandGroup().spec.name(name);
    spec.usageMessage().description(description);
    spec.addOption(Cli.help());
    ClientOptions.addVerbose(spec);
    verbs.forEach(verb -> spec.addSubcommand(verb.name(), verb));
    return spec;
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(),
        "no command; allowed: " + String.join(", ", spec.subcommands().keySet()));
  }
}
