package dev.loopgate.proxy;

import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.ReplicaState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A connection to a model server in HTTP/2 (RFC 9113): each exchange is a stream of it. Confined
/// to its event loop.
///
/// It is ready when the server's settings have come: who answers anything else speaks no HTTP/2,
/// and has seen no request. A connection with streams on which nothing comes is asked for a sign of
/// life, and closed when there is none.
final class Http2ModelConnection extends Http2ConnectionHandler {
  /// Told once each, on the event loop.
  interface Listener {
    /// The server's settings have come.
    void opened(Http2ModelConnection connection);

    /// It can take another stream, now that one has ended.
    void streamEnded(Http2ModelConnection connection);

    /// It is gone, or never was.
    void closed(Http2ModelConnection connection);
  }

  /// Streams at a time, if the server allows so many.
  static final int STREAMS_MAX = 128;

  /// Beyond this one no stream is opened: ids are never used again, and 2^31 ends them (RFC 9113,
  /// section 5.1.1).
  static final int STREAM_ID_MAX = Integer.MAX_VALUE - 2;

  /// Bytes of one answer that may wait here.
  static final int STREAM_WINDOW_BYTES = ProxyConfig.RECEIVE_BYTES_MAX;

  private static final Duration QUIET_MAX = Duration.ofSeconds(10);
  private static final int PINGS_MAX = 2; // since the last answer's piece
  private static final Duration PING_EVERY = Duration.ofMinutes(6); // from then on
  private static final Duration UNUSED_MAX = Duration.ofSeconds(60);
  private static final int CONTROL_FRAMES_MAX = 1000;
  private static final int EMPTY_FRAMES_MAX = 16;
  private static final int CONTINUATIONS_MAX = 16;

  private final ProxyLoop loop;
  private final Deployment deployment;
  private final ReplicaState replica;
  private final Listener listener;
  private final Http2Connection.PropertyKey key;
  private final List<Http2ModelStream> touched = new ArrayList<>(); // by the read that goes on
  private @Nullable ChannelHandlerContext context;
  private boolean opened;
  private boolean over; // takes no further stream
  private boolean told; // that it is closed
  private boolean closing; // with its last call
  private boolean inRead;
  private boolean asked; // for a sign of life
  private int pings;
  private long askedNanos;
  private long heardNanos;
  private long usedNanos;

  private Http2ModelConnection(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      ProxyLoop loop,
      Deployment deployment,
      ReplicaState replica,
      Listener listener) {
    super(decoder, encoder, settings);
    this.loop = loop;
    this.deployment = deployment;
    this.replica = replica;
    this.listener = listener;
    this.key = connection().newKey();
    this.heardNanos = loop.time().nanos();
    this.usedNanos = heardNanos;
  }

  /// A handler for a connection that is made, or about to be.
  static Http2ModelConnection of(
      ProxyLoop loop, Deployment deployment, ReplicaState replica, Listener listener) {
    return new Builder(loop, deployment, replica, listener).build();
  }

  Deployment deployment() {
    return deployment;
  }

  /// Who is at its other end.
  ReplicaState replica() {
    return replica;
  }

  ProxyLoop loop() {
    return loop;
  }

  ChannelHandlerContext context() {
    return Objects.requireNonNull(context, "http2: not added");
  }

  boolean isInRead() {
    return inRead;
  }

  /// Whether another request can be sent.
  boolean hasRoom() {
    return !over
        && connection().numActiveStreams() < STREAMS_MAX
        && connection().local().canOpenStream()
        && !connection().goAwayReceived();
  }

  /// Whether it carries nothing at the moment.
  boolean isIdle() {
    return connection().numActiveStreams() == 0;
  }

  /// A call on a stream of its own.
  ModelCall newCall() {
    return new Http2ModelStream(this);
  }

  /// Binds a stream that was just opened to what it is for.
  @Nullable Http2Stream bind(int streamId, Http2ModelStream to) {
    over |= streamId >= STREAM_ID_MAX; // it closes with its last stream, and another is made
    Http2Stream stream = connection().stream(streamId);
    if (stream != null) {
      stream.setProperty(key, to);
    }
    return stream;
  }

  /// To be flushed when this read is over.
  void touched(Http2ModelStream stream) {
    touched.add(stream);
  }

  /// A stream's bytes went on: its window may grow again.
  void consumed(Http2Stream stream, int bytes) {
    try {
      if (decoder().flowController().consumeBytes(stream, bytes) && !inRead) {
        flush(context());
      }
    } catch (Http2Exception e) {
      onError(context(), true, e);
    }
  }

  /// Looks at the deadlines.
  void tick(long nowNanos) {
    if (!opened || context == null) {
      return;
    }
    if (connection().numActiveStreams() == 0) {
      heardNanos = nowNanos;
      asked = false;
      if (nowNanos - usedNanos >= UNUSED_MAX.toNanos()) {
        close();
      }
      return;
    }
    usedNanos = nowNanos;
    each(stream -> stream.tick(nowNanos));
    long quietNanos = nowNanos - heardNanos;
    if (asked && quietNanos >= 2 * QUIET_MAX.toNanos()) {
      closeNow(); // not even a ping is answered
    } else if (!asked && quietNanos >= QUIET_MAX.toNanos() && mayAsk(nowNanos)) {
      asked = true;
      askedNanos = nowNanos;
      pings++;
      encoder().writePing(context(), false, nowNanos, context().newPromise());
      flush(context());
    }
  }

