package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import java.util.List;

/// One request and its answer, as a caller's connection sees whoever serves it. Confined to the
/// connection's event loop. Ends by [Caller#finish] or [Caller#abort]; told nothing any more from
/// then on.
interface Exchange {
  /// Begins. What comes of it may be told to the connection before this returns.
  void start();

  /// Whether the request's body can be taken from the connection yet.
  boolean takesBody();

  /// Whether more of it should be read from the caller now.
  boolean wantsMore();

  /// A piece of the request's body; it is the exchange's now.
  void requestPiece(ByteBuf piece);

  /// The request's last byte has arrived; also for a request without a body.
  ///
  /// @param trailers what stood behind the body, as it came
  void requestEnded(List<Header> trailers);

  /// The framing of the request's body is broken.
  void requestMalformed();

  /// The caller is leaving. Whether what it has sent, and nobody has taken, is to be told first, as
  /// far as it is there: then [#takesBody].
  default boolean takesRest() {
    return false;
  }

  /// The caller's connection is gone.
  void callerLeft();

  /// All that is there for now was told: time to flush.
  void callerReadComplete();

  /// The caller takes bytes again, or for now no more.
  void callerWritabilityChanged();

  /// A look at the deadlines.
  void tick(long nowNanos);

  /// The gateway stops: end now.
  void stop();
}
