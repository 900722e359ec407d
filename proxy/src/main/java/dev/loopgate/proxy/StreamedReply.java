package dev.loopgate.proxy;

import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/// Hands a [LocalStream] to a caller, no faster than it is read: what it says next waits in the
/// stream. Confined to the caller's event loop.
final class StreamedReply {
  private final LocalStream stream;
  private final Caller caller;
  private final ProxyLoop loop;
  private boolean closed;
  private long progressNanos;

  /// The answer's head was sent.
  StreamedReply(LocalStream stream, Caller caller, ProxyLoop loop) {
    this.stream = stream;
    this.caller = caller;
    this.loop = loop;
    this.progressNanos = loop.time().nanos();
  }

  void start() {
    stream.open(() -> loop.eventLoop().execute(this::pass));
    pass();
  }

  /// Passes on what is there, as far as the caller takes it.
  void pass() {
    if (closed) {
      return;
    }
    Answer answer = caller.answer();
    boolean over = stream.isOver(); // before: what is taken below comes before its end
    while (answer.isWritable()) {
      progressNanos = loop.time().nanos();
      ByteBuffer piece = stream.take();
      if (piece == null) {
        if (over) {
          end();
          return;
        }
        break;
      }
      answer.piece(Unpooled.wrappedBuffer(piece), false);
    }
    answer.flush();
  }

  /// A look at the clock: a gateway that leaves asks its callers to come elsewhere, and a caller
  /// that reads nothing is let go.
  void tick(long nowNanos) {
    if (closed) {
      return;
    }
    if (loop.isLeaving()) {
      end();
    } else if (caller.answer().isWritable()) {
      progressNanos = nowNanos;
    } else if (nowNanos - progressNanos >= loop.config().caller().stalled().toNanos()) {
      close();
      caller.abort();
    }
  }

  /// Ends the answer as a whole one.
  void end() {
    if (!closed) {
      close();
      caller.answer().piece(Unpooled.EMPTY_BUFFER, true);
      caller.answer().flush();
      caller.finish();
    }
  }

  /// Nobody reads it any more.
  void close() {
    if (!closed) {
      closed = true;
      stream.close();
    }
  }
}
