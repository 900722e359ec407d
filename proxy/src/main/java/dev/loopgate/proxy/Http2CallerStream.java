package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One stream of a caller's HTTP/2 connection: one request and its answer. Confined to the
/// connection's event loop.
///
/// Pieces of the request wait here until the exchange takes them. A window is given back only for
/// what went on, so no more waits than the stream's window allows.
final class Http2CallerStream implements Caller, Answer {
  private static final int SMALL_BYTES_MAX = 1024;
  private static final int COLLECTED_BYTES = 4096;

  private final Http2CallerConnection connection;
  private final Exchanges exchanges;
  private final ProxyLoop loop;
  private final Http2Stream stream;
  private final @Nullable CallerSlots slots; // where one is given back at the end
  private final Deque<ByteBuf> held = new ArrayDeque<>(); // arrived, not taken yet
  private boolean collects; // the last of them is ours, and small pieces are copied into it
  private @Nullable Exchange exchange;
  private int passed; // taken by the exchange, not given back to the windows yet
  private boolean requestEnded;
  private List<Header> requestTrailers = List.of();
  private boolean toldRequestEnd;
  private boolean processing;
  private boolean touched;
  private boolean wasReset; // from here
  private long resetNanos;
  private @Nullable ChannelFuture lastWrite; // the one that ends the answer
  private long progressNanos; // since the exchange is over, of the caller taking its answer

  Http2CallerStream(
      Http2CallerConnection connection,
      Exchanges exchanges,
      Http2Stream stream,
      @Nullable CallerSlots slots) {
    this.connection = connection;
    this.exchanges = exchanges;
    this.loop = exchanges.loop();
    this.stream = stream;
    this.slots = slots;
  }

  /// The request's head has arrived.
  void begin(Http2Headers headers, boolean ended) throws Http2Exception {
    CharSequence method = headers.method();
    CharSequence path = headers.path();
    CharSequence authority = headers.authority();
    if (method == null || path == null || path.isEmpty() || headers.scheme() == null) {
      throw Http2Exception.streamError(
          stream.id(), Http2Error.PROTOCOL_ERROR, "a pseudo-header is missing");
    }
    List<Header> list = Http2Heads.of(headers, loop.knownHeaders());
    if (list == null) {
      throw Http2Exception.streamError(
          stream.id(), Http2Error.PROTOCOL_ERROR, "a header's name or value is not legal");
    }
    String host = authority == null ? null : authority.toString();
    switch (CallerRequest.ofHttp2(method.toString(), path.toString(), host, list, ended)) {
      case Parsed.Got<CallerRequest>(CallerRequest request) -> begin(request, ended);
      case Parsed.Refused<CallerRequest>(int status, String reason) -> {
        requestEnded = ended;
        refuse(status, reason);
      }
      case Parsed.More<CallerRequest> _ ->
          throw new IllegalStateException("http2: a head that is not whole");
    }
  }

  /// The request's head is understood.
  void begin(CallerRequest request, boolean ended) {
    requestEnded = ended;
    Exchange begun = exchanges.of(this, request);
    exchange = begun;
    begun.start();
    process();
  }

  /// A piece of the request has arrived. Says whether it was taken: then its bytes are given back
  /// to the windows later.
  boolean data(ByteBuf data, boolean ended) {
    requestEnded |= ended;
    boolean taken = exchange != null && data.isReadable();
    if (taken) {
      hold(data);
    }
    process();
    return taken;
  }

  // Small pieces that wait lie in buffers of ours: each frame may be a byte, in a receive buffer of
  // its own.
  private void hold(ByteBuf data) {
    Exchange now = exchange;
    int length = data.readableBytes();
    boolean goesOn = held.isEmpty() && now != null && now.takesBody() && now.wantsMore();
    if (goesOn || length > SMALL_BYTES_MAX) {
      held.add(data.retain());
      collects = false;
      return;
    }
    ByteBuf last = collects ? held.peekLast() : null;
    if (last == null || last.writableBytes() < length) {
      last = loop.buffers().ioBuffer(COLLECTED_BYTES, COLLECTED_BYTES);
      held.add(last);
      collects = true;
    }
    last.writeBytes(data);
  }

