package dev.loopgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/// Where a model is, by what was typed. The API is asked only for what the address does not say.
final class ModelAddress {
  static final String BASE_URL = "--base-url";
  static final String MODEL_NAME = "--model-name";

  private static final String ROUTE = "--model-route";
  private static final String DEPLOYMENT = "--model-deployment";
  private static final String URL_PREFIX = "--url-prefix";

  private final Call call;

  ModelAddress(Call call) {
    this.call = call;
  }

  /// The name and version of a model.
  record Named(String name, String version) {}

  static void addOptions(CommandSpec spec) {
    ClientOptions.addText(spec, "ID", "The route that leads to it.", "--mr", ROUTE);
    ClientOptions.addText(spec, "ID", "The deployment that serves it.", "--md", DEPLOYMENT);
    ClientOptions.addText(spec, "PATH", "The path before the model's own.", URL_PREFIX);
    ClientOptions.addText(spec, "URL", "The server before that path (API_URL).", BASE_URL);
    ClientOptions.addAccess(spec);
  }

  /// The server.
  String base() throws ClientException {
    Optional<String> typed = call.given(BASE_URL);
    if (typed.isPresent() && typed.get().isBlank()) {
      throw new ClientException("Base url is required");
    }
    return typed.isPresent() ? UrlText.base(typed.get()) : call.apiUrl();
  }

  /// The model's own root, without a slash at its end.
  String url() throws ClientException, InterruptedException {
    String base = base();
    String prefix = call.text(URL_PREFIX);
    if (!prefix.isEmpty()) {
      return base + path(prefix);
    }
    String deployment = deployment();
    if (!deployment.isEmpty()) {
      return base + "/model/" + UrlText.segment(deployment);
    }
    ObjectNode route = call.api().one(EntityKind.ROUTE, neededRoute());
    String edge = route.path("status").path("edgeUrl").asText("");
    boolean elsewhere = call.given(BASE_URL).isEmpty() && !edge.isEmpty();
    return elsewhere
        ? UrlText.base(edge)
        : base + path(route.path("spec").path("urlPrefix").asText(""));
  }

  /// What the model is called, as its deployment knows it.
  Named named() throws ClientException, InterruptedException {
    JsonNode status = declared().path("status");
    Named named =
        new Named(status.path("modelName").asText(""), status.path("modelVersion").asText(""));
    if (named.name.isEmpty()) {
      throw new ClientException(
          "The model's name is not known yet: it is learned from its server when that first runs");
    }
    return named;
  }

  /// Whether the API knows how the model is asked; else it is asked as odahu-ml-server.
  boolean speaksV2() throws ClientException, InterruptedException {
    if (!call.text(URL_PREFIX).isEmpty()) {
      return false;
    }
    String predictor = declared().path("spec").path("predictor").asText("");
    return predictor.equals("triton") || predictor.equals("open-inference");
  }

  /// The deployment behind the address.
  private ObjectNode declared() throws ClientException, InterruptedException {
    if (!call.text(URL_PREFIX).isEmpty()) {
      throw new ClientException(
          "The model's name is needed beside --url-prefix: --model-name NAME");
    }
    String deployment = deployment();
    ApiClient api = call.api();
    if (deployment.isEmpty()) {
      String id = neededRoute();
      JsonNode targets = api.one(EntityKind.ROUTE, id).path("spec").path("modelDeployments");
      if (targets.size() != 1) {
        throw new ClientException(
            "Route " + PrintableText.line(id) + " leads to several models: --model-name NAME");
      }
      deployment = targets.get(0).path("mdName").asText("");
    }
    return api.one(EntityKind.DEPLOYMENT, deployment);
  }

  /// Empty where a route was named.
  private String deployment() throws ClientException {
    String typed = call.text(DEPLOYMENT);
    if (!typed.isEmpty() || !call.text(ROUTE).isEmpty()) {
      return typed;
    }
    boolean byRoute = !call.settings().get(Variable.MODEL_ROUTE_NAME).isEmpty();
    return byRoute ? "" : call.settings().get(Variable.MODEL_DEPLOYMENT_NAME);
  }

  private String neededRoute() throws ClientException {
    String typed = call.text(ROUTE);
    String route = typed.isEmpty() ? call.settings().get(Variable.MODEL_ROUTE_NAME) : typed;
    if (route.isEmpty()) {
      throw new ClientException(
          "You should provide one of --model-route, --model-deployment, --url-prefix.");
    }
    return route;
  }

  private static String path(String prefix) throws ClientException {
    String path = "/" + prefix.strip().replaceAll("^/+|/+$", "");
    if (!path.matches("[-A-Za-z0-9._~!$&'()*+,;=:@%/]*")) {
      throw new ClientException("\"" + PrintableText.line(prefix, 200) + "\" is no path of a URL");
    }
    return path.equals("/") ? "" : path;
  }
}
