package dev.loopgate.runtime;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/// A model server in a JVM of its own: listens where its environment says and prints where it is.
public final class ChildServer {
  private ChildServer() {}

  /// Serves until it is ended.
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 0);
    server.createContext(
        "/healthcheck",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    System.out.println(
        "id=" + System.getenv("MODEL_ID") + " colour=" + System.getenv("MODEL_COLOUR"));
    System.err.println("in " + Path.of("").toAbsolutePath().getFileName());
  }
}
