package dev.loopgate.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/// `bulk apply`, `bulk delete` and `apply`: all that a file declares, in its order. One that does
/// not work keeps nobody from the next.
final class ManifestFile implements ClientVerb {
  /// What becomes of what the file says.
  private enum Change {
    APPLY,
    DELETE
  }

  private final Change change;
  private final List<String> created = new ArrayList<>();
  private final List<String> changed = new ArrayList<>();
  private final List<String> removed = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();

  private ManifestFile(Change change) {
    this.change = change;
  }

  static CommandSpec bulkApply(Surroundings around) {
    return bulk(Change.APPLY, "apply", "Declare all that a file says.", around);
  }

  static CommandSpec bulkDelete(Surroundings around) {
    return bulk(Change.DELETE, "delete", "Take back all that a file says.", around);
  }

  static CommandSpec apply(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of(
            "apply", "Declare all that a file says.", new ManifestFile(Change.APPLY), around);
    ClientOptions.addAccess(spec);
    ClientOptions.addFile(spec, "YAML documents or JSON; - for what comes on stdin.");
    return spec;
  }

  private static CommandSpec bulk(
      Change change, String name, String description, Surroundings around) {
    CommandSpec spec = ClientCommand.of(name, description, new ManifestFile(change), around);
    ClientOptions.addAccess(spec);
    ClientOptions.addArguments(spec, List.of("FILE"));
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    String file = call.argument(0).isEmpty() ? call.text(ClientOptions.FILE) : call.argument(0);
    if (file.isEmpty()) {
      throw call.usage("missing option '-f' / '--file'");
    }
    List<Manifest> manifests = Manifest.all(file, call.around().in());
    ApiClient api = call.api();
    for (Manifest manifest : manifests) {
      try {
        switch (change) {
          case APPLY -> apply(call, api, manifest);
          case DELETE -> delete(api, manifest);
        }
      } catch (ClientException e) {
        boolean hopeless = e.isUnsent() || e.status() == 401; // the next one would end the same way
        boolean isFirst =
            created.isEmpty() && changed.isEmpty() && removed.isEmpty() && errors.isEmpty();
        if (hopeless && isFirst) {
          throw e;
        }
        errors.add(manifest.shown() + ": " + e.getMessage());
        if (hopeless) {
          break;
        }
      }
    }
    if (!errors.isEmpty()) {
      call.out().println("Some errors detected:");
      errors.forEach(error -> call.out().println("\t" + error));
    }
    call.out()
        .println(
            "Operation completed, created resources: "
                + counted(created)
                + ", changed resources: "
                + counted(changed)
                + ", removed resources: "
                + counted(removed));
    return errors.isEmpty() ? Cli.OK : Cli.FAILED;
  }

  private void apply(Call call, ApiClient api, Manifest manifest)
      throws ClientException, InterruptedException {
    if (manifest.fillIn()) {
      call.tell(manifest.shown() + " names no predictor, so odahu-ml-server is taken");
    }
    try {
      api.edit(manifest);
      changed.add(manifest.shown());
    } catch (ClientException e) {
      if (e.status() != 404) {
        throw e;
      }
      api.create(manifest);
      created.add(manifest.shown());
    }
  }

  private void delete(ApiClient api, Manifest manifest)
      throws ClientException, InterruptedException {
    if (manifest.id().isEmpty()) {
      throw new ClientException("it names no id");
    }
    try {
      api.delete(manifest.kind(), manifest.id());
      removed.add(manifest.shown());
    } catch (ClientException e) {
      if (e.status() != 404) {
        throw e; // what is gone is what was wanted
      }
    }
  }

  private static String counted(List<String> names) {
    return names.isEmpty() ? "0" : names.size() + " (" + String.join(", ", names) + ")";
  }
}
