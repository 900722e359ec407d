package dev.loopgate.logshipper;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Holds published files against what a manifest or a plan says of them, one after the other, in
/// memory that does not grow with them. What is wrong is a finding; a store that does not answer is
/// an exception. Confined to one thread.
final class FileChecks {
  private final ObjectStore store;
  private final Verification.How how;
  private final Consumer<String> findings;
  private long files;
  private long bytes;

  FileChecks(ObjectStore store, Verification.How how, Consumer<String> findings) {
    this.store = store;
    this.how = how;
    this.findings = findings;
  }

  /// Reads all of them.
  ///
  /// @param hour `YYYYMMDDHH`
  void check(List<Manifest.FileEntry> all, String hour) throws IOException {
    if (how.depth() == Verification.Depth.LINES) {
      for (Manifest.FileEntry file : all) {
        readThrough(new Chain(List.of(file), hour));
      }
      return;
    }
    Map<String, List<Manifest.FileEntry>> asked = new TreeMap<>();
    Map<String, List<Manifest.FileEntry>> answered = new TreeMap<>();
    for (Manifest.FileEntry file : all) {
      String stream = partOf(file.key(), 0);
      String model = partOf(file.key(), 1) + '/' + partOf(file.key(), 2);
      if (stream.equals(LogStream.REQUEST_RESPONSE.word())) {
        asked.computeIfAbsent(model, _ -> new ArrayList<>()).add(file);
      } else if (stream.equals(LogStream.RESPONSE_BODY.word())) {
        answered.computeIfAbsent(model, _ -> new ArrayList<>()).add(file);
      } else {
        readThrough(new Chain(List.of(file), hour));
      }
    }
    for (Map.Entry<String, List<Manifest.FileEntry>> model : asked.entrySet()) {
      List<Manifest.FileEntry> answers = answered.remove(model.getKey());
      pair(
          new Chain(bySeq(model.getValue()), hour),
          new Chain(bySeq(answers == null ? List.of() : answers), hour));
    }
    for (List<Manifest.FileEntry> alone : answered.values()) {
      pair(new Chain(List.of(), hour), new Chain(bySeq(alone), hour));
    }
  }

  /// Files are planned as they are closed; their entries follow each other by seq in both streams.
  private static List<Manifest.FileEntry> bySeq(List<Manifest.FileEntry> files) {
    List<Manifest.FileEntry> sorted = new ArrayList<>(files);
    sorted.sort(Comparator.comparingLong(Manifest.FileEntry::firstSeq));
    return sorted;
  }

  private static void readThrough(Chain chain) throws IOException {
    try (chain) {
      while (chain.next() != null) {
        // each line is looked at
      }
    }
  }

  /// Of each entry both lines are rendered one after the other: line by line both streams of a
  /// model name the same ids.
  private void pair(Chain asked, Chain answered) throws IOException {
    try (asked;
        answered) {
      boolean pairs = true;
      while (true) {
        RecordReader.Line one = asked.next();
        RecordReader.Line other = answered.next();
        if (one == null && other == null) {
          return;
        }
        pairs &= !asked.isTroubled() && !answered.isTroubled(); // told already
        if (pairs && (one == null || other == null || !one.requestId().equals(other.requestId()))) {
          findings.accept(
              "records do not pair: key=%s, line=%d, and key=%s, line=%d"
                  .formatted(asked.key(), asked.line(), answered.key(), answered.line()));
          pairs = false;
        }
      }
    }
  }

  /// Whether the file is what was planned.
  private boolean isAsPlanned(Manifest.FileEntry file, FileReading.Content content) {
    String key = file.key();
    if (content.checksum().size() != file.size()) {
      findings.accept(
          "file is altered: key=%s, size=%d, planned=%d"
              .formatted(key, content.checksum().size(), file.size()));
    } else if (!Checksum.hex(content.checksum().crc32c()).equals(file.crc32c())) {
      findings.accept(
          "file is altered: key=%s, crc32c=%s, planned=%s"
              .formatted(key, Checksum.hex(content.checksum().crc32c()), file.crc32c()));
    } else if (!content.broken().isEmpty()) {
      findings.accept(
          "file can't be decompressed: key=%s, after lines=%d, because=%s"
              .formatted(key, content.records(), content.broken()));
    } else if (content.badLine() > 0) {
      findings.accept(
          "line is no record: key=%s, line=%d, because=%s"
              .formatted(key, content.badLine(), content.problem()));
    } else if (content.records() != file.records()) {
      findings.accept(
          "records: key=%s, found=%d, planned=%d"
              .formatted(key, content.records(), file.records()));
    } else {
      return true;
    }
    return false;
  }

  private RecordReader reader(String key, String hour) {
    return how.depth() == Verification.Depth.LINES
        ? RecordReader.plain(hour)
        : RecordReader.deep(hour, LogStream.ofWord(partOf(key, 0)), partOf(key, 1), partOf(key, 2));
  }

  /// A part of a path; empty where there is none.
  static String partOf(String key, int index) {
    String[] parts = key.split("/", index + 2);
    return parts.length > index + 1 ? parts[index] : "";
  }

  /// The lines of files that follow each other. Each is compared with its entry when it ends.
  private final class Chain implements AutoCloseable {
    private final List<Manifest.FileEntry> all;
    private final String hour;
    private int next;
    private Manifest.@Nullable FileEntry file;
    private @Nullable FileReading reading;
    private boolean troubled;
    private long lastLine;

    private Chain(List<Manifest.FileEntry> all, String hour) {
      this.all = all;
      this.hour = hour;
    }

    /// The next line of whichever file; null after the last.
    private RecordReader.@Nullable Line next() throws IOException {
      while (reading != null || next < all.size()) {
        FileReading from = reading == null ? open(all.get(next++)) : reading;
        if (from != null) {
          RecordReader.Line line = from.next();
          if (line != null) {
            lastLine = from.line();
            troubled |= !line.isRecord();
            return line;
          }
          end(from);
        }
      }
      return null;
    }

    private @Nullable FileReading open(Manifest.FileEntry entry) throws IOException {
      file = entry;
      lastLine = 0;
      try {
        RecordReader reader = reader(entry.key(), hour);
        reading = new FileReading(entry.key(), store.open(new ObjectKey(entry.key())), reader);
      } catch (NoSuchFileException _) {
        findings.accept("file is missing: key=" + entry.key());
        troubled = true;
      } catch (IllegalArgumentException e) {
        findings.accept(
            "file has no name of ours: key=" + entry.key() + ", because=" + e.getMessage());
        troubled = true;
      }
      return reading;
    }

    private void end(FileReading from) throws IOException {
      Manifest.FileEntry entry = file;
      if (entry != null) {
        FileReading.Content content = from.end();
        troubled |= !isAsPlanned(entry, content);
        files++;
        bytes += content.checksum().size();
        how.progress().at(hour, files, bytes);
      }
      close();
    }

    private boolean isTroubled() {
      return troubled;
    }

    private String key() {
      return file == null ? "none" : file.key();
    }

    private long line() {
      return lastLine;
    }

    @Override
    public void close() throws IOException {
      FileReading over = reading;
      reading = null;
      if (over != null) {
        over.close();
      }
    }
  }
}
