package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// HTTP/2 frame by frame, right or wrong, as a test wants it.
final class Http2Frames {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RESET = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GO_AWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;

  /// One frame.
  ///
  /// @param bytes its payload
  record Frame(int type, int flags, int stream, ByteBuffer bytes) {
    boolean isLast() {
      return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }

    byte[] payload() {
      byte[] payload = new byte[bytes.remaining()];
      bytes.duplicate().get(payload);
      return payload;
    }
  }

  private Http2Frames() {}

  /// How a caller begins: preface and settings.
  static byte[] preface(int... idsAndValues) {
    return all("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1), settings(idsAndValues));
  }

  static byte[] settings(int... idsAndValues) {
    return frame(SETTINGS, 0, 0, settingsPayload(idsAndValues));
  }

  static byte[] settingsPayload(int... idsAndValues) {
    ByteBuffer payload = ByteBuffer.allocate(idsAndValues.length / 2 * 6);
    for (int i = 0; i < idsAndValues.length; i += 2) {
      payload.putShort((short) idsAndValues[i]).putInt(idsAndValues[i + 1]);
    }
    return payload.array();
  }

  static byte[] request(int stream, String method, String path, boolean last, String... more) {
    byte[] head =
        all(
            block(":method", method, ":path", path, ":scheme", "http", ":authority", "d"),
            block(more));
    return frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, head);
  }

  static byte[] data(int stream, boolean last, String text) {
    return frame(DATA, last ? END_STREAM : 0, stream, text.getBytes(ISO_8859_1));
  }

  static byte[] windowUpdate(int stream, int increment) {
    return frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(increment).array());
  }

  /// Names and values as a header block, each a literal that is not indexed.
  static byte[] block(String... namesAndValues) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      block.write(0);
      string(block, namesAndValues[i]);
      string(block, namesAndValues[i + 1]);
    }
    return block.toByteArray();
  }

  /// A string of a header block (RFC 7541, section 5.2), not compressed.
  static void string(ByteArrayOutputStream block, String text) {
    int length = text.length();
    if (length < 127) {
      block.write(length);
    } else {
      block.write(127);
      for (length -= 127; length >= 128; length /= 128) {
        block.write(length % 128 + 128);
      }
      block.write(length);
    }
    block.writeBytes(text.getBytes(ISO_8859_1));
  }

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  static byte[] all(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  static byte[] repeated(byte[] part, int count) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /// What the door sends on one connection.
  static final class Reader {
    private final InputStream in;
    private final DefaultHttp2HeadersDecoder heads = new DefaultHttp2HeadersDecoder(false);

    Reader(InputStream in) {
      this.in = in;
    }

    /// The next frame; null at the end of the connection.
    @Nullable Frame next() throws IOException {
      try {
        byte[] head = in.readNBytes(9);
        if (head.length < 9) {
          return null;
        }
        ByteBuffer fields = ByteBuffer.wrap(head);
        int length = ((head[0] & 0xff) << 16) | (fields.getShort(1) & 0xffff);
        byte[] payload = in.readNBytes(length);
        return new Frame(head[3], head[4], fields.getInt(5), ByteBuffer.wrap(payload));
      } catch (SocketException _) {
        return null; // reset
      }
    }

    /// The next frame of this type.
    Frame next(int type) throws IOException {
      for (Frame frame = next(); frame != null; frame = next()) {
        if (frame.type() == type) {
          return frame;
        }
      }
      throw new AssertionError("ended before a frame of type=" + type);
    }

    /// Status and body of a stream's answer; `reset N`, `go away N` or `closed` where there is
    /// none.
    String answer(int stream) throws IOException, Http2Exception {
      StringBuilder text = new StringBuilder();
      for (Frame frame = next(); frame != null; frame = next()) {
        if (frame.type() == HEADERS) {
          String status = statusIn(frame);
          text.append(frame.stream() == stream ? status + " " : "");
        } else if (frame.type() == GO_AWAY) {
          return "go away " + ByteBuffer.wrap(frame.payload()).getInt(4);
        } else if (frame.stream() == stream && frame.type() == RESET) {
          return "reset " + ByteBuffer.wrap(frame.payload()).getInt();
        } else if (frame.stream() == stream && frame.type() == DATA) {
          text.append(new String(frame.payload(), ISO_8859_1));
        }
        if (frame.stream() == stream && frame.isLast()) {
          return text.toString().strip();
        }
      }
      return "closed";
    }

    private String statusIn(Frame frame) throws Http2Exception {
      ByteBuf block = Unpooled.wrappedBuffer(frame.payload());
      try {
        Http2Headers headers = heads.decodeHeaders(frame.stream(), block);
        return String.valueOf(headers.status());
      } finally {
        block.release();
      }
    }
  }
}