  boolean isRequestEnded() {
    return requestEnded;
  }

  /// The request has ended with trailers.
  void trailers(Http2Headers trailers) throws Http2Exception {
    List<Header> list = Http2Heads.of(trailers, loop.knownHeaders());
    if (list == null) {
      throw Http2Exception.streamError(
          stream.id(), Http2Error.PROTOCOL_ERROR, "a trailer's name or value is not legal");
    }
    requestTrailers = list;
    requestEnded = true;
    process();
  }

  /// The stream is over on both sides, or was reset.
  void closed() {
    Exchange now = exchange;
    if (now != null && now.takesRest()) {
      process();
      now = exchange; // it may have ended over that
    }
    exchange = null;
    release();
    CallerSlots taken = slots;
    if (taken != null) {
      taken.giveBack();
    }
    if (now != null) {
      now.callerLeft();
    }
  }

  void readComplete() {
    touched = false;
    Exchange now = exchange;
    if (now != null) {
      now.callerReadComplete();
    }
  }

  void writabilityChanged() {
    Exchange now = exchange;
    if (now != null) {
      now.callerWritabilityChanged();
    } else {
      progressNanos = loop.time().nanos();
    }
  }

  void tick(long nowNanos) {
    Exchange now = exchange;
    long stalledNanos = loop.config().caller().stalled().toNanos();
    if (wasReset) {
      if (nowNanos - resetNanos >= stalledNanos) {
        connection.close(); // not even the reset is taken
      }
    } else if (now != null) {
      now.tick(nowNanos);
    } else if (nowNanos - progressNanos >= stalledNanos) {
      reset(Http2Error.CANCEL); // the answer is whole, and nobody takes the rest of it
      flush();
    }
  }

  void stop() {
    Exchange now = exchange;
    if (now != null) {
      now.stop();
    }
  }

  @Override
  public String address() {
    return connection.address();
  }

  @Override
  public boolean isSecure() {
    return connection.isSecure();
  }

  @Override
  public Answer answer() {
    return this;
  }

  @Override
  public boolean isWritable() {
    return connection.encoder().flowController().isWritable(stream);
  }

  @Override
  public boolean hasUnread() {
    return !held.isEmpty();
  }

  @Override
  public void resume() {
    process();
  }

  @Override
  public void updateReading() {
    process();
  }

  @Override
  public void flush() {
    connection.flush(context());
  }

  @Override
  public void interim(int status, String reason, List<Header> headers) {
    write(status, headers, false);
  }

  @Override
  public void frame(
      CallerRequest request,
      int status,
      BodyFraming body,
      long declaredLength,
      boolean goesOn,
      List<Header> headers) {
    long length = body.kind() == BodyFraming.Kind.LENGTH ? body.length() : declaredLength;
    if (length >= 0 && status != 204) {
      headers.add(PassedHeaders.contentLength(length, loop.knownHeaders()));
    }
  }

  @Override
  public void head(int status, String reason, List<Header> headers, boolean last) {
    write(status, headers, last);
  }

  @Override
  public void piece(ByteBuf piece, boolean last) {
    if (piece.isReadable() || last) {
      data(piece, last, null);
    } else {
      piece.release();
    }
  }

  @Override
  public void trailers(List<Header> trailers) {
    write(null, trailers, true);
  }

  @Override
  public boolean takesTrailers() {
    return true;
  }

  @Override
  public void switchProtocols() {
    throw new IllegalStateException("http2: a stream is not switched"); // nobody could ask for it
  }

  @Override
  public void whole(ByteBuf body, Runnable written) {
    data(body, true, written);
  }

  @Override
  public void finish() {
    exchange = null;
    release();
    progressNanos = loop.time().nanos();
    ChannelFuture written = lastWrite;
    if (!requestEnded && written != null) {
      // The answer is whole, and what still comes of the request is for nobody (RFC 9113, 8.1).
      written.addListener(_ -> {
        if (!requestEnded) {
          reset(Http2Error.NO_ERROR);
          flush();
        }
      });
    }
    if (!connection.isInRead()) {
      flush();
    }
  }

