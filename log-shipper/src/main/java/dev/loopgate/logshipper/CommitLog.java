package dev.loopgate.logshipper;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The plans and commits of one sink, in `<spool>/commit/<number 16 hex>.log`. Belongs to the one
/// thread named `shipper`. Little-endian:
///
/// ```text
/// file    "LGCOMMT1", then frames; the first is a snapshot
///  0        4        8      9
///  +--------+--------+------+-----------
///  | length | crc32c | type | payload...     the checksum covers length, type and payload
///  +--------+--------+------+-----------
///  length  uint32  bytes of payload, 1 ..= PAYLOAD_BYTES_MAX
///  type    see CommitRecord; the payload is its JSON
/// ```
final class CommitLog implements AutoCloseable {
  /*
   * A file is rolled by snapshot: a new one with the whole state, forced, its name forced, then the
   * older ones are deleted. So a start rolls, a failed force rolls (nothing behind it is trusted), and
   * a file that has grown rolls. A new file counts once its snapshot is whole; until then its number is
   * not used up, so that a number above the first proves that there was a whole one.
   */

  private static final byte[] MAGIC = "LGCOMMT1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEAD_BYTES = 9;
  private static final int PAYLOAD_BYTES_MAX = 256 << 20;
  private static final long ROLL_BYTES_MIN = 1 << 20;
  private static final int ROLLS_MAX = 10; // while one is read
  private static final String SUFFIX = ".log";

  private final FileTree tree;
  private final Path directory;
  private final ShippingState state;
  private long number;
  private boolean directoryDurable;
  private FileTree.@Nullable NewFile file; // from a whole roll to a failure
  private long bytes;
  private long rollAt;
  private long letGoBefore = Long.MIN_VALUE;

  private CommitLog(FileTree tree, Path directory, ShippingState state, long number) {
    this.tree = tree;
    this.directory = directory;
    this.state = state;
    this.number = number;
  }

  /// What was found on disk.
  ///
  /// @param number of the newest whole file, 0 when there is none
  /// @param damaged files with a frame that rotted, whole ones behind it
  record Found(ShippingState state, long number, List<String> damaged) {}

  /// Reads how far shipping came, changing nothing.
  ///
  /// @throws UnreadableException when there were commits and none can be read, or a later version
  ///   wrote some of them
  static Found find(FileTree tree, Path directory, String spool) throws IOException {
    List<String> names =
        tree.list(directory).stream().filter(name -> name.matches("[0-9a-f]{16}\\.log")).toList();
    List<String> damaged = new ArrayList<>();
    boolean rotten = false;
    for (String name : names.reversed()) {
      ShippingState state = new ShippingState(spool);
      Frames frames = Frames.of(readAll(tree, directory.resolve(name)));
      if (frames.laterType > 0) {
        throw new UnreadableException(
            "commit log of a later version: file="
                + directory.resolve(name)
                + ", record type="
                + frames.laterType
                + ", known=1 to "
                + CommitRecord.TYPE_LAST
                + "; allowed: the Loopgate that wrote it, or a later one (nothing was changed)");
      }
      if (frames.records.isEmpty()
          || !(frames.records.getFirst() instanceof CommitRecord.Snapshot snapshot)) {
        rotten |= !frames.records.isEmpty(); // what follows a snapshot was written after it
        continue; // killed before its snapshot was whole: the one before it counts
      }
      if (!snapshot.spool().equals(spool)) {
        throw new UnreadableException(
            "commit log: of another spool: file="
                + directory.resolve(name)
                + ", spool="
                + snapshot.spool()
                + ", here="
                + spool
                + "; allowed: the commit log of this spool, or none (move it away, and all that the"
                + " log still holds is published once more)");
      }
      frames.records.forEach(state::apply);
      if (frames.damaged || frames.torn) {
        state.doubtKeys();
      }
      if (frames.damaged) {
        damaged.add(name);
      }
      return new Found(state, numberOf(name), damaged);
    }
    // The first one may have been killed over its snapshot; later ones had a whole one before.
    if (rotten || (!names.isEmpty() && numberOf(names.getLast()) > 1)) {
      throw new UnreadableException(
          "commit log: no whole snapshot: file="
              + directory.resolve(names.getLast())
              + ", so what is published already can't be told; allowed: the file as it was, or no "
              + directory
              + " (move it away, and all that the log still holds is published once more)");
    }
    return new Found(new ShippingState(spool), 0, damaged);
  }

