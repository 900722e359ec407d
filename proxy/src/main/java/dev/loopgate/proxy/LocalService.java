package dev.loopgate.proxy;

import dev.loopgate.spool.SpoolLane;
import java.util.function.Consumer;

/// Something that the door serves itself: feedback, health, metrics, the greeting.
public interface LocalService {
  /// Whether this service answers. Called on event loops.
  ///
  /// @param path without query, as it came
  boolean serves(String method, String path);

  /// Whether the caller needs a token where the policy asks for one. Called on event loops.
  ///
  /// @param path without query, as it came
  default boolean needsToken(String method, String path) {
    return false;
  }

  /// The longest body that is handed over; of a longer one nothing is, but that it was longer.
  int bodyBytesMax();

  /// Answers one request. Called on the event loop whose lane that is: must not block.
  ///
  /// @param reply to be called once, on any thread; within 30 s, else the caller is answered 503
  void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply);
}
