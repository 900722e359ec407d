package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// Where an issuer publishes its keys: strict about how it is asked, and as bad as the test wants.
final class KeysServer implements AutoCloseable {
  /// What is done with a request.
  @FunctionalInterface
  interface Answer {
    void give(HttpExchange exchange) throws Exception;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger asked = new AtomicInteger();
  private final List<String> faults = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Answer answer;

  KeysServer(Answer answer) throws IOException {
    this.answer = answer;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/certs?secret=s3cr3t");
  }

  void answer(Answer next) {
    answer = next;
  }

  int asked() {
    return asked.get();
  }

  static Answer keys(Issuer... issuers) {
    return text(200, Issuer.keys(issuers));
  }

  static Answer text(int status, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return exchange -> {
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(bytes);
      }
    };
  }

  /// Never answers.
  Answer hanging() {
    return _ -> closed.await();
  }

  /// Sends a head and a byte, and nothing more.
  Answer trickling() {
    return exchange -> {
      exchange.sendResponseHeaders(200, 1000);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      closed.await();
    };
  }

  /// Sends blanks without an end.
  static Answer endless() {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      byte[] blanks = " ".repeat(1 << 16).getBytes(UTF_8);
      try (OutputStream out = exchange.getResponseBody()) {
        for (int i = 0; i < 10_000; i++) {
          out.write(blanks);
        }
      }
    };
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
    synchronized (faults) {
      if (!faults.isEmpty()) {
        throw new AssertionError("asked wrongly: " + faults);
      }
    }
  }

  private void handle(HttpExchange exchange) {
    asked.incrementAndGet();
    String line = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    boolean right =
        line.equals("GET /certs?secret=s3cr3t")
            && String.valueOf(exchange.getRequestHeaders().getFirst("accept")).contains("json")
            && !exchange.getRequestHeaders().containsKey("authorization");
    if (!right) {
      synchronized (faults) {
        faults.add(line);
      }
    }
    try (exchange) {
      answer.give(exchange);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (Exception _) {
      // The other side has had enough, as it may.
    }
  }
}
