package dev.loopgate.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Stands between a client and a real HTTP/1.1 server and spoils the exchanges a test names. Each
/// exchange has a connection of its own. Any thread.
public final class FaultProxy implements AutoCloseable {
  private static final int FAULTS_MAX = 64;
  private static final Deque<Waiting> NOTHING = new ArrayDeque<>(0);

  /// What is done to one exchange.
  public enum Kind {
    /// Nothing: request and answer pass.
    NONE,
    /// The server answers, the client never hears of it.
    ANSWER_LOST,
    /// The answer ends in the middle of its body.
    ANSWER_CUT,
    /// The connection to the server ends in the middle of the request's body.
    REQUEST_CUT,
    /// One bit in the middle of the request's body is another one.
    BIT_FLIPPED,
    /// The client hears nothing, the server gets the request when [#land] is called.
    HELD,
    /// The server never sees the request, the client is told that it was done.
    CLAIMED,
    /// The server never sees the request, the client gets an answer of ours.
    ANSWERED,
    /// The same before the request's body: nobody reads it, and nobody asks for it.
    REFUSED,
    /// The client hears nothing for as long as it waits; the server never sees the request.
    SILENT
  }

  /// One exchange's.
  ///
  /// @param status of an answer of ours
  /// @param body of an answer of ours
  /// @param header one more line of an answer of ours, or empty
  public record Fault(Kind kind, int status, String body, String header) {
    /// A fault that needs no more words.
    public static Fault of(Kind kind) {
      return new Fault(kind, 0, "", "");
    }

    /// An answer of ours.
    public static Fault answered(int status, String body) {
      return new Fault(Kind.ANSWERED, status, body, "");
    }

    /// An answer of ours before the request's body.
    public static Fault refused(int status, String body) {
      return new Fault(Kind.REFUSED, status, body, "");
    }

    /// The same with one more line in its head.
    public Fault with(String line) {
      return new Fault(kind, status, body, line);
    }

    private String answer() {
      return "HTTP/1.1 %d Because\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s"
          .formatted(status, body.length(), header.isEmpty() ? "" : header + "\r\n", body);
    }
  }

  private record Waiting(String within, Fault fault) {}

  private record Waited(String within, Runnable until) {}

  private static final class Request {
    private final String head;
    private final byte[] body;

    private Request(String head, byte[] body) {
      this.head = head;
      this.body = body;
    }
  }

  private final int serverPort;
  private final RawModel door;
  private final Map<String, Deque<Waiting>> faults = new HashMap<>(); // guarded by itself
  private final List<Request> held = new ArrayList<>(); // guarded by faults
  private final List<String> requests = new ArrayList<>(); // method and target; guarded by faults
  private final List<String> heads = new ArrayList<>(); // guarded by faults
  private volatile String left = ""; // the header that is left out
  private volatile @Nullable Waited waited;

