package dev.loopgate.proxy;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The body of an answer of the door itself that comes piece by piece, for as long as somebody
/// reads it. All but `more` is called on one event loop, and returns at once.
public interface LocalStream {
  /// Begins. Called once, before anything else.
  ///
  /// @param more to be called whenever there is a piece to take, or no more to come; any thread
  void open(Runnable more);

  /// The next piece, which is not changed any more by who gives it; null when there is none now.
  @Nullable ByteBuffer take();

  /// Whether nothing comes after what was taken.
  boolean isOver();

  /// Nobody takes anything any more: it is over, or the caller left, or the gateway stops. Called
  /// once.
  void close();
}
