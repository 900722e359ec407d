package dev.loopgate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// `completion`: what a shell is to read so that it completes verbs and options.
final class CompletionCommand {
  private static final String NAME = "loopgate";

  private CompletionCommand() {}

  static CommandSpec of(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of(
            "completion",
            "Print what a shell reads to complete: source <(loopgate completion).",
            CompletionCommand::run,
            around);
    return spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("SHELL")
            .description("bash (default), zsh or fish")
            .arity("0..1")
            .type(String.class)
            .build());
  }

  private static int run(Call call) {
    CommandLine root = call.line().getParent();
    String shell = call.argument(0).toLowerCase(Locale.ROOT);
    switch (shell) {
      case "", "bash" -> call.out().println(AutoComplete.bash(NAME, root));
      case "zsh" -> // the script of bash, which zsh reads after this
          call.out()
              .println(
                  "autoload -U +X compinit && compinit\n"
                      + "autoload -U +X bashcompinit && bashcompinit\n"
                      + AutoComplete.bash(NAME, root));
      case "fish" -> call.out().println(fish(root));
      default -> throw call.usage("SHELL: allowed: bash, zsh, fish");
    }
    return Cli.OK;
  }

  private static String fish(CommandLine root) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "complete -c "
            + NAME
            + " -f -n __fish_use_subcommand -a '"
            + String.join(" ", root.getSubcommands().keySet())
            + "'");
    for (Map.Entry<String, CommandLine> verb : root.getSubcommands().entrySet()) {
      String there = "complete -c " + NAME + " -n '__fish_seen_subcommand_from " + verb.getKey();
      Map<String, CommandLine> below = verb.getValue().getSubcommands();
      if (!below.isEmpty()) {
        lines.add(there + "' -f -a '" + String.join(" ", below.keySet()) + "'");
      }
      addOptions(lines, there + "'", verb.getValue());
      below.forEach((name, command) ->
          addOptions(lines, there + "; and __fish_seen_subcommand_from " + name + "'", command));
    }
    return String.join("\n", lines);
  }

  private static void addOptions(List<String> lines, String there, CommandLine command) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      lines.add(
          there
              + " -l "
              + option.longestName().replaceFirst("^-+", "")
              + (option.arity().max() > 0 ? " -r" : ""));
    }
  }
}
