package dev.loopgate.api;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The body of a reply that comes piece by piece, for as long as somebody reads it. One reader at a
/// time; every call returns at once.
public interface ApiStream {
  /// Begins. Called once, before anything else.
  ///
  /// @param more called whenever there is a piece to take, or no more to come; any thread
  void open(Runnable more);

  /// The next piece, which is the reader's; null when there is none now.
  @Nullable ByteBuffer take();

  /// Whether nothing comes after what was taken.
  boolean isOver();

  /// Nobody takes anything any more. Harmless when repeated.
  void close();
}
