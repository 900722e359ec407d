package dev.loopgate.app;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// How many files and sockets this process may have open at once. With fewer than a start needs,
/// whatever is opened last would fail, with a line about nothing but itself.
///
/// @param max the limit that holds for this process
record FileHandles(long max) {
  // Of a gateway with a model and no callers some 30 were seen, and 3 for each event loop.
  private static final int BASE = 64;
  private static final int OF_LOOP = 4;

  static FileHandles ofThisProcess() {
    return new FileHandles(
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount()
            : Long.MAX_VALUE);
  }

  /// Refuses where a gateway with so many event loops could not start, or serve hardly anybody.
  ///
  /// @throws StartException with one line that names the limit and what is needed
  void check(int loops) throws StartException {
    long needed = BASE + (long) OF_LOOP * loops;
    if (max < needed) {
      throw new StartException(
          "file handles: "
              + max
              + " are allowed, the start needs "
              + needed
              + ", and each connection one more; raise ulimit -n");
    }
  }
}
