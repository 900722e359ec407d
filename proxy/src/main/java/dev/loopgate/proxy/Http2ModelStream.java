package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ReplicaState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One stream of a model's HTTP/2 connection. Confined to the connection's event loop.
///
/// Pieces of the answer wait here while the listener takes none. A window is given back only for
/// what went on, so no more waits than the window of a stream.
final class Http2ModelStream implements ModelCall {
  /// Heads before the answer (1xx), at most.
  private static final int INTERIM_MAX = 32;

  /// How long the end of an answer may take of which every byte has come.
  private static final Duration END_WITHIN = Duration.ofSeconds(5);

  private final Http2ModelConnection connection;
  private final Deque<ByteBuf> held = new ArrayDeque<>();
  private @Nullable Http2Stream stream;
  private @Nullable Listener listener;
  private String method = "";
  private boolean reading = true;
  private boolean delivering;
  private boolean touched;
  private boolean answering; // the answer's head has come
  private boolean ended; // the answer's end has come
  private boolean lacksBytes; // of those that its head has promised
  private @Nullable List<Header> trailers;
  private boolean toldEnd;
  private boolean requestEnded;
  private int interims;
  private long letGoNanos;

  Http2ModelStream(Http2ModelConnection connection) {
    this.connection = connection;
  }

  @Override
  public ReplicaState replica() {
    return connection.replica();
  }

  @Override
  public void begin(Listener to, CallerRequest request, String path, List<Header> headers) {
    listener = to;
    method = request.method();
    Http2Headers head = new DefaultHttp2Headers(false, headers.size() + 5);
    head.method(method);
    Replica server = connection.replica().replica();
    head.scheme(server.scheme());
    head.authority(connection.deployment().hostAt(server, request.host()));
    head.path(path);
    for (Header header : headers) {
      if (!isOfConnection(header)) {
        head.add(header.name(), header.value());
      }
    }
    requestEnded = request.framing().isEmpty();
    int id = connection.connection().local().incrementAndGetNextStreamId();
    writeHeaders(id, head, requestEnded);
    stream = connection.bind(id, this);
  }

  private void writeHeaders(int id, Http2Headers headers, boolean last) {
    connection
        .encoder()
        .writeHeaders(context(), id, headers, 0, last, context().newPromise())
        .addListener(written -> {
          if (!written.isSuccess() && !ended) { // larger than the server allows, for one
            context().executor().execute(this::broke); // the listener still begins
          }
        });
  }

  // `te` may only say that trailers are welcome (RFC 9113, section 8.2.2).
  private static boolean isOfConnection(Header header) {
    return Hops.keeps(header.name(), Set.of())
        && !(header.name().equals("te") && header.value().equals("trailers"));
  }

  @Override
  public void piece(ByteBuf piece) {
    write(piece, false);
  }

  @Override
  public void end(List<Header> behind) {
    Http2Stream to = stream;
    if (requestEnded) {
      return;
    }
    requestEnded = true;
    if (behind.isEmpty() || to == null) {
      write(Unpooled.EMPTY_BUFFER, true);
      return;
    }
    if (!to.state().localSideOpen()) {
      return; // headers of a stream that is over would be the connection's end
    }
    Http2Headers out = new DefaultHttp2Headers(false, behind.size());
    behind.forEach(header -> out.add(header.name(), header.value()));
    writeHeaders(to.id(), out, true);
  }

  private void write(ByteBuf piece, boolean last) {
    Http2Stream to = stream;
    if (to == null) {
      piece.release(); // it could not be opened, which is told
    } else {
      connection.encoder().writeData(context(), to.id(), piece, 0, last, context().newPromise());
    }
  }

  @Override
  public void flush() {
    connection.flush(context());
  }

  @Override
  public boolean isWritable() {
    Http2Stream to = stream;
    return to == null || connection.encoder().flowController().isWritable(to);
  }

  @Override
  public void setReading(boolean reads) {
    reading = reads;
    deliver();
  }

  @Override
  public void letGo(boolean requestWhole) {
    listener = null;
    release();
    letGoNanos = connection.loop().time().nanos();
    if (!requestWhole) {
      reset(); // else its end is waited for, if it did not come yet
    }
  }

  @Override
  public void close() {
    listener = null;
    release();
    reset();
  }

  /// A look at the deadlines.
  void tick(long nowNanos) {
    if (listener == null && nowNanos - letGoNanos >= END_WITHIN.toNanos()) {
      reset(); // it lacks its end, or does not take the request's
    }
  }

