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
    Compression compression) {

  /// Hex digits of the spool id that name an instance.
  static final int INSTANCE_LENGTH = 12;

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

  /// The defaults for the spool in `spoolDirectory`.
  public static ShipperConfig in(Path spoolDirectory) {
    return new ShipperConfig(
        spoolDirectory.resolve("commit"),
        Duration.ofSeconds(150),
        256L << 20,
        128L << 20,
        16 << 20,
        10_000,
        50_000,
        Duration.ofMinutes(2),
        Duration.ofSeconds(1),
        Duration.ofMinutes(1),
        Compression.NONE);
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
        compression);
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
        compression);
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
        compression);
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
        compression);
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
        other);
  }

  /// What names a gateway in manifests and staging directories.
  public static String instanceOf(String spoolId) {
    return spoolId.substring(0, Math.min(INSTANCE_LENGTH, spoolId.length()));
  }
}
