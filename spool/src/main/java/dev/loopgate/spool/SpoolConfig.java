package dev.loopgate.spool;

import java.nio.file.Path;
import java.time.Duration;

/// The spool's own settings.
///
/// @param directory the spool's directory, made when absent
/// @param ringDirectory a tmpfs for the ring, `/dev/shm`; where it is none, the ring lies beside
///   the log
/// @param ringBytes the ring, a power of two from 64 KiB to 1 GiB, default 64 MiB: about 2 s of
///   40,000 small entries a second
/// @param segmentBytes a segment, 2 to 64 MiB, default 64 MiB
/// @param logBytesMax the log's budget, default 16 GiB; at 80 % a warning, at 95 % feedback answers
///   503, at 100 % captures are dropped
/// @param freeBytesMin the file system is full below this, default 256 MiB
/// @param lanesMax threads that append, 1 to 256
/// @param forceAfter age of the oldest unforced capture, default 10 ms
/// @param forceAfterBytes unforced bytes, default 4 MiB
/// @param forceTimeout a feedback waits this long for its force, default 10 s
public record SpoolConfig(
    Path directory,
    Path ringDirectory,
    int ringBytes,
    int segmentBytes,
    long logBytesMax,
    long freeBytesMin,
    int lanesMax,
    Duration forceAfter,
    int forceAfterBytes,
    Duration forceTimeout) {

  /// The defaults, in `directory`.
  public static SpoolConfig in(Path directory) {
    return new SpoolConfig(
        directory,
        Path.of("/dev/shm"),
        64 << 20,
        64 << 20,
        16L << 30,
        256L << 20,
        16,
        Duration.ofMillis(10),
        4 << 20,
        Duration.ofSeconds(10));
  }
}
