package dev.loopgate.app;

import dev.loopgate.logshipper.Compression;
import dev.loopgate.logshipper.Destination;
import dev.loopgate.logshipper.FilesRoot;
import dev.loopgate.logshipper.FluentdAddress;
import dev.loopgate.logshipper.ShipperConfig;
import dev.loopgate.logshipper.SpoolSinks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The places that entries go to, made of the settings, and what their shippers take of memory.
final class SinkPlans {
  private static final long MIB = 1L << 20;
  // Its classes' own, one request, and one part of a file that goes in parts.
  private static final long REMOTE_CLIENT_BYTES = 32 * MIB;
  private static final Duration REMOTE_RETRY_MAX = Duration.ofMinutes(5);
  private static final Duration FLUENTD_RETRY_MAX = Duration.ofMinutes(1);
  // A window's index and a body being decoded.
  static final long WINDOW_BYTES = 44 * MIB;
  // The same of smaller windows; a chunk of small records. One of large ones is there as text, as
  // it grows, and packed.
  private static final long FLUENTD_BYTES = 20 * MIB;
  private static final int FLUENTD_COPIES = 5;
  private static final long FLUENTD_DIRECT_BYTES = 4 * MIB;

  private final Settings settings;

  SinkPlans(Settings settings) {
    this.settings = settings;
  }

  /// Every place that entries go to, the files first.
  ///
  /// @throws UsageException when nothing would keep them
  List<PlannedSink> all(FilesRoot files, Path spool) throws UsageException {
    List<PlannedSink> all = new ArrayList<>();
    if (!(files instanceof FilesRoot.Nowhere)) {
      all.add(new PlannedSink(files, spool, shipper(spool, files, filesOf(spool)), null));
    }
    for (ConfiguredSink sink : settings.get(StoreSettings.SINKS)) {
      if (sink.to().equals(files)) {
        throw new UsageException(
            settings.where(StoreSettings.SINKS)
                + ": the sink "
                + sink.name()
                + " and files are both "
                + sink.to()
                + "; allowed: a place once");
      }
      Path base = SpoolSinks.baseOf(spool, sink.name());
      ShipperConfig.Sink named = new ShipperConfig.Sink(sink.name(), lagOf(sink));
      all.add(new PlannedSink(sink.to(), base, shipper(base, sink.to(), named), sink.trust()));
    }
    check();
    return all;
  }

  /// A spool whose sinks have shipped and whose files have not, had none before.
  private static ShipperConfig.Sink filesOf(Path spool) {
    boolean late = SpoolSinks.hasOthers(spool) && !SpoolSinks.isKnown(spool);
    return late ? ShipperConfig.Sink.FILES.late() : ShipperConfig.Sink.FILES;
  }

  /// Looks whether something keeps what is accepted.
  ///
  /// @throws UsageException when nothing does
  void check() throws UsageException {
    boolean nowhere =
        settings.get(StoreSettings.FILES).filter(FilesRoot.Nowhere.class::isInstance).isPresent();
    if (nowhere && settings.get(StoreSettings.SINKS).stream().noneMatch(ConfiguredSink::required)) {
      throw new UsageException(
          settings.where(StoreSettings.FILES)
              + ": files=none leaves no place that keeps every entry; allowed: beside a required"
              + " sink");
    }
  }

  // One that may be behind and does not say how far: half of what the log may take.
  private long lagOf(ConfiguredSink sink) throws UsageException {
    if (sink.required()) {
      return 0;
    }
    return sink.lagBytesMax() > 0
        ? sink.lagBytesMax()
        : settings.get(SettingsTable.SPOOL_BYTES_MAX) / 2;
  }

  private ShipperConfig shipper(Path base, Destination to, ShipperConfig.Sink sink)
      throws UsageException {
    ShipperConfig defaults = ShipperConfig.in(base);
    ShipperConfig config =
        defaults
            .withSink(sink)
            .withWindow(settings.get(SettingsTable.SHIP_WINDOW))
            .withBytesMax(settings.get(SettingsTable.SHIP_WINDOW_BYTES), defaults.fileBytesMax())
            .withCompression(compression());
    return switch (to) {
      case FluentdAddress _ -> config.withRetryMax(FLUENTD_RETRY_MAX).forFluentd();
      case FilesRoot root -> root.isRemote() ? config.withRetryMax(REMOTE_RETRY_MAX) : config;
    };
  }

  private Compression compression() throws UsageException {
    return Compression.ofWord(settings.get(StoreSettings.FILES_COMPRESSION));
  }

  /// What the shippers take of the heap.
  HeapBudget onHeap(HeapBudget before) throws UsageException {
    HeapBudget budget = before;
    if (compression() != Compression.NONE) {
      budget = budget.onHeap("files being compressed", compression().heapBytes());
    }
    Optional<FilesRoot> files = settings.get(StoreSettings.FILES);
    if (files.filter(FilesRoot::isRemote).isPresent()) {
      budget = budget.onHeap("the client of a remote store", REMOTE_CLIENT_BYTES);
    }
    for (ConfiguredSink sink : settings.get(StoreSettings.SINKS)) {
      long client =
          switch (sink.to()) {
            case FluentdAddress _ -> FLUENTD_BYTES + FLUENTD_COPIES * largestBody();
            case FilesRoot root ->
                WINDOW_BYTES
                    + compression().heapBytes()
                    + (root.isRemote() ? REMOTE_CLIENT_BYTES : 0);
          };
      budget = budget.onHeap("sink " + sink.name(), client);
    }
    return budget;
  }

  /// What they take beside it.
  HeapBudget offHeap(HeapBudget before) throws UsageException {
    HeapBudget budget = before;
    if (compression() != Compression.NONE) {
      budget = budget.offHeap("files being compressed", compression().nativeBytes());
    }
    for (ConfiguredSink sink : settings.get(StoreSettings.SINKS)) {
      if (sink.to() instanceof FluentdAddress) { // a chunk on its way to the socket
        budget = budget.offHeap("sink " + sink.name(), FLUENTD_DIRECT_BYTES + 2 * largestBody());
      }
    }
    return budget;
  }

  private long largestBody() throws UsageException {
    long largest = settings.get(SettingsTable.CAPTURE_BODY_BYTES_MAX);
    for (ConfiguredModel model : settings.get(SettingsTable.MODELS)) {
      Integer own = model.bodyBytesMax();
      largest = own == null ? largest : Math.max(largest, own);
    }
    return Math.max(largest, settings.get(SettingsTable.FEEDBACK_BYTES_MAX));
  }
}
