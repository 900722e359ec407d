package dev.loopgate.logshipper;

import dev.loopgate.spool.SpoolReader;
import java.io.IOException;

/// What is done about a disk that takes no more: the spool's reserve makes room, and windows get
/// smaller until their staged files fit, so that what is delivered frees the log it came from.
/// Belongs to the one thread named `shipper`.
final class DiskRoom {
  private static final long WINDOW_BYTES_MIN = 1 << 20;

  private final SpoolReader reader;
  private final long windowBytesMax;
  private long windowBytes;

  DiskRoom(SpoolReader reader, long windowBytesMax) {
    this.reader = reader;
    this.windowBytesMax = windowBytesMax;
    this.windowBytes = windowBytesMax;
  }

  /// Bytes of log that a window may have now.
  long windowBytes() {
    return windowBytes;
  }

  /// Our own disk refused something. Another failure of it than a full disk costs the reserve for a
  /// while, no more.
  void refused(IOException why) {
    try {
      reader.releaseReserve();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  /// The staged files of a window were what it refused.
  void windowRefused() {
    windowBytes = Math.max(Math.min(WINDOW_BYTES_MIN, windowBytesMax), windowBytes / 2);
  }

  /// A window is committed, and its staged files are deleted.
  void committed() {
    windowBytes = Math.min(windowBytesMax, 2 * windowBytes);
    reader
        .refillReserve(); // also where another sink gave it; while there is no room, the next time
  }
}
