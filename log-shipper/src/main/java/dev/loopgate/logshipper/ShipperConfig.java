package dev.loopgate.logshipper;

import java.nio.file.Path;
import java.time.Duration;

/// The shipper's own settings.
///
/// @param commitDirectory `<spool>/commit`, made when absent; its parent exists
/// @param window entries are published when the oldest is this old, default 150 s; 5 s in `up`
/// @param windowBytesMax or when so many bytes of log wait, at most 256 MiB; half of a smaller
///   spool
/// @param fileBytesMax a file is not continued beyond it, default 128 MiB; of a compressed one
///   these are published bytes, and what is compressed may be [Compression#RENDERED_TIMES_MAX]
///   times as much
/// @param decodedBytesMax a body is decoded to at most so many bytes, default 16 MiB; beyond it the
///   wire's bytes are kept
/// @param modelsMax (model, version) pairs that open a partition, a stream and hour, default 10,000
/// @param hourFilesMax beyond so many files an hour, default 50,000, about 20 MB of memory, only
///   models that are configured open partitions
/// @param manifestDelay an hour's manifest is written so long after its end, default 2 min
/// @param retryFirst wait after a first failure, default 1 s
/// @param retryMax longest wait between two tries, default 1 min; 5 min for a remote store
/// @param compression of files that are staged from now on, default none
/// @param sink default [Sink#FILES]
public record ShipperConfig(
    Path commitDirectory,
    Duration window,
    long windowBytesMax,
    long fileBytesMax,
    int decodedBytesMax,
    int modelsMax,
    int hourFilesMax,
    Duration manifestDelay,
    Duration retryFirst,
    Duration retryMax,
    Compression compression,
    Sink sink) {

  /// Which of a gateway's sinks is shipped to.
  ///
  /// @param name in threads, messages and metrics
  /// @param lagBytesMax so many bytes of log may wait; beyond it entries are skipped and counted.
  ///   0: nothing is ever skipped
  /// @param mayComeLate it may have begun when the spool had a past
  public record Sink(String name, long lagBytesMax, boolean mayComeLate) {
    /// The one that has the whole story: it began with the spool.
    public static final Sink FILES = new Sink("files", 0, false);

    /// One beside the files.
    public Sink(String name, long lagBytesMax) {
      this(name, lagBytesMax, true);
    }

    /// The same, for files that come after other sinks.
    public Sink late() {
      return new Sink(name, lagBytesMax, true);
    }
  }

  /// Hex digits of the spool id that name an instance.
  static final int INSTANCE_LENGTH = 12;

  private static final long CHUNKS_BYTES_MAX = 32 << 20;
  private static final int CHUNK_BODY_BYTES_MAX = 4 << 20;

  public ShipperConfig {
    if (window.isNegative() || manifestDelay.isNegative()) {
      throw new IllegalArgumentException("window: window=" + window + ", delay=" + manifestDelay);
    }
    if (windowBytesMax <= 0 || fileBytesMax <= 0 || decodedBytesMax <= 0) {
      throw new IllegalArgumentException(
          "shipper limits: window=" + windowBytesMax + ", file=" + fileBytesMax);
    }
    if (modelsMax < 0 || hourFilesMax < 0) {
      throw new IllegalArgumentException(
          "shipper limits: models=" + modelsMax + ", files of an hour=" + hourFilesMax);
    }
  }

  /// The defaults for the sink of this base, see [SpoolSinks].
  public static ShipperConfig in(Path base) {
    return new ShipperConfig(
        SpoolSinks.commitsOf(base),
        Duration.ofSeconds(150),
        256L << 20,
        128L << 20,
        16 << 20,
        10_000,
        50_000,
        Duration.ofMinutes(2),
        Duration.ofSeconds(1),
        Duration.ofMinutes(1),
        Compression.NONE,
        Sink.FILES);
  }

  /// The same with another window.
  public ShipperConfig withWindow(Duration other) {
    return new ShipperConfig(
        commitDirectory,
        other,
        windowBytesMax,
        fileBytesMax,
        decodedBytesMax,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        retryMax,
        compression,
        sink);
  }

  /// The same with other bounds of a window and of a file, bytes.
  public ShipperConfig withBytesMax(long windowBytes, long fileBytes) {
    return new ShipperConfig(
        commitDirectory,
        window,
        windowBytes,
        fileBytes,
        decodedBytesMax,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        retryMax,
        compression,
        sink);
  }

  /// The same with other bounds of what clients' names may open.
  public ShipperConfig withNamesMax(int models, int hourFiles) {
    return new ShipperConfig(
        commitDirectory,
        window,
        windowBytesMax,
        fileBytesMax,
        decodedBytesMax,
        models,
        hourFiles,
        manifestDelay,
        retryFirst,
        retryMax,
        compression,
        sink);
  }

  /// The same with another longest wait between two tries.
  public ShipperConfig withRetryMax(Duration longest) {
    return new ShipperConfig(
        commitDirectory,
        window,
        windowBytesMax,
        fileBytesMax,
        decodedBytesMax,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        longest,
        compression,
        sink);
  }

  /// The same with another compression.
  public ShipperConfig withCompression(Compression other) {
    return new ShipperConfig(
        commitDirectory,
        window,
        windowBytesMax,
        fileBytesMax,
        decodedBytesMax,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        retryMax,
        other,
        sink);
  }

  /// The same for another sink.
  public ShipperConfig withSink(Sink other) {
    return new ShipperConfig(
        commitDirectory,
        window,
        windowBytesMax,
        fileBytesMax,
        decodedBytesMax,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        retryMax,
        compression,
        other);
  }

  /// The same for a Fluentd, whose chunks and their events should not be large.
  public ShipperConfig forFluentd() {
    return new ShipperConfig(
        commitDirectory,
        window,
        Math.min(windowBytesMax, CHUNKS_BYTES_MAX),
        FluentdStore.CHUNK_BYTES_MAX,
        CHUNK_BODY_BYTES_MAX,
        modelsMax,
        hourFilesMax,
        manifestDelay,
        retryFirst,
        retryMax,
        Compression.NONE,
        sink);
  }

  /// What names a gateway in manifests and staging directories.
  public static String instanceOf(String spoolId) {
    return spoolId.substring(0, Math.min(INSTANCE_LENGTH, spoolId.length()));
  }
}