  private FaultProxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.door = RawModel.start(this::play);
  }

  /// A proxy in front of the server at this port of the loopback.
  public static FaultProxy inFrontOf(int serverPort) throws IOException {
    return new FaultProxy(serverPort);
  }

  /// `http://127.0.0.1:port`.
  public String url() {
    return door.url();
  }

  /// Spoils the next requests of this method, one by each fault.
  public void spoil(String method, Fault... next) {
    for (Fault fault : next) {
      spoilWithin(method, "", 1, fault);
    }
  }

  /// Spoils the next requests of this method whose target has `within` in it.
  public void spoilWithin(String method, String within, int times, Fault fault) {
    synchronized (faults) {
      Deque<Waiting> waiting = faults.computeIfAbsent(method, _ -> new ArrayDeque<>());
      if (waiting.size() + times > FAULTS_MAX) {
        throw new IllegalArgumentException("faults: max=" + FAULTS_MAX);
      }
      for (int i = 0; i < times; i++) {
        waiting.add(new Waiting(within, fault));
      }
    }
  }

  /// The same fault, this many times.
  public void spoil(String method, int times, Fault fault) {
    for (int i = 0; i < times; i++) {
      spoil(method, fault);
    }
  }

  /// Takes back what was not met yet.
  public void heal() {
    synchronized (faults) {
      faults.clear();
    }
  }

  /// How many requests of this method came.
  public int requests(String method) {
    return requestsWithin(method, "");
  }

  /// How many requests of this method came whose target has `within` in it.
  public int requestsWithin(String method, String within) {
    synchronized (faults) {
      return (int)
          requests.stream()
              .filter(line -> line.startsWith(method + ' ') && line.contains(within))
              .count();
    }
  }

  /// The heads of the requests of this method, as they came.
  public List<String> heads(String method) {
    synchronized (faults) {
      return heads.stream().filter(head -> head.startsWith(method + ' ')).toList();
    }
  }

  /// Before a request whose target has `within` goes on to the server, `until` is run: it may wait.
  public void before(String within, Runnable until) {
    waited = new Waited(within, until);
  }

  /// Leaves this header out of all requests from now on: the server is one that does not know it.
  public void leaveOut(String header) {
    left = header.toLowerCase(Locale.ROOT) + ':';
  }

  /// Gives the server the requests that were held, and answers what it said to each: status lines.
  public List<String> land() throws IOException {
    List<Request> late;
    synchronized (faults) {
      late = List.copyOf(held);
      held.clear();
    }
    List<String> answers = new ArrayList<>();
    for (Request request : late) {
      String answer = new String(forward(request, request.body.length), ISO_8859_1);
      answers.add(answer.lines().findFirst().orElse(""));
    }
    return answers;
  }

  @Override
  public void close() throws IOException {
    door.close();
  }

  private void play(RawModel.Conversation with) throws IOException {
    String head = with.readHead();
    if (head.isEmpty()) {
      return;
    }
    Fault fault = next(head);
    if (fault.kind() == Kind.REFUSED) {
      with.send(fault.answer());
      return;
    }
    if ("100-continue".equalsIgnoreCase(with.header("expect"))) {
      with.send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    Request request = new Request(head, with.readBody());
    Waited wait = waited;
    if (wait != null && head.substring(0, head.indexOf(" HTTP/")).contains(wait.within())) {
      wait.until().run();
    }
    byte[] body = request.body;
    switch (fault.kind()) {
      case NONE -> with.send(forward(request, body.length));
      case ANSWER_LOST -> forward(request, body.length);
      case ANSWER_CUT -> {
        byte[] answer = forward(request, body.length);
        int at = new String(answer, ISO_8859_1).indexOf("\r\n\r\n") + 4;
        with.send(Arrays.copyOf(answer, at + (answer.length - at) / 2));
      }
      case REQUEST_CUT -> forward(request, body.length / 2);
      case BIT_FLIPPED -> {
        body[body.length / 2] ^= 1;
        with.send(forward(request, body.length));
      }
      case CLAIMED ->
          with.send(
              "HTTP/1.1 200 OK\r\nETag: \"0\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      case HELD -> {
        synchronized (faults) {
          held.add(request);
        }
      }
      case ANSWERED -> with.send(fault.answer());
      case SILENT -> with.awaitClose();
      case REFUSED -> throw new IllegalStateException("refused above");
    }
  }

  private Fault next(String head) {
    String line = head.substring(0, head.indexOf(" HTTP/"));
    synchronized (faults) {
      requests.add(line);
      heads.add(head);
      Deque<Waiting> waiting = faults.getOrDefault(line.substring(0, line.indexOf(' ')), NOTHING);
      for (Waiting one : waiting) {
        if (line.contains(one.within())) {
          waiting.removeFirstOccurrence(one);
          return one.fault();
        }
      }
      return Fault.of(Kind.NONE);
    }
  }

  /// What the server answers to the head and so many bytes of the body, as it came. Fewer bytes
  /// than there are end the connection; nothing is read then.
  private byte[] forward(Request request, int count) throws IOException {
    StringBuilder head = new StringBuilder();
    for (String line : request.head.strip().split("\r\n", -1)) {
      String name = line.toLowerCase(Locale.ROOT);
      if (!name.startsWith("expect:")
          && (left.isEmpty() || !name.startsWith(left))
          && !name.startsWith("connection:")
          && !name.startsWith("transfer-encoding:")
          && !name.startsWith("content-length:")) {
        head.append(line).append("\r\n");
      }
    }
    head.append("Content-Length: ").append(request.body.length);
    head.append("\r\nConnection: close\r\n\r\n");
    try (Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort)) {
      server.getOutputStream().write(head.toString().getBytes(ISO_8859_1));
      server.getOutputStream().write(request.body, 0, count);
      server.getOutputStream().flush();
      return count < request.body.length
          ? new byte[0]
          : closing(server.getInputStream().readAllBytes());
    }
  }

  /// The answer, which says that its connection ends: a client would else ask on it again.
  private static byte[] closing(byte[] answer) {
    String text = new String(answer, ISO_8859_1);
    int line = text.indexOf("\r\n");
    return line < 0
        ? answer
        : (text.substring(0, line) + "\r\nConnection: close" + text.substring(line))
            .getBytes(ISO_8859_1);
  }
}
