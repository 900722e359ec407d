package dev.loopgate.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;

/// `help [COMMAND]`.
final class HelpCommand implements Callable<Integer> {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

  private HelpCommand() {}

  static CommandSpec of() {
    CommandSpec spec = new HelpCommand().spec.name("help");
    spec.usageMessage().description("Show how to use a command.");
    return spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("COMMAND")
            .arity("0..2")
            .type(String[].class)
            .build());
  }

  @Override
  public Integer call() {
    CommandLine command = spec.commandLine().getParent();
    String[] none = {};
    for (String name : spec.commandLine().getParseResult().matchedPositionalValue(0, none)) {
      Map<String, CommandLine> below = command.getSubcommands();
      CommandLine next = below.get(name);
      if (next == null) {
        throw new ParameterException(
            spec.commandLine(),
            "help: unknown command \""
                + name
                + "\"; allowed: "
                + String.join(", ", below.keySet()));
      }
      command = next;
    }
    command.usage(spec.commandLine().getOut());
    return Cli.OK;
  }
}
