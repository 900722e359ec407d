package dev.loopgate.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A caller's HTTP/2 connection (RFC 9113): each stream is an exchange of its own. Confined to its
/// event loop.
///
/// Netty's codec reads and checks the frames, counts both windows, and ends a connection that
/// floods (resets, empty frames, continuations, pings, settings). What arrived and can not go on
/// yet is not given back to the caller's windows.
final class Http2CallerConnection extends Http2ConnectionHandler implements CallerLink {
  /// Streams at a time; beyond it the codec refuses them.
  static final int STREAMS_MAX = 128;

  /// Bytes of one stream that may wait here.
  static final int STREAM_WINDOW_BYTES = 32 << 10;

  /// The connection's window: streams that stand still stop no other. The codec renews it when half
  /// of it is used up, so half of it is room for all streams. What bounds memory is the streams'
  /// windows, for each stream has a slot of `proxy.connections-max`.
  private static final int WINDOW_BYTES = 2 * STREAMS_MAX * STREAM_WINDOW_BYTES;

  /// Streams that were reset from here and may not know it yet: so many of the last ones.
  private static final int FORGIVEN_MAX = 2 * STREAMS_MAX;

  private static final int RESETS_MAX = 200;
  private static final int RESETS_SECONDS = 30;
  private static final int EMPTY_FRAMES_MAX = 2;
  private static final int CONTINUATIONS_MAX = 16;
  private static final int CONTROL_FRAMES_MAX = 1000;

  private final Exchanges exchanges;
  private final ProxyLoop loop;
  private final String address;
  private final boolean secure;
  private final IdleFrames idleFrames;
  private final Http2Connection.PropertyKey key;
  private final List<Http2CallerStream> touched = new ArrayList<>(); // by the read that goes on
  private @Nullable ChannelHandlerContext context;
  private final int[] forgiven = new int[FORGIVEN_MAX];
  private int forgivenCount;
  private boolean inRead;
  private boolean broken; // it is being closed for an error of its own
  private long quietSinceNanos;

  private Http2CallerConnection(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      Exchanges exchanges,
      String address,
      boolean secure) {
    super(decoder, encoder, settings);
    this.exchanges = exchanges;
    this.loop = exchanges.loop();
    this.address = address;
    this.secure = secure;
    this.idleFrames = new IdleFrames(new Frames(), loop.time());
    this.key = connection().newKey();
    this.quietSinceNanos = loop.time().nanos();
  }

  /// A handler for a connection that is open already.
  static Http2CallerConnection of(Exchanges exchanges, String address, boolean secure) {
    return new Builder(exchanges, address, secure).build();
  }

  /// Begins with the request that asked for HTTP/2 (RFC 7540, section 3.2): it is the first stream.
  ///
  /// @param settings of the caller
  void begin(Http2Settings settings, CallerRequest request) {
    try {
      onHttpServerUpgrade(settings);
      Http2Stream stream = connection().stream(Http2CodecUtil.HTTP_UPGRADE_STREAM_ID);
      Http2CallerStream first = new Http2CallerStream(this, exchanges, stream, null);
      stream.setProperty(key, first);
      first.begin(request, true);
      flush(context());
    } catch (Http2Exception e) {
      onError(context(), false, e);
    }
  }

  String address() {
    return address;
  }

  boolean isSecure() {
    return secure;
  }

  boolean isInRead() {
    return inRead;
  }

  ChannelHandlerContext context() {
    return Objects.requireNonNull(context, "http2: not added");
  }

  /// To be flushed when this read is over.
  void touched(Http2CallerStream stream) {
    touched.add(stream);
  }

  /// Frames of this stream may still come: it was reset.
  void forgives(int streamId) {
    forgiven[forgivenCount++ % FORGIVEN_MAX] = streamId;
  }

  private boolean isForgiven(int streamId) {
    for (int each : forgiven) {
      if (each == streamId) {
        return true;
      }
    }
    return false;
  }

  /// A piece of an answer goes over.
  void answers() {
    idleFrames.end();
  }

