package dev.loopgate.app;

import dev.loopgate.testkit.GatewayProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

/// Asks a gateway as a program of its user's does.
final class ApiCaller implements AutoCloseable {
  private final HttpClient client = HttpClient.newHttpClient();

  /// The sample as an image of one's own.
  static String wineModel() {
    return "exec:'"
        + Path.of(System.getProperty("java.home"), "bin", "java")
        + "' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx48m -cp '"
        + Command.jar()
        + "' dev.loopgate.examples.WineModel";
  }

  static URI at(GatewayProcess gateway, String path) {
    return URI.create("http://127.0.0.1:" + gateway.address().getPort() + path);
  }

  HttpClient client() {
    return client;
  }

  /// @param body JSON; empty for none
  /// @param headers names and values in turn
  HttpResponse<String> ask(
      GatewayProcess gateway, String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at(gateway, path))
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("content-type", "application/json");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    client.close();
  }
}