  @Override
  public void abort() {
    exchange = null;
    release();
    flush(); // nothing may follow the reset
    reset(Http2Error.INTERNAL_ERROR);
    flush();
  }

  // Hands on what is there, as far as it is taken, never in itself.
  private void process() {
    if (processing) {
      return;
    }
    processing = true;
    try {
      Exchange now = exchange;
      while (now != null && now.takesBody() && now.wantsMore() && !held.isEmpty()) {
        ByteBuf piece = held.remove();
        collects &= !held.isEmpty();
        passed += piece.readableBytes();
        now.requestPiece(piece);
        now = exchange;
      }
      if (now != null && requestEnded && !toldRequestEnd && held.isEmpty() && now.takesBody()) {
        toldRequestEnd = true;
        now.requestEnded(requestTrailers);
      }
    } finally {
      processing = false;
    }
    giveBack();
    Exchange now = exchange;
    if (now == null) {
      return;
    }
    if (connection.isInRead()) {
      if (!touched) {
        touched = true;
        connection.touched(this);
      }
    } else {
      now.callerReadComplete();
    }
  }

  private void giveBack() {
    int bytes = passed;
    Exchange now = exchange;
    if (bytes > 0 && (now == null || now.wantsMore())) {
      passed = 0;
      connection.consumed(stream, bytes);
    }
  }

  private void release() {
    for (ByteBuf piece : held) {
      passed += piece.readableBytes();
      piece.release();
    }
    held.clear();
    collects = false;
    if (passed > 0 && stream.state() != Http2Stream.State.CLOSED) {
      connection.consumed(stream, passed); // of a closed one the codec does it
    }
    passed = 0;
  }

  // A head that is none: answered outside of any exchange.
  private void refuse(int status, String reason) {
    loop.events().malformed(status);
    RequestId id = loop.requestIds().next(loop.time().epochMillis());
    LocalReply reply = LocalReplies.refused(status, reason);
    List<Header> headers = new ArrayList<>(reply.headers());
    headers.add(new Header(RequestIdentity.HEADER, id.value()));
    headers.add(PassedHeaders.contentLength(reply.body().remaining(), loop.knownHeaders()));
    write(status, headers, false);
    data(Unpooled.wrappedBuffer(reply.body().duplicate()), true, null);
    finish();
  }

  /// @param status null for trailers
  private void write(@Nullable Integer status, List<Header> headers, boolean last) {
    Http2Headers out = new DefaultHttp2Headers(false, headers.size() + 1);
    if (status != null) {
      out.status(status.toString());
    }
    for (Header header : headers) {
      out.add(header.name(), header.value());
    }
    ChannelFuture done =
        connection
            .encoder()
            .writeHeaders(context(), stream.id(), out, 0, last, context().newPromise());
    done.addListener(written -> {
      if (!written.isSuccess() && stream.state() != Http2Stream.State.CLOSED) {
        reset(Http2Error.INTERNAL_ERROR); // longer than the caller allows, for one
      }
    });
    lastWrite = last ? done : lastWrite;
  }

  private void data(ByteBuf piece, boolean last, @Nullable Runnable written) {
    connection.answers();
    ChannelFuture done =
        connection
            .encoder()
            .writeData(context(), stream.id(), piece, 0, last, context().newPromise());
    if (written != null) {
      done.addListener(_ -> written.run());
    }
    lastWrite = last ? done : lastWrite;
  }

  private void reset(Http2Error error) {
    if (wasReset) {
      return;
    }
    wasReset = true;
    resetNanos = loop.time().nanos();
    if (!requestEnded) {
      connection.forgives(stream.id()); // what is on its way was sent before the caller could know
    }
    connection.resetStream(context(), stream.id(), error.code(), context().newPromise());
  }

  private ChannelHandlerContext context() {
    return connection.context();
  }
}
