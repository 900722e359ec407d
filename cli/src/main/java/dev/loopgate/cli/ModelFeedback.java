package dev.loopgate.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/// `model feedback`: what became of a prediction.
final class ModelFeedback implements ClientVerb {
  private static final String PATH = "/api/v1/feedback/model";
  private static final String MODEL_VERSION = "--model-version";
  private static final String IDEMPOTENCY_KEY = "--idempotency-key";
  private static final int SECONDS = 30;

  private ModelFeedback() {}

  static CommandSpec of(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of(
            "feedback", "Say what became of a prediction.", new ModelFeedback(), around);
    ModelAddress.addOptions(spec);
    ClientOptions.addText(spec, "NAME", "The model's name.", ModelAddress.MODEL_NAME);
    ClientOptions.addText(spec, "VERSION", "The model's version.", MODEL_VERSION);
    ClientOptions.addText(spec, "ID", "The prediction's id.", ModelCalls.REQUEST_ID);
    ClientOptions.addText(spec, "JSON", "What became of it.", ModelCalls.JSON);
    ClientOptions.addText(spec, "FILE", "A file with it.", "-f", ClientOptions.FILE, "--json-file");
    ClientOptions.addText(spec, "KEY", "Feedback of the same key counts once.", IDEMPOTENCY_KEY);
    ClientOptions.addText(
        spec, "SECONDS", "How long to wait (" + SECONDS + ").", ClientOptions.TIMEOUT);
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    ModelCalls calls = new ModelCalls(call, call.timeout(SECONDS));
    ModelAddress address = new ModelAddress(call);
    if (call.text(ModelCalls.REQUEST_ID).isEmpty()) {
      throw call.usage("missing option '--request-id'");
    }
    String body = ModelCalls.body(call);
    if (JsonText.read(body).isEmpty()) {
      throw new ClientException("Feedback is not valid JSON");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    ModelCalls.addHeader(headers, "request-id", call.text(ModelCalls.REQUEST_ID));
    ModelCalls.addHeader(headers, "idempotency-key", call.text(IDEMPOTENCY_KEY));
    ModelAddress.Named named = named(call, address);
    ModelCalls.addHeader(headers, "model-name", named.name());
    ModelCalls.addHeader(headers, "model-version", named.version());
    ModelCalls.print(call, calls.ask("POST", address.base() + PATH, headers, body));
    return Cli.OK;
  }

  private static ModelAddress.Named named(Call call, ModelAddress address)
      throws ClientException, InterruptedException {
    String name = call.text(ModelAddress.MODEL_NAME);
    String version = call.text(MODEL_VERSION);
    if (name.isEmpty() != version.isEmpty()) {
      throw new ClientException("You should provide both --model-name and --model-version.");
    }
    return name.isEmpty() ? address.named() : new ModelAddress.Named(name, version);
  }
}
