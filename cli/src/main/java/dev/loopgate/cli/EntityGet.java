package dev.loopgate.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/// `get`: one, or all.
final class EntityGet implements ClientVerb {
  private static final String DECRYPTED = "--decrypted";

  private final EntityKind kind;

  private EntityGet(EntityKind kind) {
    this.kind = kind;
  }

  static CommandSpec of(EntityKind kind, Surroundings around) {
    CommandSpec spec = ClientCommand.of("get", "Show one, or all.", new EntityGet(kind), around);
    ClientOptions.addAccess(spec);
    ClientOptions.addId(spec, kind, "Which; all when none is given.");
    ClientOptions.addFormat(spec);
    if (kind == EntityKind.CONNECTION) {
      ClientOptions.addFlag(spec, "Show its secrets, too (base64).", "-d", DECRYPTED);
    }
    return spec;
  }

  /// Prints these, each with its kind.
  static void print(Call call, EntityKind kind, OutputFormat format, List<ObjectNode> shown)
      throws ClientException {
    List<ObjectNode> named =
        shown.stream()
            .map(each -> {
              ObjectNode entity = JsonNodeFactory.instance.objectNode().put("kind", kind.word());
              entity.setAll(each);
              return entity.put("kind", kind.word());
            })
            .toList();
    String text = format.text(named);
    if (!text.isEmpty()) {
      call.out().println(text);
    }
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    OutputFormat format = call.format();
    String id = call.text("--id");
    boolean decrypted = call.has(DECRYPTED);
    if (decrypted && id.isEmpty()) {
      throw new ClientException("You should provide an ID to see secrets.");
    }
    ApiClient api = call.api();
    List<ObjectNode> found =
        id.isEmpty() ? api.all(kind) : List.of(api.one(kind, id, decrypted ? "/decrypted" : ""));
    print(call, kind, format, found);
    return Cli.OK;
  }
}