  // Servers of gRPC send away who pings often while nothing else is said.
  private boolean mayAsk(long nowNanos) {
    return pings < PINGS_MAX || nowNanos - askedNanos >= PING_EVERY.toNanos();
  }

  /// Takes no further request; closes when the last one is over.
  void close() {
    over = true;
    if (!closing || isIdle()) {
      closing = true; // once is enough while calls go on
      gracefulShutdownTimeoutMillis(-1);
      context().channel().close();
    }
  }

  /// Whether it takes no further request.
  boolean isOver() {
    return over;
  }

  /// Closes at once: calls that go on are broken.
  void closeNow() {
    over = true;
    context().close();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    super.handlerAdded(ctx); // sends preface and settings, once the channel is active
    if (ctx.channel().isActive()) {
      widen();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) throws Exception {
    super.channelActive(ctx);
    widen();
  }

  // Answers that stand still must not stop the others: the connection's window is that of all.
  private void widen() throws Http2Exception {
    decoder()
        .flowController()
        .incrementWindowSize(
            connection().connectionStream(),
            STREAMS_MAX * STREAM_WINDOW_BYTES - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    flush(context());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    inRead = true;
    heardNanos = loop.time().nanos();
    asked = false;
    super.channelRead(ctx, message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    inRead = false;
    for (int i = 0; i < touched.size(); i++) {
      touched.get(i).readComplete();
    }
    touched.clear();
    super.channelReadComplete(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    over = true;
    super.channelInactive(ctx); // closes the streams, which tell their calls
    tellClosed();
  }

  @Override
  public void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    super.handlerRemoved0(ctx);
    tellClosed();
  }

  private void tellClosed() {
    if (!told) {
      told = true;
      over = true;
      listener.closed(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    over = true;
    if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
      super.exceptionCaught(ctx, cause);
    } else {
      if (!(cause instanceof IOException)) {
        loop.events().failed(cause);
      }
      ctx.close();
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    over = true;
    if (e == null && !(cause instanceof IOException)) {
      loop.events().failed(cause);
    }
    super.onConnectionError(ctx, outbound, cause, e);
  }

  private @Nullable Http2ModelStream of(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(key);
  }

  private void each(Consumer<Http2ModelStream> action) {
    List<Http2ModelStream> open = new ArrayList<>(); // streams close while they are told something
    try {
      connection()
          .forEachActiveStream(stream -> {
            Http2ModelStream ours = of(stream);
            if (ours != null) {
              open.add(ours);
            }
            return true;
          });
    } catch (Http2Exception e) {
      onError(context(), true, e);
    }
    open.forEach(action);
  }

  /// What the codec tells of frames and streams.
  private final class Frames extends Http2EventAdapter {
    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
      if (!opened) {
        opened = true;
        listener.opened(Http2ModelConnection.this);
      } else {
        listener.streamEnded(Http2ModelConnection.this); // there may be more room now
      }
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int streamDependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean ended) {
      onHeadersRead(ctx, streamId, headers, padding, ended);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean ended) {
      pings = 0;
      Http2ModelStream stream = of(connection().stream(streamId));
      if (stream != null) {
        stream.headers(headers, ended);
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean ended) {
      pings = 0;
      int length = data.readableBytes();
      Http2ModelStream stream = of(connection().stream(streamId));
      return padding + (stream == null || !stream.data(data, ended) ? length : 0);
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      Http2ModelStream ours = of(stream);
      if (ours != null) {
        ours.closed();
      }
      usedNanos = loop.time().nanos();
    }

    @Override
    public void onStreamRemoved(Http2Stream stream) {
      listener.streamEnded(Http2ModelConnection.this);
    }

    @Override
    public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
      close();
    }
  }

  private static final class Builder
      extends AbstractHttp2ConnectionHandlerBuilder<Http2ModelConnection, Builder> {
    private final ProxyLoop loop;
    private final Deployment deployment;
    private final ReplicaState replica;
    private final Listener listener;

    Builder(ProxyLoop loop, Deployment deployment, ReplicaState replica, Listener listener) {
      this.loop = loop;
      this.deployment = deployment;
      this.replica = replica;
      this.listener = listener;
      server(false);
      initialSettings(
          Http2Settings.defaultSettings()
              .pushEnabled(false)
              .initialWindowSize(STREAM_WINDOW_BYTES)
              .maxHeaderListSize(loop.config().headBytesMax()));
      decoderEnforceMaxRstFramesPerWindow(0, 0); // of our own calls: a server may reset them all
      decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_FRAMES_MAX);
      decoderEnforceMaxSmallContinuationFrames(CONTINUATIONS_MAX);
      encoderEnforceMaxQueuedControlFrames(CONTROL_FRAMES_MAX);
    }

    @Override
    protected Http2ModelConnection build() {
      return super.build();
    }

    @Override
    protected Http2ModelConnection build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      Http2ModelConnection made =
          new Http2ModelConnection(decoder, encoder, settings, loop, deployment, replica, listener);
      Frames frames = made.new Frames();
      frameListener(frames);
      made.connection().addListener(frames);
      encoder
          .flowController()
          .listener(stream -> {
            Http2ModelStream ours = made.of(stream);
            if (ours != null) {
              ours.writabilityChanged();
            }
          });
      return made;
    }
  }
}
