package dev.loopgate.logshipper;

import com.github.luben.zstd.ZstdInputStream;
import dev.loopgate.capture.Body;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.brotli.dec.BrotliInputStream;
import org.jspecify.annotations.Nullable;

/// Takes the wire's content encodings (gzip, deflate, br, zstd; several, too) off a body, within a
/// bound. Confined to one thread, which reuses its memory; a result is valid until the next call.
final class ContentDecoding {
  /// What came of it. Each but `DECODED` leaves the wire's bytes.
  enum Outcome {
    /// There was nothing to take off, or all of it was.
    DECODED,
    /// The bytes are not what their encoding says.
    CORRUPT,
    /// More than the bound.
    TOO_LARGE,
    /// An encoding that we do not know.
    UNSUPPORTED;

    /// The word in records.
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final int ENCODINGS_MAX = 4;
  // Memory that stays between two bodies; what a larger one needed is let go.
  private static final int KEPT_BYTES_MAX = 1 << 20;
  // 8 MiB, what RFC 9659 allows for `zstd` as a content encoding.
  private static final int ZSTD_WINDOW_LOG_MAX = 23;

  private final int decodedBytesMax;
  private byte[] wire = new byte[4096];
  private byte[] decoded = new byte[4096];
  private byte[] result = wire;
  private int length;

  /// Decodes to at most `decodedBytesMax` bytes.
  ContentDecoding(int decodedBytesMax) {
    this.decodedBytesMax = decodedBytesMax;
  }

  /// Decodes what is kept of `body`. Of a truncated one, what decodes is kept.
  Outcome decode(Body body) {
    wire = body.keptLength() > wire.length ? body.copyKept() : copyInto(wire, body);
    result = wire;
    length = body.keptLength();
    if (decoded.length > KEPT_BYTES_MAX) {
      decoded = new byte[4096];
    }
    List<String> encodings = encodings(body.contentEncoding());
    if (encodings.isEmpty() || length == 0) {
      return Outcome.DECODED;
    }
    int wireLength = length;
    Outcome outcome = takeOff(encodings, body.truncated());
    if (outcome != Outcome.DECODED) {
      result = wire;
      length = wireLength;
    }
    return outcome;
  }

  /// The bytes of the last result, from 0 to [#length].
  byte[] bytes() {
    return result;
  }

  int length() {
    return length;
  }

  private Outcome takeOff(List<String> encodings, boolean truncated) {
    if (encodings.size() > ENCODINGS_MAX) {
      return Outcome.UNSUPPORTED;
    }
    InputStream in = new ByteArrayInputStream(wire, 0, length);
    try {
      for (String encoding : encodings.reversed()) { // the last one named was put on last
        InputStream inner = opened(encoding, in);
        if (inner == null) {
          return Outcome.UNSUPPORTED;
        }
        in = inner;
      }
      return drain(in, truncated);
    } catch (EOFException _) {
      return emptyOrCorrupt(truncated); // not even a whole header
    } catch (IOException | RuntimeException _) {
      return Outcome.CORRUPT; // a decoder fed with anything at all: its verdict is the outcome
    }
  }

  private Outcome emptyOrCorrupt(boolean truncated) {
    if (!truncated) {
      return Outcome.CORRUPT;
    }
    result = decoded;
    length = 0;
    return Outcome.DECODED;
  }

  private Outcome drain(InputStream in, boolean truncated) throws IOException {
    int at = 0;
    try {
      while (true) {
        if (at == decoded.length) {
          if (at >= decodedBytesMax) {
            return in.read() < 0 ? decodedTo(at) : Outcome.TOO_LARGE;
          }
          decoded = Arrays.copyOf(decoded, (int) Math.min(decodedBytesMax, 2L * at));
        }
        // In small steps: a decoder that fails gives nothing of the step it failed in.
        int count = in.read(decoded, at, Math.min(decoded.length - at, truncated ? 512 : 8192));
        if (count < 0) {
          return decodedTo(at);
        }
        at += count;
      }
    } catch (IOException e) {
      if (!truncated) {
        throw e;
      }
      return decodedTo(at);
    }
  }

  private Outcome decodedTo(int at) {
    result = decoded;
    length = at;
    return Outcome.DECODED;
  }

  private static @Nullable InputStream opened(String encoding, InputStream in) throws IOException {
    return switch (encoding) {
      case "gzip", "x-gzip" -> new GZIPInputStream(in);
      case "deflate" -> inflater(in);
      case "br" -> new BrotliInputStream(in);
      case "zstd" -> {
        ZstdInputStream zstd = new ZstdInputStream(in);
        zstd.setLongMax(ZSTD_WINDOW_LOG_MAX);
        yield zstd;
      }
      default -> null;
    };
  }

  /// `deflate` is zlib by RFC 9110, and bare deflate by many senders: the first two bytes tell.
  private static InputStream inflater(InputStream in) throws IOException {
    PushbackInputStream pushback = new PushbackInputStream(in, 2);
    byte[] head = pushback.readNBytes(2);
    pushback.unread(head);
    boolean zlib =
        head.length == 2
            && (head[0] & 0x0f) == 8
            && (((head[0] & 0xff) << 8) | (head[1] & 0xff)) % 31 == 0;
    return new InflaterInputStream(pushback, new Inflater(!zlib));
  }

  private static List<String> encodings(String contentEncoding) {
    if (contentEncoding.isEmpty()) {
      return List.of();
    }
    List<String> encodings = new ArrayList<>(1);
    for (String part : contentEncoding.toLowerCase(Locale.ROOT).split(",", -1)) {
      String encoding = part.strip();
      if (!encoding.isEmpty() && !encoding.equals("identity")) {
        encodings.add(encoding);
      }
    }
    return encodings;
  }

  private static byte[] copyInto(byte[] bytes, Body body) {
    int at = 0;
    for (ByteBuffer piece : body.kept()) {
      int count = piece.remaining();
      piece.get(piece.position(), bytes, at, count);
      at += count;
    }
    return bytes;
  }
}
