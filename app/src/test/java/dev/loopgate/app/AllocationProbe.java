package dev.loopgate.app;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.management.ThreadMXBean;
import dev.loopgate.testkit.RawModel;
import java.io.BufferedInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// A process of its own: a gateway, a model and one caller at a time. Prints `thread body bytes`
/// for each size of body, the bytes that the event loop allocates on the heap for one request of a
/// caller in HTTP/1.1, and with `-http2` behind the thread's name in HTTP/2. Interpreted (`-Xint`)
/// no compiler removes an allocation. What comes by the clock or in more pieces than usual adds to
/// it on a busy machine, so a figure is the least of several rounds.
///
/// Arguments: a data directory that is not there yet.
final class AllocationProbe {
  private static final int REQUESTS = 20;
  private static final int ROUNDS = 10;
  private static final String THREAD = "proxy-loop";
  private static final int[] BODIES = {257, 64 << 10};

  private AllocationProbe() {}

  public static void main(String... arguments) throws Exception {
    Path data = Path.of(arguments[0]);
    RawModel model = RawModel.echo();
    Path config = Files.createTempFile("loopgate-allocation", ".yaml");
    Files.writeString(
        config, "models:\n  - id: m\n    url: " + model.url() + "\n    prefix: /model/m\n");
    Settings settings =
        Settings.of(
            Role.GATEWAY,
            Map.of(
                "config",
                config.toString(),
                "listen",
                "127.0.0.1:0",
                "data",
                data.toString(),
                "proxy.loops",
                "1"),
            Map.of());
    GuardedClock clock = GuardedClock.ofSystem();
    Serving serving = Gateway.start(Plan.of(Role.GATEWAY, settings), clock, Telemetry.of(clock));
    Files.delete(config);
    try (Socket caller = new Socket(serving.address().getAddress(), serving.address().getPort())) {
      InputStream in = new BufferedInputStream(caller.getInputStream(), 1 << 18);
      for (int body : BODIES) {
        measure(caller.getOutputStream(), in, body);
      }
    }
    URI uri = URI.create("http://127.0.0.1:" + serving.address().getPort() + "/model/m/predict");
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      // A request without a body asks for HTTP/2; all others share its connection.
      client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
      for (int body : BODIES) {
        measureHttp2(client, uri, body);
      }
    }
    serving.gateway().close();
    model.close();
  }

  private static void measureHttp2(HttpClient client, URI uri, int body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray("w".repeat(body).getBytes(ISO_8859_1)))
            .build();
    long bytes = leastAllocated(() -> callHttp2(client, request, body));
    System.out.println(THREAD + "-http2 " + body + " " + bytes);
  }

  private static void callHttp2(HttpClient client, HttpRequest request, int body) throws Exception {
    for (int i = 0; i < REQUESTS; i++) {
      HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (answer.statusCode() != 200
          || answer.body().length != body
          || answer.version() != HttpClient.Version.HTTP_2) {
        throw new AssertionError("answer: " + answer);
      }
    }
  }

  private static void measure(OutputStream out, InputStream in, int body) throws Exception {
    byte[] request =
        ("POST /model/m/predict HTTP/1.1\r\nHost: door\r\nUser-Agent: probe/1\r\n"
                + "Content-Type: application/json\r\nContent-Length: "
                + body
                + "\r\n\r\n"
                + "w".repeat(body))
            .getBytes(ISO_8859_1);
    long bytes = leastAllocated(() -> call(out, in, request, body));
    System.out.println(THREAD + " " + body + " " + bytes);
  }

  private static long leastAllocated(Round round) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      round.run(); // classes are loaded, pools are filled
    }
    long least = Long.MAX_VALUE;
    for (int i = 0; i < ROUNDS; i++) {
      long before = allocated();
      round.run();
      least = Math.min(least, allocated() - before);
    }
    return Math.ceilDiv(least, REQUESTS);
  }

  private static void call(OutputStream out, InputStream in, byte[] request, int body)
      throws Exception {
    for (int i = 0; i < REQUESTS; i++) {
      out.write(request);
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        head.append((char) in.read());
      }
      if (in.readNBytes(body).length != body || !head.toString().startsWith("HTTP/1.1 200")) {
        throw new AssertionError("answer: " + head);
      }
    }
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = 0;
    for (ThreadInfo thread : threads.dumpAllThreads(false, false)) {
      if (thread.getThreadName().startsWith(THREAD)) {
        bytes += threads.getThreadAllocatedBytes(thread.getThreadId());
      }
    }
    return bytes;
  }

  private interface Round {
    void run() throws Exception;
  }
}
