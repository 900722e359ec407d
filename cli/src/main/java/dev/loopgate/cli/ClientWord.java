package dev.loopgate.cli;

import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/// The verbs of a client, and the words before them: they talk HTTP with what serves somewhere.
/// What one is made of is made only when it is asked for, so that a start stays short.
enum ClientWord {
  DEPLOYMENT("deployment", "dep", "Deployments of models."),
  ROUTE("route", "", "Routes to deployments."),
  CONNECTION("connection", "conn", "Credentials for other systems."),
  MODEL("model", "", "Ask a model, or say what became of a prediction."),
  BULK("bulk", "", "All that a file declares."),
  APPLY("apply", "", "Declare all that a file says."),
  LOGS("logs", "", "Show what a deployment's servers printed."),
  WAKE("wake", "", "Have a deployment that sleeps started."),
  WAIT("wait", "", "Wait until a deployment is as it should be."),
  LOGIN("login", "", "Try credentials and keep them."),
  LOGOUT("logout", "", "Forget credentials."),
  TEMPLATE("template", "temp", "Manifests to begin with."),
  COMPLETION("completion", "", "Print what a shell reads to complete verbs.");

  private final String word;
  private final String alias;
  private final String description;

  ClientWord(String word, String alias, String description) {
    this.word = word;
    this.alias = alias;
    this.description = description;
  }

  /// Adds all of them.
  ///
  /// @param asked what was typed first; the others get only a line in the help
  /// @param all whether the others are to be whole, too
  static void addTo(CommandSpec root, Surroundings around, String asked, boolean all) {
    for (ClientWord each : values()) {
      boolean whole = all || Set.of(each.word, each.alias).contains(asked);
      CommandSpec spec = whole ? each.spec(around) : CommandSpec.create().name(each.word);
      spec.usageMessage().description(each.description);
      if (!each.alias.isEmpty()) {
        spec.aliases(each.alias);
      }
      root.addSubcommand(each.word, spec);
    }
  }

  private CommandSpec spec(Surroundings around) {
    return switch (this) {
      case DEPLOYMENT -> entity(EntityKind.DEPLOYMENT, around);
      case ROUTE -> entity(EntityKind.ROUTE, around);
      case CONNECTION -> entity(EntityKind.CONNECTION, around);
      case MODEL ->
          group(List.of(ModelInvoke.of(around), ModelInfo.of(around), ModelFeedback.of(around)));
      case BULK ->
          withAccess(
              group(List.of(ManifestFile.bulkApply(around), ManifestFile.bulkDelete(around))));
      case APPLY -> ManifestFile.apply(around);
      case LOGS -> DeploymentVerb.logs(around);
      case WAKE -> DeploymentVerb.wake(around);
      case WAIT -> DeploymentVerb.wait(around);
      case LOGIN -> LoginCommand.of(around);
      case LOGOUT -> LogoutCommand.of(around);
      case TEMPLATE -> group(TemplateVerb.of(around));
      case COMPLETION -> CompletionCommand.of(around);
    };
  }

  private CommandSpec entity(EntityKind kind, Surroundings around) {
    return withAccess(
        group(
            List.of(
                EntityGet.of(kind, around),
                EntityWrite.create(kind, around),
                EntityWrite.edit(kind, around),
                EntityDelete.of(kind, around))));
  }

  private CommandSpec group(List<CommandSpec> verbs) {
    return CommandGroup.of(word, description, verbs);
  }

  private static CommandSpec withAccess(CommandSpec group) {
    ClientOptions.addAccess(group);
    return group;
  }
}
