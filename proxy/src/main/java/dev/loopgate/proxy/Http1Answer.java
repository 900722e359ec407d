package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The answering half of a caller's HTTP/1.1 connection: heads, framing, pieces. Confined to the
/// connection's event loop.
final class Http1Answer implements Answer {
  private final ProxyLoop loop;
  private final Outgoing outgoing = new Outgoing();
  private @Nullable Channel channel;
  private BodyFraming.Kind toCaller = BodyFraming.Kind.NONE; // of the answer that is being sent
  private boolean takesTrailers;
  private boolean persistent;

  Http1Answer(ProxyLoop loop) {
    this.loop = loop;
  }

  void open(Channel opened) {
    channel = opened;
  }

  @Override
  public boolean isWritable() {
    return channel().isWritable();
  }

  @Override
  public void interim(int status, String reason, List<Header> headers) {
    head(status, reason, headers, false);
  }

  @Override
  public void frame(
      CallerRequest request,
      int status,
      BodyFraming body,
      long declaredLength,
      boolean goesOn,
      List<Header> headers) {
    toCaller = framing(request, status, body, declaredLength, headers);
    takesTrailers = request.welcomesTrailers();
    persistent = goesOn && toCaller != BodyFraming.Kind.UNTIL_CLOSE;
    if (!persistent) {
      headers.add(loop.knownHeaders().of("connection", "close"));
    } else if (request.minor() == 0) {
      headers.add(loop.knownHeaders().of("connection", "keep-alive"));
    }
  }

  /// Whether another request may follow, as the answer that was framed last said.
  boolean isPersistent() {
    return persistent;
  }

  /// Whether the connection's end would be taken for the answer's.
  boolean endsWithConnection() {
    return toCaller == BodyFraming.Kind.UNTIL_CLOSE;
  }

  @Override
  public void head(int status, String reason, List<Header> headers, boolean last) {
    outgoing.head(channel(), HeadWriter.response(channel().alloc(), status, reason, headers));
  }

  @Override
  public void piece(ByteBuf piece, boolean last) {
    if (toCaller != BodyFraming.Kind.CHUNKED) {
      write(piece);
      return;
    }
    if (piece.isReadable()) {
      outgoing.chunk(channel(), piece);
    } else {
      piece.release();
    }
    if (last) {
      write(HeadWriter.lastChunk(channel().alloc(), List.of()));
    }
  }

  @Override
  public void trailers(List<Header> trailers) {
    if (toCaller == BodyFraming.Kind.CHUNKED && takesTrailers) {
      write(HeadWriter.lastChunk(channel().alloc(), trailers));
    } else {
      piece(Unpooled.EMPTY_BUFFER, true);
    }
  }

  @Override
  public boolean takesTrailers() {
    return toCaller == BodyFraming.Kind.CHUNKED && takesTrailers;
  }

  /// From here on both sides speak something else, to the connection's end.
  void switched() {
    persistent = false;
    toCaller = BodyFraming.Kind.UNTIL_CLOSE;
  }

  @Override
  public void whole(ByteBuf body, Runnable written) {
    outgoing.pass(channel());
    channel().write(body).addListener(_ -> written.run());
  }

  /// A whole answer with its own head, after which nothing follows.
  void last(ByteBuf reply) {
    persistent = false;
    toCaller = BodyFraming.Kind.LENGTH;
    outgoing.piece(channel(), reply);
  }

  @Override
  public void flush() {
    pass();
    channel().flush();
  }

  /// All that was written is the channel's now, not flushed yet.
  void pass() {
    outgoing.pass(channel());
  }

  /// Sends what was written, then says that nothing follows; the other side may still send.
  ///
  /// @param ended told whether that was possible
  void end(Consumer<Boolean> ended) {
    pass();
    channel()
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            (ChannelFutureListener)
                written -> {
                  SslHandler tls = written.channel().pipeline().get(SslHandler.class);
                  if (!written.isSuccess()
                      || !(written.channel() instanceof DuplexChannel duplex)) {
                    ended.accept(false);
                  } else if (tls == null) {
                    ended.accept(true);
                    duplex.shutdownOutput();
                  } else {
                    ended.accept(true);
                    tls.closeOutbound().addListener(_ -> duplex.shutdownOutput());
                  }
                });
  }

  /// Ends the connection so that nobody can take it for the answer's end: by a reset, and without
  /// the farewell of TLS.
  void cutOff() {
    Channel cut = channel();
    cut.config().setOption(ChannelOption.SO_LINGER, 0);
    ChannelHandlerContext tls = cut.pipeline().context(SslHandler.class);
    if (tls == null) {
      cut.close();
    } else {
      tls.close(); // from there on down
    }
  }

  /// The connection is gone.
  void release() {
    outgoing.release();
  }

  // How the caller finds the end of the answer; adds the header that says so.
  private BodyFraming.Kind framing(
      CallerRequest request,
      int status,
      BodyFraming body,
      long declaredLength,
      List<Header> headers) {
    return switch (body.kind()) {
      case NONE -> {
        if (declaredLength >= 0 && status != 204) {
          headers.add(PassedHeaders.contentLength(declaredLength, loop.knownHeaders()));
        } else if (status != 204 && status != 304 && !request.method().equals("HEAD")) {
          headers.add(
              PassedHeaders.contentLength(0, loop.knownHeaders())); // HTTP/2 need not say it
        }
        yield BodyFraming.Kind.NONE;
      }
      case LENGTH -> {
        headers.add(PassedHeaders.contentLength(body.length(), loop.knownHeaders()));
        yield body.isEmpty() ? BodyFraming.Kind.NONE : BodyFraming.Kind.LENGTH;
      }
      case CHUNKED, UNTIL_CLOSE -> {
        if (request.minor() == 0) {
          yield BodyFraming.Kind.UNTIL_CLOSE;
        }
        headers.add(loop.knownHeaders().of("transfer-encoding", "chunked"));
        yield BodyFraming.Kind.CHUNKED;
      }
    };
  }

  private void write(ByteBuf piece) {
    outgoing.piece(channel(), piece);
  }

  private Channel channel() {
    return Objects.requireNonNull(channel, "connection: not opened");
  }
}
