package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.ReplicaState;
import io.netty.buffer.ByteBuf;
import java.util.List;

/// One request to a model and the way back of its answer, whatever the model speaks. Confined to
/// the event loop; lent to one exchange, which gives it back with [#letGo] or [#close].
interface ModelCall {
  /// Who is answered. Told nothing any more once it let go of the call.
  interface Listener {
    /// A whole head; the body's pieces follow. Heads below 200 come before the answer.
    void answerStarted(ModelAnswer answer);

    /// A piece of the body, which is the listener's now; `last` ends the answer.
    void answerPiece(ByteBuf piece, boolean last);

    /// The answer ends, with trailers: in place of the last piece.
    void answerEnded(List<Header> trailers);

    /// The connection or the stream broke, or what came is no answer.
    void modelBroke();

    /// All that is there for now was told: time to flush.
    void modelReadComplete();

    /// The model takes bytes again, or for now no more.
    void modelWritabilityChanged();
  }

  /// Who is asked; told [ReplicaState#ended] by the exchange, once.
  ReplicaState replica();

  /// Sends the request's head. From now on `listener` is answered.
  ///
  /// @param path path and query as the model sees them
  /// @param headers as the model sees them, without `host`
  void begin(Listener listener, CallerRequest request, String path, List<Header> headers);

  /// Sends a piece of the request's body, which is the call's now.
  void piece(ByteBuf piece);

  /// The request is whole.
  ///
  /// @param trailers dropped where the body's framing has no place for them
  void end(List<Header> trailers);

  void flush();

  /// Whether the model takes bytes at the moment.
  boolean isWritable();

  /// Tells the listener of the answer's body, or for now no more of it.
  void setReading(boolean reading);

  /// The listener has its whole answer.
  ///
  /// @param requestWhole the whole request was sent
  void letGo(boolean requestWhole);

  /// The listener wants no answer any more.
  void close();
}
