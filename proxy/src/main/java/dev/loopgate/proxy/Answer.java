package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import io.netty.buffer.ByteBuf;
import java.util.List;

/// The way back to a caller: [#frame], [#head], pieces, whatever the caller speaks. Confined to the
/// event loop; used by one exchange at a time, which ends it with [Caller#finish] or
/// [Caller#abort].
interface Answer {
  /// Whether the caller takes bytes at the moment.
  boolean isWritable();

  /// Sends a head that comes before the answer (1xx).
  void interim(int status, String reason, List<Header> headers);

  /// Adds to `headers` what tells the caller where the answer ends and whether its connection goes
  /// on.
  ///
  /// @param body how the answer's own end is found
  /// @param declaredLength what the answer says of its length, also without a body; -1 for nothing
  /// @param goesOn whether another request may follow on this connection
  void frame(
      CallerRequest request,
      int status,
      BodyFraming body,
      long declaredLength,
      boolean goesOn,
      List<Header> headers);

  /// Sends the answer's head.
  ///
  /// @param last no body follows
  void head(int status, String reason, List<Header> headers, boolean last);

  /// Sends a piece of the answer's body, which is the answer's now.
  ///
  /// @param last it ends the answer; it may be empty
  void piece(ByteBuf piece, boolean last);

  /// Ends the answer with trailers, in place of the last piece; they are dropped where the caller
  /// can't be told them.
  void trailers(List<Header> trailers);

  /// Whether [#trailers] would tell them.
  boolean takesTrailers();

  /// Sends the whole body; `written` is run when it left or never will.
  void whole(ByteBuf body, Runnable written);

  void flush();
}
