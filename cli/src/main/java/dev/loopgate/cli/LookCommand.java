package dev.loopgate.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;

/// `verify` and `inspect`: what is in a directory, or in a root of files elsewhere.
final class LookCommand implements Callable<Integer> {
  // Two letters at least: one and a colon is a drive.
  private static final Pattern URL = Pattern.compile("[a-z][a-z0-9]+:.*");

  /// What may be looked into.
  enum Place {
    DIRECTORY("a data directory"),
    DIRECTORY_OR_URL("a data directory, or the root of published files: a directory or a URL");

    private final String meaning;

    Place(String meaning) {
      this.meaning = meaning;
    }
  }

  private final Verbs.Look verb;
  private final Place place;
  private final CommandSpec spec;

  private LookCommand(Verbs.Look verb, Place place) {
    this.verb = verb;
    this.place = place;
    this.spec = CommandSpec.wrapWithoutInspection(this);
  }

  /// The command with its one argument and its options.
  static CommandSpec of(
      String name,
      String description,
      Verbs.Look verb,
      Place place,
      List<Verbs.SettingOption> options,
      List<Verbs.Flag> flags) {
    CommandSpec spec = new LookCommand(verb, place).spec.name(name);
    spec.usageMessage().description(description);
    spec.addOption(Cli.help());
    ServeCommand.addFlags(spec, flags);
    ServeCommand.addSettings(spec, options);
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("DIR")
            .description(place.meaning)
            .arity("1")
            .type(String.class)
            .build());
    return spec;
  }

  @Override
  public Integer call() throws IOException {
    String given = spec.commandLine().getParseResult().matchedPositionalValue(0, "");
    Verbs.Asked asked =
        new Verbs.Asked(checked(given), ServeCommand.given(spec), ServeCommand.flags(spec));
    return verb.run(asked, spec.commandLine().getOut());
  }

  private String checked(String given) {
    if (place == Place.DIRECTORY_OR_URL && URL.matcher(given).matches()) {
      return given; // whose forms the verb knows
    }
    try {
      if (!given.isEmpty() && Files.isDirectory(Path.of(given))) {
        return given;
      }
    } catch (InvalidPathException _) {
      // no path at all: the same answer as for one that leads nowhere
    }
    String allowed =
        place == Place.DIRECTORY_OR_URL ? "an existing one, or a URL" : "an existing one";
    throw new ParameterException(
        spec.commandLine(),
        given.isEmpty()
            ? "DIR: none is given; allowed: " + allowed
            : "DIR: value \"" + given + "\" is no directory; allowed: " + allowed);
  }
}
