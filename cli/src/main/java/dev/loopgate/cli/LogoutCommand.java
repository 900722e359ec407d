package dev.loopgate.cli;

import picocli.CommandLine.Model.CommandSpec;

/// `logout`: forgets credentials.
final class LogoutCommand implements ClientVerb {
  private LogoutCommand() {}

  static CommandSpec of(Surroundings around) {
    return ClientCommand.of("logout", "Forget credentials.", new LogoutCommand(), around);
  }

  @Override
  public int run(Call call) throws ClientException {
    call.settings().file().change(LoginCommand.nothing());
    call.out().println("All authorization credentials have been removed");
    return Cli.OK;
  }
}
