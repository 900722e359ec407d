package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/// `model invoke`: a prediction.
final class ModelInvoke implements ClientVerb {
  private static final int SECONDS = 600; // a model may have to be woken

  private ModelInvoke() {}

  static CommandSpec of(Surroundings around) {
    CommandSpec spec =
        ClientCommand.of("invoke", "Ask a model for a prediction.", new ModelInvoke(), around);
    ModelAddress.addOptions(spec);
    ClientOptions.addText(spec, "JSON", "The request.", ModelCalls.JSON);
    ClientOptions.addText(
        spec, "FILE", "A file with the request.", "-f", ClientOptions.FILE, "--json-file");
    ClientOptions.addText(
        spec, "NAME", "Of a model that is asked by the V2 protocol.", ModelAddress.MODEL_NAME);
    ClientOptions.addText(spec, "ID", "The prediction's id.", ModelCalls.REQUEST_ID);
    ClientOptions.addText(
        spec, "SECONDS", "How long to wait (" + SECONDS + ").", ClientOptions.TIMEOUT);
    return spec;
  }

  @Override
  public int run(Call call) throws ClientException, InterruptedException {
    ModelCalls calls = new ModelCalls(call, call.timeout(SECONDS));
    ModelAddress address = new ModelAddress(call);
    String body = ModelCalls.body(call);
    Map<String, String> headers = new LinkedHashMap<>();
    ModelCalls.addHeader(headers, "request-id", call.text(ModelCalls.REQUEST_ID));
    String url = address.url() + path(call, address, body);
    HttpCalls.Answer answer = calls.ask("POST", url, headers, body);
    ModelCalls.print(call, answer);
    String id = answer.headers().getOrDefault("request-id", "");
    if (!id.isEmpty()) {
      call.tell("request-id: " + id);
    }
    return Cli.OK;
  }

  /// A request of V2 has a list of inputs; any other is odahu-ml-server's.
  private static String path(Call call, ModelAddress address, String body)
      throws ClientException, InterruptedException {
    String name = call.text(ModelAddress.MODEL_NAME);
    boolean v2 = !name.isEmpty() || JsonText.read(body).map(ModelInvoke::isOfV2).orElse(false);
    if (!v2) {
      return "/api/model/invoke";
    }
    return "/v2/models/"
        + UrlText.segment(name.isEmpty() ? address.named().name() : name)
        + "/infer";
  }

  private static boolean isOfV2(JsonNode body) {
    return body.path("inputs").isArray();
  }
}
