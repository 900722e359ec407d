package dev.loopgate.spool;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Where a spool's ring may lie: in a file system in memory, where no store ever waits for a disk,
/// or beside the log. Confined to the opening of the spool.
final class RingPlaces {
  private static final String PREFIX = "loopgate-";

  private final Path directory;
  private final Path ringDirectory;
  private final RingHost host;
  private final Path inMemory;
  private final Path beside;

  RingPlaces(SpoolConfig config, String spoolId, RingHost host) {
    this.directory = config.directory().toAbsolutePath().normalize();
    this.ringDirectory = config.ringDirectory();
    this.host = host;
    this.inMemory = inMemory(ringDirectory, spoolId);
    this.beside = directory.resolve("ring");
  }

  /// Where the ring of this spool lies in a directory in memory.
  static Path inMemory(Path ringDirectory, String spoolId) {
    return ringDirectory.resolve(PREFIX + spoolId);
  }

  /// The ring files that are there: one, or two when a kill came between making one and deleting
  /// the other.
  List<Path> present() {
    List<Path> present = new ArrayList<>();
    for (Path place : List.of(inMemory, beside)) {
      if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
        present.add(place);
      }
    }
    return present;
  }

  /// Rings in memory of other spools that lay in this very directory, and that no process holds:
  /// their logs are gone or were taken elsewhere.
  List<Path> ofOthersHere() {
    List<Path> found = new ArrayList<>();
    if (!Files.isDirectory(ringDirectory)) {
      return found;
    }
    try (DirectoryStream<Path> rings = Files.newDirectoryStream(ringDirectory, PREFIX + "*")) {
      for (Path ring : rings) {
        if (!ring.equals(inMemory) && isOfThisDirectory(ring)) {
          found.add(ring);
        }
      }
    } catch (IOException | DirectoryIteratorException _) {
      return found; // what can't be looked at is told when orphans are removed
    }
    return found;
  }

  private boolean isOfThisDirectory(Path ring) {
    try {
      return Files.isRegularFile(ring, LinkOption.NOFOLLOW_LINKS)
          && RingFile.headerOf(ring).directory().equals(directory.toString())
          && !RingFile.isHeld(ring);
    } catch (IOException _) {
      return false; // of another user, or no ring
    }
  }

  /// Whether messages of a ring at this place carry a checksum: pages of a disk may stem from
  /// different moments after the machine died, pages in memory are gone as a whole.
  boolean isChecked(Path place) {
    return place.equals(beside);
  }

  /// Makes a new ring file, zeroed, in place of the one that was there, and deletes the other.
  RingFile create(long ringId, SpoolConfig config, SpoolEvents events) throws IOException {
    RingFile.Header header =
        new RingFile.Header(
            ringId, config.ringBytes(), config.lanesMax(), host.bootId(), directory.toString());
    long free = host.memoryBytesFree(ringDirectory);
    String why = "free=" + free + ", needed=" + 2 * header.fileBytes();
    if (free >= 2 * header.fileBytes()) {
      try {
        RingFile file = RingFile.create(inMemory, header);
        Files.deleteIfExists(beside);
        return file;
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
    }
    events.ringOnDisk(
        "ring on disk: file="
            + beside
            + ": a slow disk may now slow the serving; ring-directory="
            + ringDirectory
            + " is no memory file system with room ("
            + why
            + "); give it a volume (a plain container has 64 MiB there)");
    RingFile file = RingFile.create(beside, header);
    Files.deleteIfExists(inMemory);
    return file;
  }

  /// Removes rings of this user whose spool is gone, and that no process holds.
  void removeOrphans(SpoolEvents events) {
    if (!Files.isDirectory(ringDirectory)) {
      return;
    }
    try (DirectoryStream<Path> rings = Files.newDirectoryStream(ringDirectory, PREFIX + "*")) {
      for (Path ring : rings) {
        removeIfOrphaned(ring, events);
      }
    } catch (IOException e) {
      events.recovered("rings not looked through: directory=" + ringDirectory + ": " + e);
    }
  }

  private void removeIfOrphaned(Path ring, SpoolEvents events) {
    try {
      if (ring.equals(inMemory)
          || !Files.isRegularFile(ring, LinkOption.NOFOLLOW_LINKS)
          || !Files.getOwner(ring, LinkOption.NOFOLLOW_LINKS)
              .equals(Files.getOwner(inMemoryOrBeside()))) {
        return;
      }
      String spool = RingFile.headerOf(ring).directory();
      if (!Files.exists(Path.of(spool)) && !RingFile.isHeld(ring)) {
        Files.deleteIfExists(ring);
        events.recovered("ring removed: file=" + ring + ", its spool is gone: directory=" + spool);
      }
    } catch (IOException e) {
      events.recovered("ring left alone: file=" + ring + ": " + e.getMessage());
    }
  }

  private Path inMemoryOrBeside() {
    return Files.exists(inMemory, LinkOption.NOFOLLOW_LINKS) ? inMemory : beside;
  }
}
