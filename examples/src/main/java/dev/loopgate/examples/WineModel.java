package dev.loopgate.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// The wine-quality model server: the paths of `odahu-ml-server` and of the Open Inference Protocol
/// V2 on 127.0.0.1. `PORT` or `--port N` says where; 0 takes a free port. Any thread: it has no
/// state.
public final class WineModel implements AutoCloseable {
  /// Larger bodies are refused.
  static final int BODY_BYTES_MAX = 8 << 20;

  private static final String MODEL = "/v2/models/" + WineQuality.NAME;
  private static final String USAGE = "usage: WineModel [--port N]   (or PORT=N; 0..65535)";

  private final HttpServer server;
  private final ExecutorService workers;

  private WineModel(HttpServer server, ExecutorService workers) {
    this.server = server;
    this.workers = workers;
  }

  private record Answer(int status, String json) {}

  /// Starts the server, which runs until SIGTERM.
  public static void main(String[] arguments) {
    String port = port(arguments, System.getenv("PORT"));
    if (port == null || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
      System.err.println(USAGE);
      System.exit(2);
      return;
    }
    try {
      WineModel model = listen(Integer.parseInt(port));
      Runtime.getRuntime().addShutdownHook(new Thread(model::close, "shutdown"));
      System.out.println(
          WineQuality.NAME + " " + WineQuality.VERSION + " on http://127.0.0.1:" + model.port());
    } catch (IOException e) {
      System.err.println("listen on 127.0.0.1:" + port + ": " + e.getMessage());
      System.exit(1);
    }
  }

  /// A server that answers already.
  static WineModel listen(int port) throws IOException {
    // Else the second packet of an answer waits 40 ms for the peer's delayed ACK.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 1024);
    ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    server.setExecutor(workers);
    server.createContext("/", WineModel::serve);
    server.start();
    return new WineModel(server, workers);
  }

  /// Where it listens.
  int port() {
    return server.getAddress().getPort();
  }

  /// Takes no more requests, and gives those that run a second.
  @Override
  public void close() {
    server.stop(1);
    workers.shutdownNow();
  }

  private static @Nullable String port(String[] arguments, @Nullable String environment) {
    if (arguments.length == 0) {
      return environment == null ? "5000" : environment;
    }
    return arguments.length == 2 && arguments[0].equals("--port") ? arguments[1] : null;
  }

  private static void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer = answer(exchange);
      byte[] json = answer.json().getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.getResponseHeaders().set("Model-Name", WineQuality.NAME);
      exchange.getResponseHeaders().set("Model-Version", WineQuality.VERSION);
      exchange.sendResponseHeaders(answer.status(), json.length);
      exchange.getResponseBody().write(json);
    }
  }

  private static Answer answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String model = MODEL;
    if (path.startsWith(MODEL + "/versions/" + WineQuality.VERSION)) {
      model = MODEL + "/versions/" + WineQuality.VERSION;
    }
    boolean isInvoke = path.equals("/api/model/invoke");
    if (isInvoke || path.equals(model + "/infer")) {
      return exchange.getRequestMethod().equals("POST")
          ? predict(exchange, isInvoke)
          : wrongMethod(exchange, "POST");
    }
    String json = document(path, model);
    if (json == null) {
      return path.startsWith("/v2/")
          ? new Answer(404, "{\"error\":\"unknown model, version or path\"}")
          : new Answer(404, "{\"message\":\"unknown path\"}");
    }
    return exchange.getRequestMethod().equals("GET")
        ? new Answer(200, json)
        : wrongMethod(exchange, "GET");
  }

  private static @Nullable String document(String path, String model) {
    if (path.equals(model)) {
      return InferApi.model();
    }
    if (path.equals(model + "/ready")) {
      return "{\"name\":\"" + WineQuality.NAME + "\",\"ready\":true}";
    }
    return switch (path) {
      case "/healthcheck" -> "{\"status\":\"ok\"}";
      case "/api/model/info" -> InfoApi.document();
      case "/v2", "/v2/" -> InferApi.server();
      case "/v2/health/live" -> "{\"live\":true}";
      case "/v2/health/ready" -> "{\"ready\":true}";
      default -> null;
    };
  }

  /// The first protocol answers every error with 500 and `message`, the second with 400 and
  /// `error`.
  private static Answer predict(HttpExchange exchange, boolean isInvoke) throws IOException {
    try {
      String body = body(exchange);
      return new Answer(200, isInvoke ? InvokeApi.answer(body) : InferApi.answer(body));
    } catch (BadRequestException e) {
      String text = Json.quoted(String.valueOf(e.getMessage()));
      return isInvoke
          ? new Answer(500, "{\"message\":" + text + "}")
          : new Answer(400, "{\"error\":" + text + "}");
    }
  }

  private static String body(HttpExchange exchange) throws IOException, BadRequestException {
    try (InputStream in = exchange.getRequestBody()) {
      byte[] body = in.readNBytes(BODY_BYTES_MAX + 1);
      if (body.length > BODY_BYTES_MAX) {
        throw new BadRequestException("the body is larger than " + BODY_BYTES_MAX + " bytes");
      }
      return new String(body, UTF_8);
    }
  }

  private static Answer wrongMethod(HttpExchange exchange, String allowed) {
    exchange.getResponseHeaders().set("Allow", allowed);
    return new Answer(
        405, "{\"message\":\"method not allowed here\",\"error\":\"allowed: " + allowed + "\"}");
  }
}
