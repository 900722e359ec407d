package dev.loopgate.proxy;

import dev.loopgate.policy.Question;
import dev.loopgate.spool.SpoolLane;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Something that the door serves itself: feedback, health, metrics, the greeting.
public interface LocalService {
  /// Whether this service answers. Called on event loops.
  ///
  /// @param path without query, as it came
  boolean serves(String method, String path);

  /// What the policy is asked before this is answered; null where it need not be. Called on event
  /// loops.
  ///
  /// @param path without query, as it came
  default Question.@Nullable Target asked(String method, String path) {
    return null;
  }

  /// The longest body that is handed over; of a longer one nothing is, but that it was longer.
  int bodyBytesMax();

  /// Answers one request. Called on the event loop whose lane that is: must not block.
  ///
  /// @param reply to be called once, on any thread; within 30 s, else the caller is answered 503
  void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply);
}
