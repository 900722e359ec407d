package dev.loopgate.logshipper;

import dev.loopgate.spool.LogPosition;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One thing that the commit log says. Forced before anything is done that depends on it.
sealed interface CommitRecord {
  /// The highest number on disk that this version knows. A record that means something else than
  /// before gets a number of its own; members that may be passed over do not.
  byte TYPE_LAST = 8;

  /// A file of a window that is to be published.
  ///
  /// @param number from 0 within the window; with the window it names the staged file
  /// @param model an escaped part of a path
  /// @param version an escaped part of a path
  /// @param n of its key
  /// @param compression of the staged file, whatever the settings say by now; absent in what
  ///   earlier versions wrote, which is `NONE`
  record PlannedFile(
      int number,
      LogStream stream,
      String model,
      String version,
      long hour,
      long n,
      long size,
      int crc32c,
      long records,
      long firstSeq,
      long lastSeq,
      Compression compression) {
    public PlannedFile {
      compression = orNone(compression);
    }

    private static Compression orNone(@Nullable Compression compression) {
      return compression == null ? Compression.NONE : compression;
    }

    Partition partition() {
      return new Partition(stream, model, version, hour);
    }

    ObjectKey key() {
      return partition().key(n, compression);
    }

    PlannedFile withN(long other) {
      return new PlannedFile(
          number,
          stream,
          model,
          version,
          hour,
          other,
          size,
          crc32c,
          records,
          firstSeq,
          lastSeq,
          compression);
    }

    Manifest.FileEntry entry() {
      return new Manifest.FileEntry(
          key().path(), size, Checksum.hex(crc32c), records, firstSeq, lastSeq);
    }
  }

  /// What a window adds to an hour, its files aside.
  record HourPart(long hour, Manifest part) {}

  /// What a window is, from the plan to the commit.
  ///
  /// @param from the cursor before it
  /// @param to the cursor after it
  /// @param reopened hours that were let go and come back, as they were published
  record WindowPlan(
      long window,
      LogPosition from,
      LogPosition to,
      List<PlannedFile> files,
      List<HourPart> parts,
      List<HourPart> reopened) {
    public WindowPlan {
      files = List.copyOf(files);
      parts = List.copyOf(parts);
      reopened = List.copyOf(reopened);
    }

    WindowPlan withN(int number, long n) {
      List<PlannedFile> renumbered =
          files.stream().map(file -> file.number() == number ? file.withN(n) : file).toList();
      return new WindowPlan(window, from, to, renumbered, parts, reopened);
    }
  }

  /// An hour as a snapshot keeps it.
  ///
  /// @param content with its revision; its open counts hold when `reopened`
  record BookState(long hour, Manifest content, boolean dirty, boolean reopened) {}

  /// Open counts of hours that were let go.
  record Carried(String kind, String deployment, long open) {}

  /// Everything, at the start of a file.
  ///
  /// @param letGoThrough the latest hour whose book was let go; `Long.MIN_VALUE` when none was
  /// @param keysInDoubt see [ShippingState#keysInDoubt]; absent in what earlier versions wrote
  /// @param skippedTo see [ShippingState#end]; null when nothing behind the plan is skipped
  /// @param delivered files of the plan, see [Delivered]; absent in what earlier versions wrote
  /// @param accountedTo see [ShippingState#accountedTo]; absent in what earlier versions wrote
  record Snapshot(
      String spool,
      LogPosition cursor,
      long nextWindow,
      List<BookState> books,
      List<Carried> carried,
      long letGoThrough,
      @Nullable WindowPlan plan,
      @Nullable ManifestPlanned manifestPlan,
      @Nullable Boolean keysInDoubt,
      @Nullable LogPosition skippedTo,
      @Nullable List<Integer> delivered,
      @Nullable Long accountedTo)
      implements CommitRecord {
    public Snapshot {
      books = List.copyOf(books);
      carried = List.copyOf(carried);
      delivered = delivered == null ? List.of() : List.copyOf(delivered);
    }
  }

  /// A window's files are staged and forced; from here they are published under these keys.
  record Planned(WindowPlan plan) implements CommitRecord {}

  /// The store proved that another owner has the file's key: this is the next.
  record Renumbered(long window, int number, long n) implements CommitRecord {}

  /// All files of the window are in the store.
  record Committed(long window, LogPosition cursor) implements CommitRecord {}

  /// A revision of an hour's manifest is staged and forced.
  record ManifestPlanned(long hour, int revision, long size, int crc32c) implements CommitRecord {}

  /// The revision is in the store; or `taken`: it is another owner's.
  record ManifestEnded(long hour, int revision, boolean taken) implements CommitRecord {}

  /// What lies behind the cursor and the open plan, up to here, will never be published: the sink
  /// is too far behind, and may be.
  ///
  /// @param parts what that adds to each hour
  /// @param reopened as of a [WindowPlan]
  record Skipped(LogPosition to, List<HourPart> parts, List<HourPart> reopened)
      implements CommitRecord {
    public Skipped {
      parts = List.copyOf(parts);
      reopened = List.copyOf(reopened);
    }
  }

  /// A file of the open plan was taken, by a store that can't be asked for it later.
  record Delivered(long window, int number) implements CommitRecord {}

  /// The number on disk; never reused.
  default byte type() {
    return switch (this) {
      case Snapshot _ -> 1;
      case Planned _ -> 2;
      case Renumbered _ -> 3;
      case Committed _ -> 4;
      case ManifestPlanned _ -> 5;
      case ManifestEnded _ -> 6;
      case Skipped _ -> 7;
      case Delivered _ -> 8;
    };
  }

  /// The record of this type and payload.
  ///
  /// @throws IOException when it is none that we know
  static CommitRecord read(byte type, byte[] payload) throws IOException {
    return switch (type) {
      case 1 -> Json.read(payload, Snapshot.class);
      case 2 -> Json.read(payload, Planned.class);
      case 3 -> Json.read(payload, Renumbered.class);
      case 4 -> Json.read(payload, Committed.class);
      case 5 -> Json.read(payload, ManifestPlanned.class);
      case 6 -> Json.read(payload, ManifestEnded.class);
      case 7 -> Json.read(payload, Skipped.class);
      case 8 -> Json.read(payload, Delivered.class);
      default -> throw new IOException("commit record: type=" + type);
    };
  }
}
