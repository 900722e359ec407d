package dev.loopgate.capture;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/// Takes gzip or deflate off a whole body, within a bound. Other encodings need libraries that this
/// room does without; of several, the inner ones could be made to take any time, however little
/// comes out. Confined to one thread, which reuses its memory.
final class Unpacking {
  /// The bytes are not what their encoding says, are too many, or the encoding is not known here.
  static final int FAILED = -1;

  private final int bytesMax;
  private byte[] unpacked = new byte[4 << 10];

  /// Unpacks to at most `bytesMax` bytes.
  Unpacking(int bytesMax) {
    this.bytesMax = bytesMax;
  }

  /// Whether there is anything to take off.
  static boolean isPacked(String contentEncoding) {
    return !contentEncoding.isEmpty() && !encodings(contentEncoding).isEmpty();
  }

  /// Unpacks the first `length` of `packed`.
  ///
  /// @return how many bytes stand in [#bytes] now, or [#FAILED]
  int unpack(byte[] packed, int length, String contentEncoding) {
    List<String> encodings = encodings(contentEncoding);
    if (encodings.size() != 1) {
      return FAILED;
    }
    InputStream in = new ByteArrayInputStream(packed, 0, length);
    try {
      return switch (encodings.getFirst()) {
        case "gzip", "x-gzip" -> gzip(in);
        case "deflate" -> deflate(new PushbackInputStream(in, 2));
        default -> FAILED;
      };
    } catch (IOException _) {
      return FAILED; // a decoder fed with anything at all: that is its verdict
    }
  }

  /// What was unpacked last, from 0.
  byte[] bytes() {
    return unpacked;
  }

  private int drain(InputStream in) throws IOException {
    int at = 0;
    while (true) {
      if (at == unpacked.length) {
        if (at == bytesMax) {
          return in.read() < 0 ? at : FAILED;
        }
        unpacked = Arrays.copyOf(unpacked, Math.min(bytesMax, 2 * at));
      }
      int count = in.read(unpacked, at, unpacked.length - at);
      if (count < 0) {
        return at;
      }
      at += count;
    }
  }

  private int gzip(InputStream packed) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(packed)) {
      return drain(in);
    }
  }

  /// `deflate` is zlib by RFC 9110, and bare deflate by many senders: the first two bytes tell.
  private int deflate(PushbackInputStream packed) throws IOException {
    byte[] head = packed.readNBytes(2);
    packed.unread(head);
    boolean zlib =
        head.length == 2
            && (head[0] & 0x0f) == 8
            && (((head[0] & 0xff) << 8) | (head[1] & 0xff)) % 31 == 0;
    Inflater inflater = new Inflater(!zlib);
    try (InputStream in = new InflaterInputStream(packed, inflater)) {
      return drain(in);
    } finally {
      inflater.end(); // its memory is not the heap's
    }
  }

  private static List<String> encodings(String contentEncoding) {
    List<String> encodings = new ArrayList<>(1);
    for (String part : contentEncoding.toLowerCase(Locale.ROOT).split(",", -1)) {
      String encoding = part.strip();
      if (!encoding.isEmpty() && !encoding.equals("identity")) {
        encodings.add(encoding);
      }
    }
    return encodings;
  }
}
