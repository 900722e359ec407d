package dev.loopgate.controller;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Numbers that grow, across restarts and whatever is deleted: versions and cursors. Confined to
/// who writes.
///
/// The file `revision` holds the last one that may have been given; it is written once for many,
/// and a start goes on behind it.
final class Revisions {
  private static final String NAME = "revision";
  private static final int BLOCK = 1024;

  /// Where a start goes on when the file is lost: behind whatever it could have said.
  private static final long LEAP = 1L << 32;

  private static final int FILE_BYTES_MAX = 32;

  private final StoreFiles files;
  private final Path directory;
  private long last;
  private long reserved;

  private Revisions(StoreFiles files, Path directory, long last) {
    this.files = files;
    this.directory = directory;
    this.last = last;
    this.reserved = last;
  }

  /// Numbers that go on behind the file in `directory` and behind `highest`.
  ///
  /// @param highest of what is there; 0 for nothing
  static Revisions open(StoreFiles files, Path directory, long highest) throws IOException {
    Path file = directory.resolve(NAME);
    if (!files.exists(file)) {
      return new Revisions(files, directory, highest == 0 ? 0 : highest + LEAP);
    }
    String text = new String(files.read(file, FILE_BYTES_MAX), StandardCharsets.US_ASCII).strip();
    if (!text.matches("[0-9]{1,18}")) {
      throw new IOException(
          "declared state: revision can't be read: file=" + file + ", allowed=a number");
    }
    return new Revisions(files, directory, Math.max(Long.parseLong(text), highest));
  }

  /// The last that was given, or may have been.
  long last() {
    return last;
  }

  /// The next one.
  long next() throws IOException {
    if (last == reserved) {
      reserve(last + BLOCK);
    }
    last++;
    return last;
  }

  private void reserve(long upTo) throws IOException {
    files.replace(directory, NAME, (upTo + "\n").getBytes(StandardCharsets.US_ASCII));
    reserved = upTo;
  }
}
