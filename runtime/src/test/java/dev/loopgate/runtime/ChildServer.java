package dev.loopgate.runtime;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// A model server in a JVM of its own: listens where its environment says and prints where it is.
/// It is one class, so that a jar of it has one entry.
public final class ChildServer {
  private ChildServer() {}

  /// Serves until it is ended.
  ///
  /// @param arguments what `/version` answers after some work, and a file that makes the server
  ///   unwell while it is there; both may be left out
  public static void main(String[] arguments) throws Exception {
    String version = arguments.length > 0 ? arguments[0] : "1";
    Path unwell = Path.of(arguments.length > 1 ? arguments[1] : "unwell");
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          if (exchange.getRequestURI().getPath().equals("/version")) {
            LockSupport.parkNanos(50_000_000); // so that something is in flight
          }
          byte[] body = version.getBytes(StandardCharsets.UTF_8);
          boolean isQuestion = exchange.getRequestURI().getPath().matches("/healthcheck|.*/ready");
          exchange.sendResponseHeaders(isQuestion && Files.exists(unwell) ? 503 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    System.out.println(
        "id=" + System.getenv("MODEL_ID") + " colour=" + System.getenv("MODEL_COLOUR"));
    System.err.println("in " + Path.of("").toAbsolutePath().getFileName());
  }
}
