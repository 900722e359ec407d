package dev.loopgate.cli;

import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/// `delete`: takes one back; a deployment is waited for until it is gone.
final class EntityDelete implements ClientVerb {
  private static final String IGNORE_NOT_FOUND = "--ignore-not-found";

  private final EntityKind kind;

  private EntityDelete(EntityKind kind) {
    this.kind = kind;
  }

  static CommandSpec of(EntityKind kind, Surroundings around) {
    CommandSpec spec = ClientCommand.of("delete", "Take one back.", new EntityDelete(kind), around);
    ClientOptions.addAccess(spec);
    ClientOptions.addId(spec, kind, "Which.");
    ClientOptions.addFile(spec, "The manifest that names it.");
    ClientOptions.addFlag(spec, "It is well if there is none.", IGNORE_NOT_FOUND);
    if (kind == EntityKind.DEPLOYMENT) {
      ClientOptions.addWait(spec, EntityWrite.DEPLOYMENT_SECONDS);
    }
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    Optional<Duration> waiting =
        kind == EntityKind.DEPLOYMENT
            ? call.waiting(EntityWrite.DEPLOYMENT_SECONDS)
            : Optional.empty();
    String id = call.idOrFile(kind);
    ApiClient api = call.api();
    String message;
    try {
      message = api.delete(kind, id);
    } catch (ClientException e) {
      if (e.status() == 404 && call.has(IGNORE_NOT_FOUND)) {
        call.out().println(kind.word() + " " + PrintableText.line(id) + " was not found. Ignore");
        return Cli.OK;
      }
      throw e;
    }
    if (waiting.isPresent()) {
      new Patience(call, api).untilGone(kind, id, waiting.get());
    }
    call.out().println(message);
    return Cli.OK;
  }
}
