package dev.loopgate.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A model server that says byte for byte what a test wants. Each connection is played by a script
/// on a virtual thread of its own; when the script returns, the connection is closed.
public final class RawModel implements AutoCloseable {
  /// What happens on one connection.
  @FunctionalInterface
  public interface Script {
    void play(Conversation with) throws IOException, InterruptedException;
  }

  /// One connection, from the model's side. Confined to its script.
  public static final class Conversation {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final List<String> trailers = new ArrayList<>();
    private String head = "";

    Conversation(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      this.out = socket.getOutputStream();
    }

    /// Reads a request's head with its empty line; empty when the other side is gone.
    public String readHead() throws IOException {
      StringBuilder text = new StringBuilder();
      while (text.length() < 4 || !text.substring(text.length() - 4).equals("\r\n\r\n")) {
        int b = in.read();
        if (b < 0) {
          head = "";
          return head;
        }
        text.append((char) b);
      }
      head = text.toString();
      return head;
    }

    /// Reads the body of the request whose head was read last, by its length or its chunks.
    public byte[] readBody() throws IOException {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      transferBody(body);
      return body.toByteArray();
    }

    /// The same without keeping more than a piece of it.
    public void transferBody(OutputStream to) throws IOException {
      String length = header("content-length");
      if (length != null) {
        transfer(Long.parseLong(length), to);
      } else if ("chunked".equals(header("transfer-encoding"))) {
        long size = Long.parseLong(readLine(), 16);
        while (size > 0) {
          transfer(size, to);
          readLine();
          size = Long.parseLong(readLine(), 16);
        }
        trailers.clear();
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
          trailers.add(line);
        }
      }
    }

    /// The lines behind the chunked body that was read last.
    public List<String> trailers() {
      return List.copyOf(trailers);
    }

    /// The value of a header of the last head, null when absent.
    public @Nullable String header(String lowerCaseName) {
      for (String line : head.split("\r\n", -1)) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals(lowerCaseName)) {
          return line.substring(colon + 1).strip();
        }
      }
      return null;
    }

    /// Sends these bytes, each character one.
    public void send(String text) throws IOException {
      send(text.getBytes(ISO_8859_1));
    }

    /// Sends these bytes.
    public void send(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /// The stream to the other side.
    public OutputStream out() {
      return out;
    }

    /// Reads until the other side closes.
    public void awaitClose() throws IOException {
      byte[] bytes = new byte[1 << 16];
      while (in.read(bytes) >= 0) {
        // What comes is not wanted.
      }
    }

    /// Ends the connection; when this returns, the other side's kernel knows.
    public void close() throws IOException {
      socket.close();
    }

    /// Ends the connection with a reset instead of its regular end.
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /// Reads one line, without its end.
    public String readLine() throws IOException {
      StringBuilder line = new StringBuilder();
      int b;
      while ((b = in.read()) != '\n') {
        if (b < 0) {
          throw new EOFException("line: read=" + line.length());
        }
        line.append((char) b);
      }
      return line.toString().strip();
    }

    private void transfer(long length, OutputStream to) throws IOException {
      byte[] bytes = new byte[1 << 16];
      long left = length;
      while (left > 0) {
        int read = in.read(bytes, 0, (int) Math.min(left, bytes.length));
        if (read < 0) {
          throw new EOFException("body: left=" + left);
        }
        to.write(bytes, 0, read);
        left -= read;
      }
    }
  }

  private final ServerSocket server;
  private final Script script;
  private final AtomicInteger connections = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private RawModel(ServerSocket server, Script script) {
    this.server = server;
    this.script = script;
  }

  /// Listens on a free port of the loopback.
  public static RawModel start(Script script) throws IOException {
    ServerSocket server = new ServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    RawModel model = new RawModel(server, script);
    Thread.ofVirtual().name("raw-model").start(model::accept);
    return model;
  }

  /// A model that answers each request with its own body and keeps its connections.
  public static RawModel echo() throws IOException {
    return start(with -> {
      while (!with.readHead().isEmpty()) {
        byte[] body = with.readBody();
        with.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
        with.send(body);
      }
    });
  }

  /// `http://127.0.0.1:port`.
  public String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  /// How many connections there were.
  public int connections() {
    return connections.get();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        open.add(socket);
        if (server.isClosed()) {
          socket.close(); // accepted while it was closed: nobody else would end it
        }
        Thread.ofVirtual().start(() -> play(socket));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException("raw model: accept failed", e);
        }
      }
    }
  }

  private void play(Socket socket) {
    try (socket) {
      script.play(new Conversation(socket));
    } catch (IOException _) {
      // The other side is gone: what became of that is the test's to see.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }
}
