package dev.loopgate.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import javax.net.ServerSocketFactory;
import org.msgpack.core.ExtensionTypeHeader;
import org.msgpack.core.MessageFormat;
import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ImmutableValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/// Takes Fluentd's forward protocol, PackedForward mode, and nothing but what the specification
/// says; acknowledges each chunk, or does what a test says instead. Any thread.
public final class ForwardReceiver implements AutoCloseable {
  /// What is done with a chunk.
  public enum Kind {
    /// It is taken and acknowledged.
    ACKNOWLEDGED,
    /// It is taken, and the connection ends without a word.
    ACK_LOST,
    /// It is taken, and another chunk is acknowledged.
    WRONG_ACK,
    /// It is taken, and the acknowledgement comes in two pieces.
    SPLIT_ACK,
    /// It is taken, and acknowledged once [#release] is called.
    LATE_ACK,
    /// The connection ends while it comes.
    CUT
  }

  /// What came.
  ///
  /// @param id as base64 of 128 bits
  public record Chunk(String tag, String id, List<Event> events) {
    public Chunk {
      events = List.copyOf(events);
    }
  }

  /// An event.
  ///
  /// @param json its record
  public record Event(Instant time, String json) {}

  private static final int CUT_AFTER = 64;

  private final ServerSocket door;
  private final Deque<Kind> kinds = new ArrayDeque<>(); // guarded by this
  private final List<Chunk> chunks = new ArrayList<>(); // guarded by this
  private final List<String> refused = new ArrayList<>(); // guarded by this
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private CountDownLatch late = new CountDownLatch(1); // guarded by this

  private ForwardReceiver(ServerSocket door) {
    this.door = door;
  }

  /// Listens at a free port of the loopback address.
  public static ForwardReceiver start() throws IOException {
    return start(ServerSocketFactory.getDefault(), 0);
  }

  /// Listens with sockets of this factory.
  ///
  /// @param port 0 for a free one
  public static ForwardReceiver start(ServerSocketFactory sockets, int port) throws IOException {
    ForwardReceiver receiver =
        new ForwardReceiver(sockets.createServerSocket(port, 8, InetAddress.getLoopbackAddress()));
    Thread.ofVirtual().name("forward-receiver").start(receiver::accept);
    return receiver;
  }

  public int port() {
    return door.getLocalPort();
  }

  /// What is done with the next chunks, one after the other; those after them are acknowledged.
  public synchronized void next(Kind... next) {
    kinds.addAll(List.of(next));
  }

  /// Chunks that wait for it are acknowledged.
  public synchronized void release() {
    late.countDown();
    late = new CountDownLatch(1);
  }

  /// What came whole so far.
  public synchronized List<Chunk> chunks() {
    return List.copyOf(chunks);
  }

  /// Why messages were no chunks.
  public synchronized List<String> refused() {
    return List.copyOf(refused);
  }

  @Override
  public void close() throws IOException {
    door.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket socket = door.accept();
        open.add(socket);
        Thread.ofVirtual().name("forward-connection").start(() -> serve(socket));
      } catch (IOException e) {
        if (!door.isClosed()) {
          note(String.valueOf(e));
        }
      }
    }
  }

  private void serve(Socket socket) {
    try (socket;
        MessageUnpacker in = MessagePack.newDefaultUnpacker(socket.getInputStream())) {
      while (in.hasNext()) {
        Kind kind = kind();
        if (kind == Kind.CUT) {
          socket.getInputStream().readNBytes(CUT_AFTER);
          return;
        }
        ImmutableValue message = in.unpackValue();
        Chunk chunk = chunkOf(message);
        synchronized (this) {
          chunks.add(chunk);
          kinds.poll();
        }
        if (!answer(kind, chunk.id(), socket.getOutputStream())) {
          return;
        }
      }
    } catch (MessageInsufficientBufferException | EOFException _) {
      // the sender has gone
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      if (!socket.isClosed()) {
        note(String.valueOf(e));
      }
    } finally {
      open.remove(socket);
    }
  }

  /// Of the chunk to come; one that is cut counts as soon as its connection is there.
  private synchronized Kind kind() {
    Kind kind = kinds.peek();
    if (kind == Kind.CUT) {
      kinds.poll();
    }
    return kind == null ? Kind.ACKNOWLEDGED : kind;
  }

  private boolean answer(Kind kind, String id, OutputStream out)
      throws IOException, InterruptedException {
    switch (kind) {
      case ACK_LOST, CUT -> {
        return false;
      }
      case WRONG_ACK -> out.write(ack("AAAAAAAAAAAAAAAAAAAAAA=="));
      case SPLIT_ACK -> {
        byte[] whole = ack(id);
        out.write(whole, 0, 3);
        out.flush();
        awaitRelease(); // not before the other side has read what there is
        out.write(whole, 3, whole.length - 3);
      }
      case LATE_ACK -> {
        awaitRelease();
        out.write(ack(id));
      }
      case ACKNOWLEDGED -> out.write(ack(id));
    }
    out.flush();
    return true;
  }

  private void awaitRelease() throws InterruptedException {
    CountDownLatch waited;
    synchronized (this) {
      waited = late;
    }
    waited.await();
  }

  private static byte[] ack(String id) throws IOException {
    try (var packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(1).packString("ack").packString(id);
      return packer.toByteArray();
    }
  }

  private static Chunk chunkOf(Value message) throws IOException {
    List<Value> parts = message.asArrayValue().list();
    if (parts.size() != 3) {
      throw new IOException("message: parts=" + parts.size());
    }
    Map<Value, Value> option = parts.get(2).asMapValue().map();
    String id = text(option, "chunk");
    if (Base64.getDecoder().decode(id).length != 16) {
      throw new IOException("chunk: no 128 bits: " + id);
    }
    List<Event> events = eventsOf(parts.get(1).asBinaryValue().asByteArray());
    Value size = option.get(ValueFactory.newString("size"));
    if (size == null || size.asIntegerValue().asInt() != events.size()) {
      throw new IOException("size: said=" + size + ", events=" + events.size());
    }
    return new Chunk(parts.get(0).asStringValue().asString(), id, events);
  }

  private static String text(Map<Value, Value> option, String name) throws IOException {
    Value value = option.get(ValueFactory.newString(name));
    if (value == null) {
      throw new IOException("option: no " + name);
    }
    return value.asStringValue().asString();
  }

  private static List<Event> eventsOf(byte[] packed) throws IOException {
    List<Event> events = new ArrayList<>();
    try (MessageUnpacker in = MessagePack.newDefaultUnpacker(packed)) {
      while (in.hasNext()) {
        if (in.unpackArrayHeader() != 2 || in.getNextFormat() != MessageFormat.FIXEXT8) {
          throw new IOException("event: no [EventTime, record]");
        }
        ExtensionTypeHeader header = in.unpackExtensionTypeHeader();
        if (header.getType() != 0) {
          throw new IOException("event: extension type=" + header.getType());
        }
        ByteBuffer time = ByteBuffer.wrap(in.readPayload(header.getLength()));
        Instant at =
            Instant.ofEpochSecond(
                Integer.toUnsignedLong(time.getInt()), Integer.toUnsignedLong(time.getInt()));
        Value record = in.unpackValue();
        Set<Value> names = new HashSet<>(record.asMapValue().keySet());
        if (names.size() != record.asMapValue().size()) {
          throw new IOException("record: a field twice");
        }
        events.add(new Event(at, record.toJson()));
      }
    }
    return events;
  }

  private synchronized void note(String why) {
    refused.add(why);
  }
}