  /// A stream's bytes went on: its windows may grow again.
  void consumed(Http2Stream stream, int bytes) {
    try {
      boolean updates = decoder().flowController().consumeBytes(stream, bytes);
      if (updates && !inRead) {
        flush(context());
      }
    } catch (Http2Exception e) {
      onError(context(), true, e);
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    context = ctx;
    super.handlerAdded(ctx); // sends our settings
    loop.add(this);
    decoder()
        .flowController()
        .incrementWindowSize(
            connection().connectionStream(), WINDOW_BYTES - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
    flush(ctx);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    inRead = true;
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
    super.channelInactive(ctx);
    loop.remove(this);
    loop.events().callerDisconnected();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
      super.exceptionCaught(ctx, cause);
    } else {
      if (!(cause instanceof IOException)) {
        loop.events().failed(cause);
        stop(); // a bug of ours: the caller did not leave
      }
      ctx.close();
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    broken = true;
    if (e != null) {
      loop.events().malformed(400);
    } else if (!(cause instanceof IOException)) {
      loop.events().failed(cause);
      each(Http2CallerStream::stop); // a bug of ours: the callers did not leave
    }
    super.onConnectionError(ctx, outbound, cause, e);
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException e) {
    if (e.error() != Http2Error.REFUSED_STREAM) {
      loop.events().malformed(400);
    }
    Http2Stream stream = connection().stream(e.streamId());
    Http2CallerStream ours = of(stream);
    if (stream == null && e.error() == Http2Error.STREAM_CLOSED && !isForgiven(e.streamId())) {
      // A stream that is over, or was passed over, can't begin again (RFC 9113, section 5.1).
      super.onConnectionError(
          ctx, outbound, cause, Http2Exception.connectionError(e.error(), "stream used again"));
    } else if (ours != null && ours.isRequestEnded() && e.error() == Http2Error.PROTOCOL_ERROR) {
      // Whatever is wrong with a frame behind the end of a request: there must be none.
      resetStream(ctx, e.streamId(), Http2Error.STREAM_CLOSED.code(), ctx.newPromise());
    } else {
      if (stream != null && (ours == null || !ours.isRequestEnded())) {
        forgives(e.streamId()); // the rest of its body may be on its way
      }
      super.onStreamError(ctx, outbound, cause, e);
    }
  }

  @Override
  public void tick(long nowNanos) {
    if (connection().numActiveStreams() > 0) {
      quietSinceNanos = nowNanos;
      each(stream -> stream.tick(nowNanos));
    } else if (nowNanos - quietSinceNanos >= loop.config().caller().idle().toNanos()) {
      channel().close();
    }
  }

  @Override
  public void leave() {
    goAway(Integer.MAX_VALUE); // whatever is on its way already, it will be served (RFC 9113, 6.8)
    flush(context());
  }

  @Override
  public void drain() {
    if (connection().goAwaySent()) {
      goAway(connection().remote().lastStreamCreated()); // it was left, and the codec says it once
    }
    // Says GOAWAY; what goes on ends first, then the connection closes.
    gracefulShutdownTimeoutMillis(-1);
    channel().close();
  }

  @Override
  public void stop() {
    each(Http2CallerStream::stop);
    drain();
  }

  @Override
  public void close() {
    context().close();
  }

  private void goAway(int lastStreamId) {
    ChannelHandlerContext ctx = context();
    goAway(ctx, lastStreamId, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
  }

  private Channel channel() {
    return context().channel();
  }

  private @Nullable Http2CallerStream of(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(key);
  }

  private void each(Consumer<Http2CallerStream> action) {
    List<Http2CallerStream> open = new ArrayList<>(); // streams close while they are told something
    try {
      connection()
          .forEachActiveStream(stream -> {
            Http2CallerStream ours = of(stream);
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
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int streamDependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean ended)
        throws Http2Exception {
      onHeadersRead(ctx, streamId, headers, padding, ended);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean ended)
        throws Http2Exception {
      Http2Stream stream = connection().stream(streamId);
      Http2CallerStream known = of(stream);
      if (known != null) {
        if (known.isRequestEnded()) {
          throw Http2Exception.streamError(
              streamId, Http2Error.STREAM_CLOSED, "headers behind the end of the request");
        }
        if (!ended) {
          throw Http2Exception.streamError(
              streamId, Http2Error.PROTOCOL_ERROR, "trailers that do not end the stream");
        }
        known.trailers(headers);
        return;
      }
      if (broken) {
        return; // what was on its way already begins nothing any more
      }
      boolean first = connection().numActiveStreams() <= 1; // it has the connection's own slot
      if (!first && !exchanges.slots().tryTake()) {
        loop.events().callerRefused();
        throw Http2Exception.streamError(
            streamId, Http2Error.REFUSED_STREAM, "more callers than proxy.connections-max");
      }
      Http2CallerStream fresh =
          new Http2CallerStream(
              Http2CallerConnection.this, exchanges, stream, first ? null : exchanges.slots());
      stream.setProperty(key, fresh);
      fresh.begin(headers, ended);
      if (loop.isLeaving() && !connection().goAwaySent()) {
        leave(); // it came while the door was still open
      }
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean ended) {
      int length = data.readableBytes();
      Http2CallerStream stream = of(connection().stream(streamId));
      if (stream == null) {
        return length + padding;
      }
      return padding + (stream.data(data, ended) ? 0 : length);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) {
      forgives(streamId); // what comes behind it is that stream's fault alone (RFC 9113, 5.1)
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      Http2CallerStream ours = of(stream);
      if (ours != null) {
        ours.closed();
      }
    }
  }

  private static final class Builder
      extends AbstractHttp2ConnectionHandlerBuilder<Http2CallerConnection, Builder> {
    private final Exchanges exchanges;
    private final String address;
    private final boolean secure;

    Builder(Exchanges exchanges, String address, boolean secure) {
      this.exchanges = exchanges;
      this.address = address;
      this.secure = secure;
      server(true);
      initialSettings(
          Http2Settings.defaultSettings()
              .maxConcurrentStreams(STREAMS_MAX)
              .initialWindowSize(STREAM_WINDOW_BYTES)
              .maxHeaderListSize(exchanges.loop().config().headBytesMax()));
      decoderEnforceMaxRstFramesPerWindow(RESETS_MAX, RESETS_SECONDS);
      encoderEnforceMaxRstFramesPerWindow(RESETS_MAX, RESETS_SECONDS);
      decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_FRAMES_MAX);
      decoderEnforceMaxSmallContinuationFrames(CONTINUATIONS_MAX);
      encoderEnforceMaxQueuedControlFrames(CONTROL_FRAMES_MAX);
    }

    @Override
    protected Http2CallerConnection build() {
      return super.build();
    }

    @Override
    protected Http2CallerConnection build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      Http2CallerConnection made =
          new Http2CallerConnection(decoder, encoder, settings, exchanges, address, secure);
      frameListener(made.idleFrames);
      made.connection().addListener(made.new Frames());
      encoder
          .flowController()
          .listener(stream -> {
            Http2CallerStream ours = made.of(stream);
            if (ours != null) {
              ours.writabilityChanged();
            }
          });
      return made;
    }
  }
}