  /// A head has come, or trailers.
  void headers(Http2Headers headers, boolean last) {
    Listener to = listener;
    if (to == null || ended) {
      return;
    }
    List<Header> list = Http2Heads.of(headers, connection.loop().knownHeaders());
    if (list == null) {
      broke();
    } else if (answering) {
      trailers = list; // the codec lets nothing else pass here
      answerEnded();
    } else {
      head(to, headers.status(), list, last);
    }
  }

  private void head(
      Listener to, @Nullable CharSequence status, List<Header> headers, boolean last) {
    Parsed<ModelAnswer> parsed = ModelAnswer.ofHttp2(statusOf(status), headers, last, method);
    if (!(parsed instanceof Parsed.Got<ModelAnswer>(ModelAnswer got))
        || got.status() < 100
        || got.isSwitch()
        || (got.isInterim() && (last || ++interims > INTERIM_MAX))) {
      broke();
      return;
    }
    if (!got.isInterim()) {
      answering = true;
      ended = last;
      lacksBytes = got.framing().kind() == BodyFraming.Kind.LENGTH && got.framing().length() > 0;
    }
    touch();
    to.answerStarted(got);
    if (got.framing().isEmpty() && !got.isInterim() && !ended && listener != null) {
      toldEnd = true; // its head was all of it, whenever the stream ends
      to.answerPiece(Unpooled.EMPTY_BUFFER, true);
    }
    deliver();
  }

  private static int statusOf(@Nullable CharSequence status) {
    return status == null || !status.toString().matches("[1-9][0-9]{2}")
        ? -1
        : Integer.parseInt(status.toString());
  }

  /// A piece of the answer has come. Says whether it was taken: then its bytes are given back to
  /// the window later.
  boolean data(ByteBuf data, boolean last) {
    if (listener == null || ended) {
      ended |= last;
      return false;
    }
    if (!answering) {
      broke(); // a body without a head
      return false;
    }
    boolean taken = data.isReadable();
    if (taken) {
      lacksBytes = false;
      held.add(data.retain());
    }
    if (last) {
      answerEnded();
    } else {
      deliver();
    }
    return taken;
  }

  // The codec looks at content-length only where any byte has come.
  private void answerEnded() {
    if (lacksBytes) {
      broke();
    } else {
      ended = true;
      deliver();
    }
  }

  void readComplete() {
    touched = false;
    Listener to = listener;
    if (to != null) {
      to.modelReadComplete();
    }
  }

  void writabilityChanged() {
    Listener to = listener;
    if (to != null) {
      to.modelWritabilityChanged();
    }
  }

  /// The stream is over on both sides, or was reset.
  void closed() {
    if (!ended) {
      ended = true;
      broke();
    }
  }

  // Tells the listener what there is, as far as it takes it, never in itself.
  private void deliver() {
    if (delivering) {
      return;
    }
    delivering = true;
    try {
      Listener to = listener;
      while (to != null && reading && !held.isEmpty()) {
        ByteBuf piece = held.remove();
        int length = piece.readableBytes();
        boolean last = ended && held.isEmpty() && trailers == null;
        toldEnd |= last;
        touch();
        giveBack(length);
        to.answerPiece(piece, last);
        to = listener;
      }
      if (to != null && reading && ended && answering && !toldEnd) {
        toldEnd = true;
        touch();
        List<Header> behind = trailers;
        if (behind == null) {
          to.answerPiece(Unpooled.EMPTY_BUFFER, true);
        } else {
          to.answerEnded(behind);
        }
      }
    } finally {
      delivering = false;
    }
    if (!connection.isInRead()) {
      readComplete();
    }
  }

  private void touch() {
    if (connection.isInRead() && !touched) {
      touched = true;
      connection.touched(this);
    }
  }

  private void giveBack(int bytes) {
    Http2Stream of = stream;
    if (of != null && of.state() != Http2Stream.State.CLOSED) { // of a closed one the codec does it
      connection.consumed(of, bytes);
    }
  }

  private void release() {
    int bytes = 0;
    for (ByteBuf piece : held) {
      bytes += piece.readableBytes();
      piece.release();
    }
    held.clear();
    if (bytes > 0) {
      giveBack(bytes);
    }
  }

  private void broke() {
    Listener to = listener;
    listener = null;
    release();
    reset();
    if (to != null) {
      to.modelBroke();
    }
  }

  private void reset() {
    Http2Stream of = stream;
    if (of != null && of.state() != Http2Stream.State.CLOSED) {
      connection.resetStream(context(), of.id(), Http2Error.CANCEL.code(), context().newPromise());
      connection.flush(context());
    }
  }

  private ChannelHandlerContext context() {
    return connection.context();
  }
}
