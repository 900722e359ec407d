package dev.loopgate.cli;

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/// `logs`, `wake` and `wait`: what a deployment does.
final class DeploymentVerb {
  private static final String BYTES = "--bytes";
  private static final String FOR = "--for";
  private static final int LOG_BYTES = 64 << 10;
  private static final List<String> CONDITIONS = List.of("Ready", "Asleep", "Awake", "deleted");

  private DeploymentVerb() {}

  static CommandSpec logs(Surroundings around) {
    CommandSpec spec =
        of("logs", "Show what a deployment's servers printed.", DeploymentVerb::logs, around);
    ClientOptions.addText(spec, "N", "How many bytes of its end (" + LOG_BYTES + ").", BYTES);
    return spec;
  }

  static CommandSpec wake(Surroundings around) {
    CommandSpec spec =
        of("wake", "Have a deployment that sleeps started.", DeploymentVerb::wake, around);
    ClientOptions.addFormat(spec);
    return spec;
  }

  static CommandSpec wait(Surroundings around) {
    CommandSpec spec =
        of("wait", "Wait until a deployment is as it should be.", DeploymentVerb::await, around);
    ClientOptions.addText(spec, "CONDITION", String.join(", ", CONDITIONS) + " (Ready).", FOR);
    ClientOptions.addText(
        spec,
        "SECONDS",
        "How long to wait (" + EntityWrite.DEPLOYMENT_SECONDS + ").",
        ClientOptions.TIMEOUT);
    return spec;
  }

  private static CommandSpec of(
      String name, String description, ClientVerb verb, Surroundings around) {
    CommandSpec spec = ClientCommand.of(name, description, verb, around);
    ClientOptions.addAccess(spec);
    ClientOptions.addArguments(spec, List.of("ID"));
    return spec;
  }

  private static int logs(Call call) throws ClientException, InterruptedException {
    String bytes = call.text(BYTES);
    if (!bytes.isEmpty() && !bytes.matches("[1-9][0-9]{0,8}")) {
      throw call.usage("bytes must be positive integer");
    }
    String text = call.api().logs(id(call), bytes.isEmpty() ? LOG_BYTES : Integer.parseInt(bytes));
    call.out().print(PrintableText.lines(text));
    if (!text.isEmpty() && !text.endsWith("\n")) {
      call.out().println();
    }
    call.out().flush();
    return Cli.OK;
  }

  private static int wake(Call call) throws ClientException, InterruptedException {
    OutputFormat format = call.format();
    EntityGet.print(call, EntityKind.DEPLOYMENT, format, List.of(call.api().wake(id(call))));
    return Cli.OK;
  }

  private static int await(Call call) throws ClientException, InterruptedException {
    String until = call.text(FOR).isEmpty() ? "Ready" : call.text(FOR);
    Duration within = call.timeout(EntityWrite.DEPLOYMENT_SECONDS);
    String condition =
        CONDITIONS.stream()
            .filter(each -> each.equalsIgnoreCase(until))
            .findFirst()
            .orElseThrow(() -> call.usage("--for: allowed: " + String.join(", ", CONDITIONS)));
    String id = id(call);
    Patience patience = new Patience(call, call.api());
    switch (condition) {
      case "Ready" -> patience.untilReady(EntityKind.DEPLOYMENT, id, within);
      case "Awake" -> patience.untilAwake(id, within);
      case "Asleep" -> patience.untilAsleep(id, within);
      default -> {
        patience.untilGone(EntityKind.DEPLOYMENT, id, within);
        call.out().println("Model deployment " + PrintableText.line(id) + " is deleted");
      }
    }
    return Cli.OK;
  }

  private static String id(Call call) throws ClientException {
    String id = call.argument(0);
    if (id.isEmpty()) {
      throw new ClientException("You should provide an ID.");
    }
    return id;
  }
}
