package dev.loopgate.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A container of a [FakeEngine]: a server of this JVM that listens where the container is to be
/// published, and dies when it is told to. Any thread.
final class FakeContainer {
  /// What runs in it.
  ///
  /// @param exitCode it ends at once with this; null for a server that stays
  /// @param isOutOfMemory what is said of its end
  /// @param isStubborn whether it has to be killed
  record Behaviour(@Nullable Integer exitCode, boolean isOutOfMemory, boolean isStubborn) {
    static final Behaviour SERVES = new Behaviour(null, false, false);
    static final Behaviour STUBBORN = new Behaviour(null, false, true);
    static final Behaviour CRASHES = new Behaviour(3, false, false);
    static final Behaviour OUT_OF_MEMORY = new Behaviour(137, true, false);
  }

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'", Locale.ROOT);

  private record Line(int stream, Instant at, String text) {}

  private final String id;
  private final String name;
  private final Behaviour behaviour;
  private final JsonNode made;
  private final List<Line> lines = new ArrayList<>(); // all below guarded by this
  private @Nullable HttpServer server;
  private String state = "created";
  private int exitCode;

  FakeContainer(String id, String name, Behaviour behaviour, JsonNode made) {
    this.id = id;
    this.name = name;
    this.behaviour = behaviour;
    this.made = made;
  }

  String id() {
    return id;
  }

  String name() {
    return name;
  }

  /// As it was asked for.
  JsonNode made() {
    return made;
  }

  String label(String key) {
    return made.path("Labels").path(key).asText("");
  }

  List<String> environment() {
    List<String> variables = new ArrayList<>();
    made.path("Env").forEach(each -> variables.add(each.asText()));
    return variables;
  }

  synchronized String state() {
    return state;
  }

  synchronized boolean isRunning() {
    return state.equals("running");
  }

  synchronized String inspected() {
    boolean isOut = behaviour.isOutOfMemory() && !isRunning();
    return "{\"State\":{\"Running\":"
        + isRunning()
        + ",\"ExitCode\":"
        + exitCode
        + ",\"OOMKilled\":"
        + isOut
        + "}}";
  }

  /// Whether it was not started before.
  synchronized boolean start() throws IOException {
    if (isRunning()) {
      return false;
    }
    state = "running";
    print(1, "hello from " + name);
    Integer code = behaviour.exitCode();
    if (code != null) {
      print(2, "something is wrong");
      die(code);
      return true;
    }
    String port = made.path("ExposedPorts").fieldNames().next();
    JsonNode bound = made.path("HostConfig").path("PortBindings").path(port).path(0);
    HttpServer opened =
        HttpServer.create(
            new InetSocketAddress(
                InetAddress.ofLiteral(bound.path("HostIp").asText()),
                bound.path("HostPort").asInt()),
            0);
    opened.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    opened.start();
    server = opened;
    return true;
  }

  /// Whether it was running.
  synchronized boolean stop(@Nullable String seconds) {
    if (!isRunning()) {
      return false;
    }
    Objects.requireNonNull(seconds, "the daemon's own grace is not ours");
    die(behaviour.isStubborn() ? 137 : 0);
    return true;
  }

  synchronized void kill() {
    if (isRunning()) {
      die(137);
    }
  }

  /// It ends by itself.
  synchronized void die(int code) {
    exitCode = code;
    state = "exited";
    if (server != null) {
      server.stop(0);
    }
    notifyAll();
  }

  synchronized int await() throws InterruptedException {
    while (isRunning()) {
      wait();
    }
    return exitCode;
  }

  synchronized void print(int stream, String text) {
    lines.add(new Line(stream, Instant.now(), text + "\n"));
    notifyAll();
  }

  /// Frames in chunks, cut where nobody expects it, until it ends.
  void logs(OutputStream out, Map<String, String> query) throws IOException, InterruptedException {
    BigDecimal since = new BigDecimal(query.getOrDefault("since", "0"));
    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(UTF_8));
    int shown = 0;
    for (List<Line> next = next(shown); !next.isEmpty(); next = next(shown)) {
      shown += next.size();
      for (Line line : next) {
        BigDecimal at = BigDecimal.valueOf(nanos(line.at()), 9);
        if (at.compareTo(since) >= 0) {
          byte[] frame = frame(line);
          FakeEngine.chunk(out, Arrays.copyOf(frame, 5));
          FakeEngine.chunk(out, Arrays.copyOfRange(frame, 5, frame.length));
        }
      }
    }
    FakeEngine.chunk(out, new byte[0]);
  }

  /// What was printed since; empty when it has ended.
  private synchronized List<Line> next(int shown) throws InterruptedException {
    while (lines.size() == shown && isRunning()) {
      wait();
    }
    return List.copyOf(lines.subList(shown, lines.size()));
  }

  private static long nanos(Instant at) {
    return ChronoUnit.NANOS.between(Instant.EPOCH, at);
  }

  private static byte[] frame(Line line) {
    String time = line.at().atOffset(ZoneOffset.UTC).format(TIME) + " ";
    byte[] text = (time + line.text()).getBytes(UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .put((byte) line.stream())
        .put(new byte[3])
        .putInt(text.length)
        .put(text)
        .array();
  }
}
