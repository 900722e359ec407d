package dev.loopgate.logshipper;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Entry;
import dev.loopgate.capture.Feedback;
import dev.loopgate.capture.Prediction;
import dev.loopgate.logshipper.CommitRecord.HourPart;
import dev.loopgate.logshipper.CommitRecord.PlannedFile;
import dev.loopgate.logshipper.CommitRecord.WindowPlan;
import dev.loopgate.spool.LogRecord;
import dev.loopgate.spool.SpoolReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The second pass over a window: reads the entries of one group after the other and renders each
/// into the files of its kind's streams, at most two open at a time. Belongs to the one thread
/// named `shipper`; used for one window.
final class WindowStaging {
  private final SpoolReader reader;
  private final Staging staging;
  private final Numbering numbering;
  private final Rendering rendering;
  private final ShipperConfig config;
  private final long number;
  private final List<PlannedFile> files = new ArrayList<>();
  private final BitSet rendered = new BitSet();
  private int nextFile;
  private long quarantined;

  WindowStaging(
      SpoolReader reader,
      Staging staging,
      Numbering numbering,
      Rendering rendering,
      ShipperConfig config,
      long number) {
    this.reader = reader;
    this.staging = staging;
    this.numbering = numbering;
    this.rendering = rendering;
    this.config = config;
    this.number = number;
  }

  /// Stages all files of the window and forces them; the plan that names them. When it fails, what
  /// it left is replaced by the next attempt.
  ///
  /// @param reopened earlier manifests of hours that were let go and that this window touches
  WindowPlan stage(Window window, List<HourPart> reopened, String spool) throws IOException {
    window.sort();
    for (int i = 0; i < window.count(); ) {
      i = stageGroup(window, i);
    }
    if (nextFile > 0) {
      staging.force();
    }
    return new WindowPlan(
        number, window.from(), window.to(), files, parts(window, spool), reopened);
  }

  /// Entries that could be read no more, or never.
  long quarantined() {
    return quarantined;
  }

  /// Stages the group that begins at `first`; answers where the next one begins.
  private int stageGroup(Window window, int first) throws IOException {
    Window.Group group = window.groups().get(window.groupOf(first));
    int end = first;
    while (end < window.count() && window.groupOf(end) == window.groupOf(first)) {
      end++;
    }
    List<StreamFile> open = new ArrayList<>(2);
    try {
      for (LogStream stream : LogStream.of(group.kind())) {
        open.add(new StreamFile(group.partition(stream)));
      }
      for (int i = first; i < end; i++) {
        renderEntry(window, i, open);
      }
      for (StreamFile file : open) {
        file.finish();
      }
    } finally {
      for (StreamFile file : open) {
        file.close();
      }
    }
    return end;
  }

  private void renderEntry(Window window, int i, List<StreamFile> open) throws IOException {
    Optional<LogRecord> found = reader.next(window.positionOf(i));
    if (found.isEmpty()
        || !(found.get() instanceof LogRecord.EntryAt entryAt)
        || !entryAt.at().equals(window.positionOf(i))) {
      return; // turned bad since the first pass; the reader has told
    }
    Entry entry = read(entryAt);
    if (entry == null) {
      return;
    }
    for (StreamFile file : open) {
      file.render(entry, entryAt.seq());
    }
    rendered.set(window.placeOf(entryAt.seq()));
  }

  private Packing packingInto(Staging.Output output) throws IOException {
    try {
      return new Packing(config.compression(), output);
    } catch (IOException e) {
      output.close();
      throw e;
    }
  }

  private @Nullable Entry read(LogRecord.EntryAt entryAt) throws IOException {
    try {
      return reader.read(entryAt);
    } catch (IllegalArgumentException _) {
      return null; // checksums fit and yet it is no entry: quarantined, one must not stop all
      // others
    }
  }

  /// What the window adds to each hour, its files aside.
  private List<HourPart> parts(Window window, String spool) {
    NavigableSet<Long> hours = window.hours();
    List<HourPart> parts = new ArrayList<>(hours.size());
    for (long hour : hours) {
      HourBook book = window.notes(hour);
      BitSet places = window.placesOf(hour);
      BitSet whole = (BitSet) places.clone();
      whole.and(rendered);
      BitSet bad = (BitSet) places.clone();
      bad.andNot(rendered);
      quarantined += bad.cardinality();
      book.seqs().addAll(window.spans(whole));
      book.quarantined().addAll(window.spans(bad));
      parts.add(new HourPart(hour, book.manifest(spool, 0, Map.of())));
    }
    return parts;
  }

  /// The file of one stream that is being written; followed by another when it is full.
  private final class StreamFile {
    private final Partition partition;
    private int file;
    private Staging.Output output;
    private Packing packing;
    private JsonWriter json;
    private long records;
    private long firstSeq;
    private long lastSeq;

    StreamFile(Partition partition) throws IOException {
      this.partition = partition;
      file = nextFile++;
      output = staging.create(Staging.nameOf(number, file));
      packing = packingInto(output);
      json = new JsonWriter(packing, Staging.BUFFER_BYTES);
    }

    void render(Entry entry, long seq) throws IOException {
      if (isFull()) {
        finish();
        begin();
      }
      switch (partition.stream()) {
        case REQUEST_RESPONSE -> rendering.requestResponse((Prediction) entry, json);
        case RESPONSE_BODY -> rendering.responseBody((Prediction) entry, json);
        case FEEDBACK -> rendering.feedback((Feedback) entry, json);
        case ACCESS_LOG -> rendering.accessLog((AccessRecord) entry, json);
      }
      firstSeq = records == 0 ? seq : Math.min(firstSeq, seq);
      lastSeq = records == 0 ? seq : Math.max(lastSeq, seq);
      records++;
    }

    private void begin() throws IOException {
      file = nextFile++;
      output = staging.create(Staging.nameOf(number, file));
      packing = packingInto(output);
      json = new JsonWriter(packing, Staging.BUFFER_BYTES);
      records = 0;
    }

    /// What the codec holds is not counted: a compressed file may be published larger by as much.
    private boolean isFull() {
      return output.size() >= config.fileBytesMax()
          || json.bytesWritten() >= config.compression().renderedBytesMax(config.fileBytesMax());
    }

    void finish() throws IOException {
      json.flush();
      packing.finish();
      Checksum checksum = output.finish();
      if (records == 0) {
        staging.delete(output.name());
        return;
      }
      files.add(
          new PlannedFile(
              file,
              partition.stream(),
              partition.model(),
              partition.version(),
              partition.hour(),
              numbering.next(partition),
              checksum.size(),
              checksum.crc32c(),
              records,
              firstSeq,
              lastSeq,
              config.compression()));
    }

    void close() throws IOException {
      try {
        packing.giveUp();
      } finally {
        output.close();
      }
    }
  }
}
