package dev.loopgate.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// `version`: one line.
final class VersionCommand implements Callable<Integer> {
  private final String version;
  private final CommandSpec spec;

  private VersionCommand(String version) {
    this.version = version;
    this.spec = CommandSpec.wrapWithoutInspection(this);
  }

  static CommandSpec of(String version) {
    CommandSpec spec = new VersionCommand(version).spec.name("version");
    spec.usageMessage().description("Print the version.");
    return spec.addOption(Cli.help());
  }

  @Override
  public Integer call() {
    spec.commandLine().getOut().println(version);
    return Cli.OK;
  }
}
