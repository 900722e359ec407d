package dev.loopgate.logshipper;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.time.DateTimeException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads the manifests of an hour and holds each against itself: anybody may have edited them.
/// Confined to one thread.
final class HourManifests {
  private final ObjectStore store;
  private final Consumer<String> findings;

  HourManifests(ObjectStore store, Consumer<String> findings) {
    this.store = store;
    this.findings = findings;
  }

  /// The highest revision of each instance.
  ///
  /// @param hour `YYYYMMDDHH`
  /// @param keys of all revisions
  Collection<Manifest> latest(String hour, List<ObjectKey> keys) throws IOException {
    Map<String, Manifest> latest = new TreeMap<>();
    for (ObjectKey key : keys) {
      byte[] bytes;
      try (InputStream in = FileReading.guarded(key.path(), store.open(key))) {
        bytes = in.readAllBytes();
      } catch (NoSuchFileException _) {
        findings.accept("manifest is missing: key=" + key + ", listed a moment ago");
        continue;
      }
      Manifest manifest = parsed(key, bytes);
      if (manifest != null && isItsName(manifest, key, hour)) {
        latest.merge(
            manifest.instance(),
            manifest,
            (one, other) -> one.revision() > other.revision() ? one : other);
      }
    }
    for (Manifest manifest : latest.values()) {
      check(manifest);
    }
    return latest.values();
  }

  private @Nullable Manifest parsed(ObjectKey key, byte[] bytes) throws IOException {
    String because;
    try {
      Manifest manifest = Json.read(bytes, Manifest.class);
      if (manifest != null && manifest.isWhole()) {
        return manifest;
      }
      because = "a member is missing";
    } catch (JacksonException e) {
      because = e.getClass().getSimpleName();
    }
    findings.accept("manifest can't be read: key=" + key + ", because=" + because);
    return null;
  }

  private boolean isItsName(Manifest manifest, ObjectKey key, String hour) {
    try {
      if (manifest.hour().equals(hour)
          && Manifest.revisionOf(key, manifest.instance(), Manifest.hourOf(hour))
              == manifest.revision()) {
        return true;
      }
    } catch (DateTimeException _) {
      // no hour at all: the same finding
    }
    findings.accept("manifest is not what its name says: key=" + key);
    return false;
  }

  private void check(Manifest manifest) {
    String of = "hour=" + manifest.hour() + ", instance=" + manifest.instance();
    Map<String, Long> records = new TreeMap<>(manifest.delivered());
    for (Manifest.FileEntry file : manifest.files()) {
      String key = file.key();
      records.merge(FileChecks.partOf(key, 0), file.records(), Long::sum);
      if (!key.startsWith(manifest.hour() + '_', key.lastIndexOf('/') + 1)) {
        findings.accept("file is of another hour than its manifest: key=" + key + ", " + of);
      }
    }
    for (Manifest.LedgerEntry row : manifest.ledger()) {
      if (!row.balances()) {
        findings.accept(
            "ledger does not balance: %s, kind=%s, deployment=%s"
                .formatted(of, row.kind(), row.deployment()));
      }
    }
    if (!records.equals(manifest.records())) {
      findings.accept(
          "records are not those of its files: %s, records=%s, of files=%s"
              .formatted(of, manifest.records(), records));
    }
    if (!manifest
        .records()
        .getOrDefault(LogStream.REQUEST_RESPONSE.word(), 0L)
        .equals(manifest.records().getOrDefault(LogStream.RESPONSE_BODY.word(), 0L))) {
      findings.accept("streams differ: " + of);
    }
  }
}
