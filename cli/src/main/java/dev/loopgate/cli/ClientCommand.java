package dev.loopgate.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// Runs a verb of a client, and says what went wrong as its users know it: one line on stdout, and
/// how to learn more.
final class ClientCommand implements Callable<Integer> {
  private final ClientVerb verb;
  private final Surroundings around;
  private final CommandSpec spec;

  private ClientCommand(ClientVerb verb, Surroundings around) {
    this.verb = verb;
    this.around = around;
    this.spec = CommandSpec.wrapWithoutInspection(this);
  }

  /// The command, without options of its own.
  static CommandSpec of(String name, String description, ClientVerb verb, Surroundings around) {
    CommandSpec spec = new ClientCommand(verb, around).spec.name(name);
    spec.usageMessage().description(description);
    ClientOptions.addVerbose(spec);
    return spec.addOption(Cli.help());
  }

  @Override
  public Integer call() {
    try (Call call = new Call(spec, around)) {
      return verb.run(call);
    } catch (ClientException e) {
      return failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(e);
    }
  }

  private int failed(Exception e) {
    PrintWriter out = spec.commandLine().getOut();
    String text = e.getMessage() == null ? e.toString() : e.getMessage();
    out.println("Error: " + PrintableText.lines(text));
    if (isVerbose()) {
      spec.commandLine().getErr().println(PrintableText.lines(text));
      e.printStackTrace(spec.commandLine().getErr());
    } else {
      out.println("For more information rerun command with --verbose flag");
    }
    return Cli.FAILED;
  }

  private boolean isVerbose() {
    try (Call call = new Call(spec, around)) {
      return call.has(ClientOptions.VERBOSE) && !call.has(ClientOptions.NON_VERBOSE);
    }
  }
}
