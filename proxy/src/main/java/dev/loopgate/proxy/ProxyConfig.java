package dev.loopgate.proxy;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Settings of the door and the relay behind it.
///
/// @param address where callers are accepted; port 0 takes a free one
/// @param loops event loops, default one a processor, at most 64
/// @param connectionsMax callers at a time, default 1,024: connections, and streams of an HTTP/2
///   connection beyond its first; one more connection is closed, one more stream refused
/// @param headBytesMax bytes of a head, default 16 KiB; beyond it 431
/// @param captureBytesMax bytes of all capture buffers together, default 64 MiB, divided over the
///   loops; beyond it bodies are cut
/// @param localBytesMax bytes of bodies that the door's own services wait for, look at or have not
///   answered, all together, default 32 MiB; beyond it 503. A body larger than this never passes
/// @param edge what stands between callers and the door, and what models are told of it
/// @param tls the certificate of the door, null for none: then it speaks plain HTTP
public record ProxyConfig(
    InetSocketAddress address,
    int loops,
    int connectionsMax,
    int headBytesMax,
    long captureBytesMax,
    int localBytesMax,
    CallerLimits caller,
    ModelLimits model,
    Edge edge,
    @Nullable TlsFiles tls) {
  /// Bytes read at once from a socket, at most.
  static final int RECEIVE_BYTES_MAX = 256 << 10;

  /// Bytes that wait to be written to a socket before the other side is not read any more. What was
  /// read at that moment is added to it.
  static final int WRITE_BYTES_HIGH = 64 << 10;

  /// Bytes that are read ahead of a request that can't go on yet, before its caller is not read any
  /// more.
  static final int HELD_BYTES_MAX = 64 << 10;

  /// More is never needed for bodies of the door's own services.
  public static final int LOCAL_BYTES_MAX = 32 << 20;

  public ProxyConfig {
    if (loops < 1 || loops > 64) {
      throw new IllegalArgumentException("loops: value=" + loops + ", allowed=1..64");
    }
    Positive.check("connections max", connectionsMax);
    if (headBytesMax < 1024 || headBytesMax > HELD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "head bytes max: value=" + headBytesMax + ", allowed=1024.." + HELD_BYTES_MAX);
    }
    if (captureBytesMax < 0) {
      throw new IllegalArgumentException(
          "capture bytes max: value=" + captureBytesMax + ", allowed=0 or more");
    }
    Positive.check("local bytes max", localBytesMax);
  }

  /// Every setting at its default.
  public static ProxyConfig defaults(InetSocketAddress address) {
    return new ProxyConfig(
        address,
        Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 64),
        1024,
        16 << 10,
        64L << 20,
        LOCAL_BYTES_MAX,
        CallerLimits.DEFAULT,
        ModelLimits.DEFAULT,
        Edge.DEFAULT,
        null);
  }

  /// The most memory that this room can ever hold. Every holder is one line.
  public long bytesMax() {
    long sum = 0;
    sum += captureBytesMax; // all capture buffers and copies for mirrors; past it bodies are cut
    sum += (long) loops * headBytesMax; // scratch of the head readers
    // Read ahead: heads, pipelined or held bytes, or the window of an HTTP/2 stream.
    sum +=
        (long) connectionsMax * Math.max(HELD_BYTES_MAX, Http2CallerConnection.STREAM_WINDOW_BYTES);
    sum += 2L * connectionsMax * headBytesMax; // both heads of an exchange, kept until its ending
    // Both directions of a relay that its receiver does not take: past it the sender is not read.
    sum += 2L * connectionsMax * (WRITE_BYTES_HIGH + RECEIVE_BYTES_MAX);
    sum += localBytesMax; // bodies for the door's own services; past it they are answered 503
    return sum;
  }

  int modelConnectionsMax() {
    return model.connectionsMax();
  }
}
