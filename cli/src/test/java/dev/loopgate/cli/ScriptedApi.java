package dev.loopgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A server that answers what a test says, in that order for each question, and remembers what it
/// was asked. What the test says nothing of is answered 599 and fails [#close]. Any thread.
final class ScriptedApi implements AutoCloseable {
  /// A question.
  ///
  /// @param target path and query, as they came
  record Asked(String method, String target, Map<String, String> headers, String body) {
    String line() {
      return method + " " + target;
    }
  }

  private record Answer(int status, String body, Map<String, String> headers) {}

  private final HttpServer server;
  private final Map<String, Deque<Answer>> answers = new LinkedHashMap<>();
  private final List<Asked> asked = new ArrayList<>();
  private final List<String> unexpected = new ArrayList<>();

  ScriptedApi() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// The next answer to `line` (method, path and query); the last one stays.
  synchronized ScriptedApi answers(String line, int status, String body) {
    return answers(line, status, body, Map.of());
  }

  synchronized ScriptedApi answers(
      String line, int status, String body, Map<String, String> headers) {
    answers.computeIfAbsent(line, _ -> new ArrayDeque<>()).add(new Answer(status, body, headers));
    return this;
  }

  synchronized List<Asked> asked() {
    return List.copyOf(asked);
  }

  List<String> lines() {
    return asked().stream().map(Asked::line).toList();
  }

  @Override
  public void close() {
    server.stop(0);
    synchronized (this) {
      assertThat(unexpected).as("what nobody said an answer to").isEmpty();
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Map<String, String> headers = new LinkedHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
      Asked question =
          new Asked(
              exchange.getRequestMethod(), exchange.getRequestURI().toString(), headers, body);
      Answer answer = next(question);
      answer.headers().forEach(exchange.getResponseHeaders()::add);
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
      if (bytes.length > 0) {
        exchange.getResponseBody().write(bytes);
      }
    }
  }

  private synchronized Answer next(Asked question) {
    asked.add(question);
    Deque<Answer> left = answers.get(question.line());
    if (left == null) {
      unexpected.add(question.line());
      return new Answer(599, "", Map.of());
    }
    return left.size() > 1 ? left.pop() : left.getFirst();
  }
}
