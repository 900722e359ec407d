package dev.loopgate.spool;

import dev.loopgate.capture.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Turns the bytes of an encoded entry into the entry. The bytes are borrowed: bodies may be views
/// of them.
@FunctionalInterface
interface EntryDecoder {
  /// The entry.
  ///
  /// @throws IOException when the bytes are no entry
  Entry decode(ByteBuffer encoded) throws IOException;
}
