package dev.loopgate.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;

/// `verify` and `inspect`: what is in a directory.
final class LookCommand implements Callable<Integer> {
  private final Verbs.Look verb;
  private final CommandSpec spec;

  private LookCommand(Verbs.Look verb) {
    this.verb = verb;
    this.spec = CommandSpec.wrapWithoutInspection(this);
  }

  /// The command with its one argument and its options.
  static CommandSpec of(
      String name, String description, Verbs.Look verb, List<Verbs.SettingOption> options) {
    CommandSpec spec = new LookCommand(verb).spec.name(name);
    spec.usageMessage().description(description);
    spec.addOption(Cli.help());
    ServeCommand.addSettings(spec, options);
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("DIR")
            .description("a data directory, or the root of published files")
            .arity("1")
            .type(String.class)
            .build());
    return spec;
  }

  @Override
  public Integer call() throws IOException {
    String given = spec.commandLine().getParseResult().matchedPositionalValue(0, "");
    return verb.run(directory(given), ServeCommand.given(spec), spec.commandLine().getOut());
  }

  private Path directory(String given) {
    try {
      Path directory = Path.of(given);
      if (!given.isEmpty() && Files.isDirectory(directory)) {
        return directory;
      }
    } catch (InvalidPathException _) {
      // no path at all: the same answer as for one that leads nowhere
    }
    throw new ParameterException(
        spec.commandLine(),
        "DIR: value \"" + given + "\" is no directory; allowed: an existing one");
  }
}
