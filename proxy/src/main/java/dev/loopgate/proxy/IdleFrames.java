package dev.loopgate.proxy;

import dev.loopgate.capture.TimeSource;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;

/// Ends a connection whose caller floods it with frames that carry nothing: pings, settings, window
/// updates, priorities, frames of unknown types. Confined to its event loop.
///
/// The codec bounds the answers that wait because they are not taken; this bounds the frames
/// themselves. Frames of a request or an answer in between begin the count anew.
final class IdleFrames extends Http2FrameListenerDecorator {
  /// So many within [#WITHIN_NANOS], and nothing in between: more than anybody has use for.
  static final int MAX = 1000;

  private static final long WITHIN_NANOS = 30_000_000_000L;

  private final TimeSource time;
  private int count;
  private long sinceNanos;

  IdleFrames(Http2FrameListener frames, TimeSource time) {
    super(frames);
    this.time = time;
  }

  /// Something of a request or an answer goes over.
  void end() {
    count = 0;
  }

  private void add() throws Http2Exception {
    if (count == 0 || time.nanos() - sinceNanos >= WITHIN_NANOS) {
      count = 0;
      sinceNanos = time.nanos();
    }
    if (++count > MAX) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "too many frames that carry nothing");
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean ended)
      throws Http2Exception {
    end();
    return super.onDataRead(ctx, streamId, data, padding, ended);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean ended)
      throws Http2Exception {
    end();
    super.onHeadersRead(ctx, streamId, headers, padding, ended);
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
      boolean ended)
      throws Http2Exception {
    end();
    super.onHeadersRead(
        ctx, streamId, headers, streamDependency, weight, exclusive, padding, ended);
  }

  @Override
  public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
      throws Http2Exception {
    add();
    super.onSettingsRead(ctx, settings);
  }

  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    add();
    super.onPingRead(ctx, data);
  }

  @Override
  public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int increment)
      throws Http2Exception {
    add();
    super.onWindowUpdateRead(ctx, streamId, increment);
  }

  @Override
  public void onPriorityRead(
      ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
      throws Http2Exception {
    add();
    super.onPriorityRead(ctx, streamId, dependency, weight, exclusive);
  }

  @Override
  public void onUnknownFrame(
      ChannelHandlerContext ctx, byte type, int streamId, Http2Flags flags, ByteBuf payload)
      throws Http2Exception {
    add();
    super.onUnknownFrame(ctx, type, streamId, flags, payload);
  }
}
