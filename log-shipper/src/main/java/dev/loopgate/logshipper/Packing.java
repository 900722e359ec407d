package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.OutputStream;

/// Compresses what is rendered on its way into a staged file, which stays the caller's to finish.
/// Ends with [#finish] or [#giveUp]: codecs hold memory beside the heap. Confined to one thread.
final class Packing extends OutputStream {
  private final OutputStream codec;
  private boolean ended;
  private boolean givenUp;

  Packing(Compression compression, OutputStream file) throws IOException {
    this.codec = compression.compressing(new Kept(file));
  }

  @Override
  public void write(int b) throws IOException {
    codec.write(b);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    codec.write(bytes, from, length);
  }

  /// Writes what the codec still holds, and the end of the file.
  void finish() throws IOException {
    ended = true; // also when it fails: a codec that failed has given its memory back
    codec.close();
  }

  /// Ends without a whole file; nothing when it has ended.
  void giveUp() throws IOException {
    if (!ended) {
      givenUp = true;
      finish();
    }
  }

  /// The file, which the codec may neither close nor write an end to that nobody wants.
  private final class Kept extends OutputStream {
    private final OutputStream file;

    private Kept(OutputStream file) {
      this.file = file;
    }

    @Override
    public void write(int b) throws IOException {
      if (!givenUp) {
        file.write(b);
      }
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (!givenUp) {
        file.write(bytes, from, length);
      }
    }

    @Override
    public void close() {
      // the caller's
    }
  }
}
