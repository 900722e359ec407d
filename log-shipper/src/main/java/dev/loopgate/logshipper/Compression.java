package dev.loopgate.logshipper;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// How published files are compressed. The name of a file says it; nothing beside the object does:
/// a `Content-Encoding` would have some clients and stores take it off without a word.
public enum Compression {
  /// As the lines are.
  NONE("", "application/x-ndjson"),
  /// gzip, level 1: every reader takes it.
  GZIP(".gz", "application/gzip"),
  /// zstd, level 1, with a checksum of the content.
  ZSTD(".zst", "application/zstd");

  /// A file is not continued beyond so many times what may be published in one, before it is
  /// compressed: whoever decompresses one knows what may come.
  static final int RENDERED_TIMES_MAX = 8;

  /// The most bytes that lie on the heap for one file that is being compressed: what is given to
  /// the codec and what it gives, `zstd`'s being the larger.
  static final int HEAP_BYTES_MAX = 256 << 10;

  /// The most bytes that a codec takes beside the heap for one file: window, tables, blocks.
  static final int NATIVE_BYTES_MAX = 2 << 20;

  private static final String LINES = ".json";
  private static final int GZIP_BUFFER_BYTES = 32 << 10;
  private static final int ZSTD_LEVEL = 1;
  // Ours need 19; a file that asks for more than 8 MiB of window is none of ours.
  private static final int ZSTD_WINDOW_LOG_MAX = 23;

  private final String suffix;
  private final String contentType;

  Compression(String suffix, String contentType) {
    this.suffix = suffix;
    this.contentType = contentType;
  }

  /// The word in settings.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// The compression with this word.
  ///
  /// @throws IllegalArgumentException when none has it
  public static Compression ofWord(String word) {
    for (Compression compression : values()) {
      if (compression.word().equals(word)) {
        return compression;
      }
    }
    throw new IllegalArgumentException("compression: word=" + word);
  }

  /// The one that an object's path tells by its end.
  static Compression ofPath(String path) {
    return path.endsWith(GZIP.suffix) ? GZIP : path.endsWith(ZSTD.suffix) ? ZSTD : NONE;
  }

  /// The most bytes that all files being compressed take on the heap: two are open at a time.
  public long heapBytes() {
    return this == NONE ? 0 : 2L * HEAP_BYTES_MAX;
  }

  /// The same of what codecs take beside it.
  public long nativeBytes() {
    return this == NONE ? 0 : 2L * NATIVE_BYTES_MAX;
  }

  /// How names of files end.
  String fileEnd() {
    return LINES + suffix;
  }

  /// What stores are told that a file is.
  String contentType() {
    return contentType;
  }

  /// A file is not continued beyond so many bytes before compression.
  ///
  /// @param fileBytesMax the same of what is published
  long renderedBytesMax(long fileBytesMax) {
    return this == NONE ? fileBytesMax : RENDERED_TIMES_MAX * fileBytesMax;
  }

  /// Compresses into `out`, which is closed with it.
  OutputStream compressing(OutputStream out) throws IOException {
    return switch (this) {
      case NONE -> out;
      case GZIP -> new FastGzip(out);
      case ZSTD -> new ZstdOutputStreamNoFinalizer(out, ZSTD_LEVEL).setChecksum(true);
    };
  }

  /// Decompresses `in`, which is closed with it; members and frames that follow each other are one
  /// file.
  InputStream decompressing(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> new GZIPInputStream(in, GZIP_BUFFER_BYTES);
      case ZSTD -> {
        ZstdInputStreamNoFinalizer zstd = new ZstdInputStreamNoFinalizer(in);
        zstd.setLongMax(ZSTD_WINDOW_LOG_MAX);
        yield zstd;
      }
    };
  }

  private static final class FastGzip extends GZIPOutputStream {
    private FastGzip(OutputStream out) throws IOException {
      super(out, GZIP_BUFFER_BYTES);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
