package dev.loopgate.spool;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Where a spool's ring may lie: in a file system in memory, where no store ever waits for a disk,
/// or beside the log. Confined to the opening of the spool.
final class RingPlaces {
  private static final String PREFIX = "loopgate-";

  // Orphans that are left: memory that nobody may ever ask for again.
  private static final int ORPHANS_MAX = 8;
  private static final long ORPHAN_BYTES_MAX = 512L << 20;

  /// A ring without its spool.
  ///
  /// @param isEmpty nothing can be had from it that the log had not when its process ended
  private record Orphan(Path ring, String spool, FileTime written, long size, boolean isEmpty) {
    static Orphan of(Path ring, String spool) throws IOException {
      return new Orphan(
          ring, spool, Files.getLastModifiedTime(ring), Files.size(ring), holdsNothing(ring));
    }
  }

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

  /// Refuses a copy whose original is still there and at work, or has entries in its ring: both
  /// have one id, and so one ring in memory, which would be lost to one of them.
  ///
  /// @throws SpoolException when the ring is that of the same spool in another directory
  void refuseCopy() throws IOException {
    if (!Files.exists(inMemory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (isOurs(inMemory)) {
      throw new SpoolException(
          "it is a copy of a spool that this process has open, and both would use one ring ("
              + inMemory
              + ")");
    }
    Path owner;
    try {
      owner = Path.of(RingFile.headerOf(inMemory).directory());
    } catch (IOException | InvalidPathException _) {
      return; // of no use to anybody; recovery says so
    }
    if (isOfTheSpoolIn(owner, inMemory)
        && !Files.isSameFile(owner, directory)
        && (!holdsNothing(inMemory) || RingFile.isHeld(inMemory))) {
      throw new SpoolException(
          "it is a copy of the spool in "
              + owner
              + ", and both would use one ring ("
              + inMemory
              + "): start or ship that one, or remove it first");
    }
  }

  /// Rings in memory of other spools that lay in this very directory, and that no process holds:
  /// their logs are gone or were taken elsewhere.
  List<Path> ofOthersHere() {
    return orphans(SpoolEvents.SILENT).stream()
        .filter(orphan -> orphan.spool().equals(directory.toString()))
        .map(Orphan::ring)
        .toList();
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

  /// Removes rings of this user whose spool is not where it was, and that no process holds. Of
  /// those with entries that came to no log the newest are left, within bounds: a spool may have
  /// been moved, or lie on a disk that is not mounted yet.
  void removeOrphans(SpoolEvents events) {
    List<Orphan> orphans = orphans(events);
    orphans.sort(Comparator.comparing(Orphan::written).reversed());
    int left = 0;
    long bytes = 0;
    for (Orphan orphan : orphans) {
      if (orphan.isEmpty() || left == ORPHANS_MAX || bytes + orphan.size() > ORPHAN_BYTES_MAX) {
        remove(orphan, events);
        continue;
      }
      left++;
      bytes += orphan.size();
      events.recovered(
          "ring left alone: it holds entries, and its spool is not there: directory="
              + orphan.spool()
              + ", file="
              + orphan.ring()
              + ": a start or `loopgate ship` of that spool, wherever it is now, needs it; else remove it");
    }
  }

  private List<Orphan> orphans(SpoolEvents events) {
    List<Orphan> orphans = new ArrayList<>();
    if (!Files.isDirectory(ringDirectory)) {
      return orphans;
    }
    try (DirectoryStream<Path> rings = Files.newDirectoryStream(ringDirectory, PREFIX + "*")) {
      for (Path ring : rings) {
        addIfOrphaned(ring, orphans, events);
      }
    } catch (IOException | DirectoryIteratorException e) {
      events.recovered("rings not looked through: directory=" + ringDirectory + ": " + e);
    }
    return orphans;
  }

  private void addIfOrphaned(Path ring, List<Orphan> orphans, SpoolEvents events) {
    try {
      if (ring.equals(inMemory)
          || !Files.isRegularFile(ring, LinkOption.NOFOLLOW_LINKS)
          || HeldFile.isOurs(ring)
          || !Files.getOwner(ring, LinkOption.NOFOLLOW_LINKS)
              .equals(Files.getOwner(Ident.in(directory), LinkOption.NOFOLLOW_LINKS))) {
        return;
      }
      String spool = RingFile.headerOf(ring).directory();
      if (!isOfTheSpoolIn(Path.of(spool), ring) && !RingFile.isHeld(ring)) {
        orphans.add(Orphan.of(ring, spool));
      }
    } catch (IOException e) {
      events.recovered("ring left alone: file=" + ring + ": " + e.getMessage());
    }
  }

  private static boolean isOurs(Path ring) {
    try {
      return HeldFile.isOurs(ring);
    } catch (IOException _) {
      return false; // gone meanwhile
    }
  }

  private static boolean holdsNothing(Path ring) {
    try (RingFile file = RingFile.openToRead(ring)) {
      return file.ring().head() == file.ring().tail();
    } catch (IOException _) {
      return true; // cut: no start could use it either
    }
  }

  private static void remove(Orphan orphan, SpoolEvents events) {
    try {
      Files.deleteIfExists(orphan.ring());
      events.recovered(
          "ring removed: file="
              + orphan.ring()
              + ", its spool is gone: directory="
              + orphan.spool());
    } catch (IOException e) {
      events.recovered("ring left alone: file=" + orphan.ring() + ": " + e.getMessage());
    }
  }

  private boolean isOfTheSpoolIn(Path place, Path ring) throws IOException {
    return Files.exists(place) && inMemory(ringDirectory, Spool.idIn(place)).equals(ring);
  }
}
