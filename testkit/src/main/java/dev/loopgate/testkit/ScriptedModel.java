package dev.loopgate.testkit;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A model server that does what the [Script] in each request says, over raw sockets: a virtual
/// thread a connection, any framing, no body ever held. Any thread.
public final class ScriptedModel implements AutoCloseable {
  private static final int STALL_AFTER_BYTES = 256 << 10;
  private static final Duration STALL = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final ServerSocket door;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong waiting = new AtomicLong();
  private final CountDownLatch gate = new CountDownLatch(1);

  private ScriptedModel(ServerSocket door) {
    this.door = door;
  }

  /// Listens on a free port of the loopback.
  public static ScriptedModel start() throws IOException {
    ServerSocket door = new ServerSocket();
    door.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 512);
    ScriptedModel model = new ScriptedModel(door);
    Thread.ofVirtual().name("scripted-model").start(model::accept);
    return model;
  }

  /// `http://127.0.0.1:port`.
  public String url() {
    return "http://127.0.0.1:" + door.getLocalPort();
  }

  /// How many requests came, answered or not.
  public long requests() {
    return requests.get();
  }

  /// How many requests are whole and wait at the gate.
  public long waitingAtTheGate() {
    return waiting.get();
  }

  /// Lets all [Script.Behaviour#GATED] answers go, now and later.
  public void openTheGate() {
    gate.countDown();
  }

  @Override
  public void close() throws IOException {
    door.close();
    gate.countDown();
    for (Socket connection : connections) {
      connection.close();
    }
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket connection = door.accept();
        connections.add(connection);
        Thread.ofVirtual().name("scripted-model-connection").start(() -> serve(connection));
      } catch (IOException _) {
        // The door was closed, or one connection died in the backlog: look again.
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      WireReader in = new WireReader(connection.getInputStream());
      OutputStream out = new BufferedOutputStream(connection.getOutputStream(), 64 << 10);
      while (answerOne(connection, in, out)) {
        // the next request of the connection
      }
    } catch (IOException | InterruptedException _) {
      // The gateway went, or was killed: what a model sees of it.
    } finally {
      connections.remove(connection);
    }
  }

  /// Whether another request may come on this connection.
  private boolean answerOne(Socket connection, WireReader in, OutputStream out)
      throws IOException, InterruptedException {
    WireHead head = in.head();
    requests.incrementAndGet();
    String[] line = head.startLine().split(" ", -1);
    Script script = Script.ofTarget(line[1]);
    if (head.header("expect").equalsIgnoreCase("100-continue")) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }
    boolean early = script.behaviour() == Script.Behaviour.EARLY;
    if (early) {
      write(script, head, line[0], "early", out);
    }
    Payload.Check check = script.request().check();
    in.body(head, head.framing(Framing.NONE), reading(script.behaviour(), check));
    switch (script.behaviour()) {
      case RESET_AT_ONCE -> {
        reset(connection);
        return false;
      }
      case SILENT -> {
        return in.read() >= 0;
      }
      case GATED -> {
        waiting.incrementAndGet();
        gate.await();
      }
      case PLAIN, SLOW, EARLY, RESET_IN_BODY, STALLS_READING -> {}
    }
    if (!early) {
      write(script, head, line[0], Boolean.toString(check.isWhole()), out);
    }
    if (script.behaviour() == Script.Behaviour.RESET_IN_BODY) {
      reset(connection);
      return false;
    }
    return script.framing() != Framing.UNTIL_CLOSE;
  }

  private static BodySink reading(Script.Behaviour behaviour, Payload.Check check) {
    if (behaviour != Script.Behaviour.STALLS_READING) {
      return check;
    }
    return new BodySink() {
      private long seen;

      @Override
      public void accept(byte[] bytes, int offset, int count) throws IOException {
        boolean before = seen < STALL_AFTER_BYTES;
        seen += count;
        if (before && seen >= STALL_AFTER_BYTES) {
          LockSupport.parkNanos(STALL.toNanos());
        }
        check.accept(bytes, offset, count);
      }
    };
  }

  private static void write(
      Script script, WireHead request, String method, String intact, OutputStream out)
      throws IOException {
    Payload body = script.response();
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(script.status()).append(" Scripted\r\n");
    head.append("content-type: application/octet-stream\r\n");
    head.append("x-request-intact: ").append(intact).append("\r\n");
    head.append("x-seen-request-id: ").append(request.header("request-id")).append("\r\n");
    head.append(
        switch (script.framing()) {
          case LENGTH -> "content-length: " + body.length() + "\r\n";
          case CHUNKED -> "transfer-encoding: chunked\r\n";
          case UNTIL_CLOSE -> "connection: close\r\n";
          case NONE -> "";
        });
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    if (script.framing() != Framing.NONE && !method.equals("HEAD")) {
      writeBody(script, body, out);
    }
    out.flush();
  }

  private static void writeBody(Script script, Payload body, OutputStream out) throws IOException {
    OutputStream framed = script.framing() == Framing.CHUNKED ? new ChunkedOutput(out) : out;
    switch (script.behaviour()) {
      case SLOW -> {
        body.writeTo(new PausingOutput(framed, body.length() / 3, PAUSE), body.length());
      }
      case RESET_IN_BODY -> {
        body.writeTo(framed, body.length() / 2);
        return;
      }
      case PLAIN, EARLY, RESET_AT_ONCE, STALLS_READING, GATED, SILENT ->
          body.writeTo(framed, body.length());
    }
    if (framed instanceof ChunkedOutput chunked) {
      chunked.finish();
    }
  }

  private static void reset(Socket connection) throws IOException {
    connection.setSoLinger(true, 0); // an RST instead of a FIN
    connection.close();
  }
}
