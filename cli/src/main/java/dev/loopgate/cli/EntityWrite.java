package dev.loopgate.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/// `create` and `edit`: declares what a file says, and waits until it is so.
final class EntityWrite implements ClientVerb {
  static final int DEPLOYMENT_SECONDS = 1_200;
  static final int ROUTE_SECONDS = 600;

  private static final String IGNORE_IF_EXISTS = "--ignore-if-exists";
  private static final String IMAGE = "--image";

  /// What becomes of it.
  private enum Change {
    CREATE,
    EDIT
  }

  private final EntityKind kind;
  private final Change change;

  private EntityWrite(EntityKind kind, Change change) {
    this.kind = kind;
    this.change = change;
  }

  static CommandSpec create(EntityKind kind, Surroundings around) {
    CommandSpec spec = of(kind, Change.CREATE, "create", "Declare what a file says.", around);
    if (kind == EntityKind.DEPLOYMENT) {
      ClientOptions.addFlag(spec, "Do nothing if it is there.", IGNORE_IF_EXISTS);
    }
    return spec;
  }

  static CommandSpec edit(EntityKind kind, Surroundings around) {
    return of(kind, Change.EDIT, "edit", "Declare anew what is there.", around);
  }

  private static CommandSpec of(
      EntityKind kind, Change change, String name, String description, Surroundings around) {
    CommandSpec spec = ClientCommand.of(name, description, new EntityWrite(kind, change), around);
    ClientOptions.addAccess(spec);
    ClientOptions.addFile(spec, "The manifest, YAML or JSON; - for what comes on stdin.");
    ClientOptions.addId(spec, kind, "In place of the manifest's.");
    switch (kind) {
      case DEPLOYMENT -> {
        ClientOptions.addText(spec, "IMAGE", "In place of the manifest's.", IMAGE);
        ClientOptions.addWait(spec, DEPLOYMENT_SECONDS);
      }
      case ROUTE -> ClientOptions.addWait(spec, ROUTE_SECONDS);
      case CONNECTION -> ClientOptions.addFormat(spec);
    }
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    Optional<Duration> waiting =
        kind == EntityKind.CONNECTION
            ? Optional.empty()
            : call.waiting(kind == EntityKind.ROUTE ? ROUTE_SECONDS : DEPLOYMENT_SECONDS);
    OutputFormat format = call.format();
    Manifest manifest = manifest(call);
    ApiClient api = call.api();
    ObjectNode kept;
    try {
      kept = change == Change.CREATE ? api.create(manifest) : api.edit(manifest);
    } catch (ClientException e) {
      if (e.status() == 409 && call.has(IGNORE_IF_EXISTS)) {
        call.out().println("Deployment already exists");
        return Cli.OK;
      }
      throw e;
    }
    if (kind == EntityKind.CONNECTION) {
      EntityGet.print(call, kind, format, List.of(kept));
      return Cli.OK;
    }
    String id = kept.path("id").asText(manifest.id());
    if (waiting.isEmpty()) {
      call.out()
          .println(
              kind.noun()
                  + " "
                  + PrintableText.line(id)
                  + " was "
                  + (change == Change.CREATE ? "created" : "updated"));
      return Cli.OK;
    }
    new Patience(call, api).untilReady(kind, id, waiting.get());
    return Cli.OK;
  }

  private Manifest manifest(Call call) throws ClientException {
    String file = call.text(ClientOptions.FILE);
    if (file.isEmpty()) {
      throw call.usage("missing option '-f' / '--file'");
    }
    Manifest manifest = Manifest.one(kind, file, call.around().in());
    call.given("--id").ifPresent(id -> manifest.tree().put("id", id));
    Optional<String> image = kind == EntityKind.DEPLOYMENT ? call.given(IMAGE) : Optional.empty();
    if (image.isPresent()) {
      manifest.tree().withObject("/spec").put("image", image.get());
    }
    if (manifest.fillIn()) {
      call.tell(manifest.shown() + " names no predictor, so odahu-ml-server is taken");
    }
    return manifest;
  }
}
