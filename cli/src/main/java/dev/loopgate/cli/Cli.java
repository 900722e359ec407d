package dev.loopgate.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// What the user typed, as a verb. Whatever can't be meant ends with one line and [#USAGE].
public final class Cli {
  /// All went well.
  public static final int OK = 0;

  /// It was understood, and did not work.
  public static final int FAILED = 1;

  /// It was not understood.
  public static final int USAGE = 2;

  private static final int WIDTH = 100;

  /// Verbs that need all others.
  private static final Set<String> WANT_ALL = Set.of("help", "completion");

  private static final Set<String> CONFIG_NAMES = Set.of("config", "conf");

  private final Verbs verbs;
  private final Surroundings around;
  private final PrintWriter out;
  private final PrintWriter err;

  /// The command line with these verbs.
  public Cli(Verbs verbs, Surroundings around, PrintWriter out, PrintWriter err) {
    this.verbs = verbs;
    this.around = around;
    this.out = out;
    this.err = err;
  }

  /// Does what was typed.
  ///
  /// @return the exit code
  public int run(String... arguments) {
    CommandLine line =
        new CommandLine(root(arguments))
            .setOut(out)
            .setErr(err)
            .setExpandAtFiles(false)
            .setTrimQuotes(false)
            .setAllowSubcommandsAsOptionParameters(true)
            .setUsageHelpWidth(WIDTH)
            .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
            .setExecutionStrategy(this::execute)
            .setParameterExceptionHandler((e, _) -> refused(e))
            .setExecutionExceptionHandler((e, at, _) -> failed(e, at));
    return line.execute(arguments);
  }

  /// The verb that was typed; empty when all of them may be asked for.
  private static String asked(String... arguments) {
    for (String argument : arguments) {
      if (!argument.startsWith("-")) {
        return WANT_ALL.contains(argument) ? "" : argument;
      }
    }
    return "";
  }

  private CommandSpec root(String... arguments) {
    String asked = asked(arguments);
    CommandSpec root = CommandSpec.create().name("loopgate");
    root.usageMessage()
        .description("Keeps every prediction and what became of it.")
        .synopsisHeading("Usage: ");
    root.addOption(help());
    ClientOptions.addVerbose(root);
    addServing(root, asked);
    addConfig(root, asked, List.of(arguments));
    addLooking(root, asked);
    for (Verbs.Command each : verbs.others()) {
      add(root, asked, each.name(), each.description(), () -> ServeCommand.of(each));
    }
    ClientWord.addTo(root, around, asked, asked.isEmpty());
    root.addSubcommand("version", VersionCommand.of(verbs.version()));
    root.addSubcommand("help", HelpCommand.of());
    return root;
  }

  private void addServing(CommandSpec root, String asked) {
    addServe(root, asked, "up", "Serve with a sample model, to look at.", verbs.up());
    addServe(root, asked, "gateway", "Serve in front of models that run.", verbs.gateway());
    addServe(
        root,
        asked,
        "sidecar",
        "Serve beside a model server, where connections are redirected (loopgate iptables).",
        verbs.sidecar());
  }

  /// Alone it prints the settings of a gateway; what stands below is the client's.
  private void addConfig(CommandSpec root, String asked, List<String> arguments) {
    String description = "Print every setting of a gateway and what holds; or those of a client.";
    CommandSpec config = CommandSpec.create().name("config");
    if (asked.isEmpty() || CONFIG_NAMES.contains(asked)) {
      boolean ofClient = ConfigVerb.isNamedIn(arguments);
      config =
          ServeCommand.of(
              "config", description, verbs.config(), ofClient ? List::of : verbs.options());
      ConfigVerb.addTo(config, around);
    }
    config.usageMessage().description(description);
    root.addSubcommand("config", config.aliases("conf"));
  }

  private void addServe(
      CommandSpec root, String asked, String name, String description, Verbs.Serve verb) {
    add(
        root,
        asked,
        name,
        description,
        () -> ServeCommand.of(name, description, verb, verbs.options()));
  }

  private void addLooking(CommandSpec root, String asked) {
    String ship = "Publish what a spool holds whose gateway is gone.";
    add(
        root,
        asked,
        "ship",
        ship,
        () -> ServeCommand.of("ship", ship, verbs.ship(), verbs.shipOptions()));
    String verify = "Check that nothing is missing: exit 0 balanced, 3 unproven, 1 not balanced.";
    add(
        root,
        asked,
        "verify",
        verify,
        () ->
            LookCommand.of(
                "verify",
                verify,
                verbs.verify(),
                LookCommand.Place.DIRECTORY_OR_URL,
                verbs.verifyOptions().get(),
                verbs.verifyFlags().get()));
    String inspect = "Show what is in a spool and its files.";
    add(
        root,
        asked,
        "inspect",
        inspect,
        () ->
            LookCommand.of(
                "inspect",
                inspect,
                verbs.inspect(),
                LookCommand.Place.DIRECTORY,
                verbs.inspectOptions().get(),
                List.of()));
  }

  /// Adds a verb: whole if it was asked for, else for the help and for what is like it.
  private static void add(
      CommandSpec root,
      String asked,
      String name,
      String description,
      Supplier<CommandSpec> whole) {
    if (asked.isEmpty() || asked.equals(name)) {
      root.addSubcommand(name, whole.get());
      return;
    }
    CommandSpec named = CommandSpec.create().name(name);
    named.usageMessage().description(description);
    root.addSubcommand(name, named);
  }

  static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .type(boolean.class)
        .description("Show this.")
        .build();
  }

  private int execute(CommandLine.ParseResult parsed) {
    if (!parsed.hasSubcommand() && !parsed.isUsageHelpRequested()) {
      CommandLine root = parsed.commandSpec().commandLine();
      err.println("loopgate: no command; allowed: " + commands(root) + " (loopgate help)");
      return USAGE;
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private int refused(ParameterException e) {
    StringBuilder text = new StringBuilder("loopgate: ");
    if (e instanceof UnmatchedArgumentException unmatched) {
      boolean hasCommands = !e.getCommandLine().getSubcommands().isEmpty();
      text.append(hasCommands ? "unknown command or option " : "unknown argument ");
      text.append('"').append(unmatched.getUnmatched().getFirst()).append('"');
      List<String> near = unmatched.getSuggestions();
      if (!near.isEmpty()) {
        text.append("; did you mean ").append(near.getFirst()).append('?');
      } else if (hasCommands) {
        text.append("; allowed: ").append(commands(e.getCommandLine()));
      }
    } else if (e instanceof MissingParameterException) {
      text.append(lowerFirst(String.valueOf(e.getMessage())));
    } else {
      text.append(e.getMessage());
    }
    text.append(" (loopgate help ").append(helpOf(e.getCommandLine())).append(')');
    err.println(PrintableText.line(text.toString().replace(" )", ")")));
    return USAGE;
  }

  private int failed(Exception e, CommandLine at) throws IOException {
    if (e instanceof IOException) {
      err.println(
          PrintableText.line(
              "loopgate: " + at.getCommandName() + ": " + String.valueOf(e.getMessage())));
      return FAILED;
    }
    if (e instanceof RuntimeException bug) {
      throw bug;
    }
    throw new IOException(e);
  }

  private static String helpOf(CommandLine command) {
    CommandLine above = command.getParent();
    return above == null ? "" : (helpOf(above) + " " + command.getCommandName()).strip();
  }

  private static String commands(CommandLine root) {
    return String.join(", ", root.getSubcommands().keySet());
  }

  private static String lowerFirst(String text) {
    return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
