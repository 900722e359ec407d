package dev.loopgate.testkit;

import java.io.IOException;

/// Takes the bytes of a body as they come; the array is lent for the call.
@FunctionalInterface
public interface BodySink {
  /// Throws the bytes away.
  BodySink DISCARD = (_, _, _) -> {};

  /// The next `count` bytes.
  void accept(byte[] bytes, int offset, int count) throws IOException;
}
