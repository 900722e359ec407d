package dev.loopgate.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
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

  private final CommandLine line;

  /// The command line with these verbs.
  public Cli(Verbs verbs, PrintWriter out, PrintWriter err) {
    CommandSpec root = CommandSpec.create().name("loopgate");
    root.usageMessage()
        .description("Keeps every prediction and what became of it.")
        .synopsisHeading("Usage: ");
    root.addOption(help());
    root.addSubcommand(
        "up",
        ServeCommand.of(
            "up", "Serve with a sample model, to look at.", verbs.up(), verbs.options()));
    root.addSubcommand(
        "gateway",
        ServeCommand.of(
            "gateway", "Serve in front of models that run.", verbs.gateway(), verbs.options()));
    root.addSubcommand(
        "sidecar",
        ServeCommand.of(
            "sidecar",
            "Serve beside a model server, where connections are redirected (loopgate iptables).",
            verbs.sidecar(),
            verbs.options()));
    root.addSubcommand(
        "config",
        ServeCommand.of(
            "config", "Print every setting and what holds.", verbs.config(), verbs.options()));
    root.addSubcommand(
        "ship",
        ServeCommand.of(
            "ship",
            "Publish what a spool holds whose gateway is gone.",
            verbs.ship(),
            verbs.shipOptions()));
    root.addSubcommand(
        "verify",
        LookCommand.of(
            "verify",
            "Check that nothing is missing: exit 0 balanced, 3 unproven, 1 not balanced.",
            verbs.verify(),
            LookCommand.Place.DIRECTORY_OR_URL,
            verbs.verifyOptions(),
            verbs.verifyFlags()));
    root.addSubcommand(
        "inspect",
        LookCommand.of(
            "inspect",
            "Show what is in a spool and its files.",
            verbs.inspect(),
            LookCommand.Place.DIRECTORY,
            verbs.inspectOptions(),
            List.of()));
    verbs.others().forEach(each -> root.addSubcommand(each.name(), ServeCommand.of(each)));
    root.addSubcommand("version", VersionCommand.of(verbs.version()));
    root.addSubcommand("help", HelpCommand.of());
    this.line =
        new CommandLine(root)
            .setOut(out)
            .setErr(err)
            .setExpandAtFiles(false)
            .setTrimQuotes(false)
            .setUsageHelpWidth(WIDTH)
            .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
            .setExecutionStrategy(this::execute)
            .setParameterExceptionHandler((e, _) -> refused(e))
            .setExecutionExceptionHandler((e, at, _) -> failed(e, at));
  }

  /// Does what was typed.
  ///
  /// @return the exit code
  public int run(String... arguments) {
    return line.execute(arguments);
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
      line.getErr().println("loopgate: no command; allowed: " + commands() + " (loopgate help)");
      return USAGE;
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private int refused(ParameterException e) {
    StringBuilder text = new StringBuilder("loopgate: ");
    if (e instanceof UnmatchedArgumentException unmatched) {
      text.append(
          e.getCommandLine().getParent() == null
              ? "unknown command or option "
              : "unknown argument ");
      text.append('"').append(unmatched.getUnmatched().getFirst()).append('"');
      List<String> near = unmatched.getSuggestions();
      if (!near.isEmpty()) {
        text.append("; did you mean ").append(near.getFirst()).append('?');
      } else if (e.getCommandLine().getParent() == null) {
        text.append("; allowed: ").append(commands());
      }
    } else if (e instanceof MissingParameterException) {
      text.append(lowerFirst(String.valueOf(e.getMessage())));
    } else {
      text.append(e.getMessage());
    }
    text.append(" (loopgate help ").append(helpOf(e.getCommandLine())).append(')');
    line.getErr().println(oneLine(text.toString().replace(" )", ")")));
    return USAGE;
  }

  private int failed(Exception e, CommandLine at) throws IOException {
    if (e instanceof IOException) {
      line.getErr()
          .println(
              oneLine("loopgate: " + at.getCommandName() + ": " + String.valueOf(e.getMessage())));
      return FAILED;
    }
    if (e instanceof RuntimeException bug) {
      throw bug;
    }
    throw new IOException(e);
  }

  private String helpOf(CommandLine command) {
    return command.getParent() == null ? "" : command.getCommandName();
  }

  private String commands() {
    return String.join(", ", line.getSubcommands().keySet());
  }

  private static String lowerFirst(String text) {
    return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }

  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    text.chars().forEach(c -> line.append(Character.isISOControl(c) ? '?' : (char) c));
    return line.toString();
  }
}