  /// The same beside a shipper at work, which rolls the log while it is read.
  static Found findNow(FileTree tree, Path directory, String spool) throws IOException {
    for (int rolls = 0; rolls < ROLLS_MAX; rolls++) {
      try {
        return find(tree, directory, spool);
      } catch (NoSuchFileException _) {
        // the newer one is there
      }
    }
    return find(tree, directory, spool);
  }

  /// A log that goes on where `found` ends. Nothing is written before the first [#append].
  static CommitLog continuing(FileTree tree, Path directory, Found found) {
    return new CommitLog(tree, directory, found.state(), found.number());
  }

  ShippingState state() {
    return state;
  }

  /// From the next roll on, hours before this one are let go once their manifest says all.
  void letGoBefore(long hour) {
    letGoBefore = hour;
  }

  /// Forces the record, then applies it to the state. After a failure it is not known whether the
  /// record is on disk; the state is as before, and the next append begins a new file.
  void append(CommitRecord record) throws IOException {
    FileTree.NewFile current = file;
    if (current == null || bytes >= rollAt) {
      current = roll();
    }
    byte[] frame = frame(record);
    try {
      current.write(frame, 0, frame.length);
      current.force();
    } catch (IOException e) {
      abandon(current, e);
      throw e;
    }
    bytes += frame.length;
    state.apply(record);
  }

  /// Begins a new file with a snapshot and deletes the older ones.
  FileTree.NewFile roll() throws IOException {
    FileTree.NewFile old = file;
    if (old != null) {
      file = null;
      old.close();
    }
    if (!directoryDurable) {
      tree.createDirectory(directory);
      Path parent = directory.getParent();
      if (parent != null) {
        tree.forceDirectory(parent); // that it is there does not say that its maker lived to do so
      }
      directoryDurable = true;
    }
    Path path = directory.resolve(HexFormat.of().toHexDigits(number + 1) + SUFFIX);
    tree.delete(path); // what a roll left that died or failed before its snapshot was whole
    FileTree.NewFile made = tree.create(path);
    state.letGoBefore(letGoBefore);
    byte[] snapshot = frame(state.snapshot());
    try {
      made.write(MAGIC, 0, MAGIC.length);
      made.write(snapshot, 0, snapshot.length);
      made.force();
      tree.forceDirectory(directory);
    } catch (IOException e) {
      abandon(made, e);
      throw e;
    }
    bytes = (long) MAGIC.length + snapshot.length;
    rollAt = Math.max(ROLL_BYTES_MIN, 4 * bytes);
    number++;
    file = made;
    deleteOlder(path.getFileName().toString());
    return made;
  }

  /// Keeps a copy of a damaged file for people before a roll deletes it.
  void keepDamaged(String name) throws IOException {
    Path copy = directory.resolve(name + ".damaged");
    if (tree.exists(copy)) {
      return;
    }
    byte[] all = readAll(tree, directory.resolve(name));
    try (FileTree.NewFile kept = tree.create(copy)) {
      kept.write(all, 0, all.length);
      kept.force();
    }
    tree.forceDirectory(directory);
  }

  @Override
  public void close() throws IOException {
    FileTree.NewFile current = file;
    file = null;
    if (current != null) {
      current.close();
    }
  }

  private void deleteOlder(String newest) throws IOException {
    for (String name : tree.list(directory)) {
      if (name.endsWith(SUFFIX) && name.compareTo(newest) < 0) {
        tree.delete(directory.resolve(name));
      }
    }
  }

