package dev.loopgate.cli;

import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/// `model info`: what a model says of itself.
final class ModelInfo implements ClientVerb {
  private static final int SECONDS = 600;

  private ModelInfo() {}

  static CommandSpec of(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of("info", "Show what a model says of itself.", new ModelInfo(), around);
    ModelAddress.addOptions(spec);
    ClientOptions.addText(
        spec, "NAME", "Of a model that is asked by the V2 protocol.", ModelAddress.MODEL_NAME);
    ClientOptions.addText(
        spec, "SECONDS", "How long to wait (" + SECONDS + ").", ClientOptions.TIMEOUT);
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    ModelCalls calls = new ModelCalls(call, call.timeout(SECONDS));
    ModelAddress address = new ModelAddress(call);
    String url = address.url();
    String name = call.text(ModelAddress.MODEL_NAME);
    ModelCalls.print(
        call, name.isEmpty() ? byAddress(calls, address, url) : ofV2(calls, url, name));
    return Cli.OK;
  }

  private static HttpCalls.Answer byAddress(ModelCalls calls, ModelAddress address, String url)
      throws ClientException, InterruptedException {
    try {
      return calls.ask("GET", url + "/api/model/info", Map.of(), "");
    } catch (ClientException e) {
      if (e.status() == 404 && isOfV2(address)) {
        return ofV2(calls, url, address.named().name());
      }
      throw e;
    }
  }

  private static boolean isOfV2(ModelAddress address) throws InterruptedException {
    try {
      return address.speaksV2();
    } catch (ClientException _) {
      return false; // what the model answered says more
    }
  }

  private static HttpCalls.Answer ofV2(ModelCalls calls, String url, String name)
      throws ClientException, InterruptedException {
    return calls.ask("GET", url + "/v2/models/" + UrlText.segment(name), Map.of(), "");
  }
}