  private void abandon(FileTree.NewFile broken, IOException why) {
    file = null;
    try {
      broken.close();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private static byte[] frame(CommitRecord record) {
    byte[] payload = Json.bytes(record);
    ByteBuffer frame =
        ByteBuffer.allocate(HEAD_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(payload.length).putInt(0).put(record.type()).put(payload);
    frame.putInt(4, crc(frame, 0, payload.length));
    return frame.array();
  }

  /// Of a frame at `at` whose payload has `length` bytes.
  private static int crc(ByteBuffer frames, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(frames.slice(at, 4));
    crc.update(frames.slice(at + 8, 1 + length));
    return (int) crc.getValue();
  }

  private static byte[] readAll(FileTree tree, Path file) throws IOException {
    try (InputStream in = tree.open(file)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      in.transferTo(all);
      return all.toByteArray();
    } catch (NoSuchFileException e) {
      throw e; // rolled at this moment: the newer one is there
    } catch (IOException e) {
      throw new UnreadableException(
          "commit log can't be read: file="
              + file
              + " ("
              + (e instanceof FileSystemException ? e.getClass().getSimpleName() : e.getMessage())
              + "); allowed: a file that this user may read");
    }
  }

  private static long numberOf(String name) {
    return HexFormat.fromHexDigitsToLong(name, 0, 16);
  }

  /// There were commits, and they can't be read: shipping anything again might double it.
  static final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1;

    UnreadableException(String message) {
      super(message);
    }
  }

  /// The whole frames of a file. A bad one ends them, unless a whole one stands where it says that
  /// it ends: then it is not a torn end but rot, and is stepped over.
  private static final class Frames {
    private final List<CommitRecord> records = new ArrayList<>();
    private boolean damaged;
    private boolean torn = true; // bytes stand behind the last whole one
    private int laterType; // of a record that is whole and that we do not know

    static Frames of(byte[] all) {
      Frames frames = new Frames();
      ByteBuffer bytes = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
      int at = Math.min(MAGIC.length, all.length);
      boolean foreign = !Arrays.equals(MAGIC, Arrays.copyOf(all, MAGIC.length));
      while (at < all.length) {
        CommitRecord record = frames.recordAt(bytes, at);
        if (record == null) {
          int next = frames.nextWhole(bytes, at + 1);
          if (next < 0) {
            return frames; // torn: nothing whole was written behind it
          }
          frames.damaged = true; // whatever rotted, its length too
          at = next;
        } else {
          frames.records.add(record);
          at = endOf(bytes, at);
        }
      }
      frames.damaged |= foreign && !frames.records.isEmpty();
      frames.torn = false;
      return frames;
    }

    /// Where the next whole frame stands, -1 when there is none.
    private int nextWhole(ByteBuffer bytes, int from) {
      for (int at = from; at + HEAD_BYTES < bytes.capacity(); at++) {
        if (recordAt(bytes, at) != null) {
          return at;
        }
      }
      return -1;
    }

    /// Where the frame at `at` ends, 0 when none can stand there.
    private static int endOf(ByteBuffer bytes, int at) {
      if (bytes.capacity() - at < HEAD_BYTES) {
        return 0;
      }
      int length = bytes.getInt(at);
      boolean fits =
          length > 0 && length <= PAYLOAD_BYTES_MAX && length <= bytes.capacity() - at - HEAD_BYTES;
      return fits ? at + HEAD_BYTES + length : 0;
    }

    private @Nullable CommitRecord recordAt(ByteBuffer bytes, int at) {
      if (endOf(bytes, at) == 0) {
        return null;
      }
      int length = bytes.getInt(at);
      if (crc(bytes, at, length) != bytes.getInt(at + 4)) {
        return null;
      }
      byte type = bytes.get(at + 8);
      laterType = type > CommitRecord.TYPE_LAST ? type : laterType;
      byte[] payload = new byte[length];
      bytes.get(at + HEAD_BYTES, payload);
      try {
        return CommitRecord.read(type, payload);
      } catch (IOException _) {
        return null; // of a later version, or not what its checksum was made of
      }
    }
  }
}
