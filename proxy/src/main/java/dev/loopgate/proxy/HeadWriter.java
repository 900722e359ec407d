package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.List;

/// Writes heads and chunks. What is written was checked where it came from: no line end can be in
/// it.
final class HeadWriter {
  private static final String VERSION = "HTTP/1.1";
  private static final int CRLF = '\r' << 8 | '\n';

  /// The lines around a chunk of up to 2^31 bytes.
  static final int CHUNK_FRAME_BYTES_MAX = 12;

  private static final int SCRATCH_BYTES = 16 << 10;
  private static final FastThreadLocal<byte[]> SCRATCH =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[SCRATCH_BYTES];
        }
      };

  private HeadWriter() {}

  static ByteBuf request(
      ByteBufAllocator buffers, String method, String target, String host, List<Header> headers) {
    int fixed = method.length() + target.length() + host.length() + 32;
    Bytes out = new Bytes(fixed + lengthOf(headers));
    out.text(method).octet(' ').text(target).octet(' ').text(VERSION).lineEnd();
    out.header("host", host);
    return out.ended(buffers, headers);
  }

  static ByteBuf response(
      ByteBufAllocator buffers, int status, String reason, List<Header> headers) {
    Bytes out = new Bytes(reason.length() + 32 + lengthOf(headers));
    out.text(VERSION).octet(' ').text(Integer.toString(status));
    out.octet(' '); // stands even before an empty phrase (RFC 9112, section 4)
    out.text(reason).lineEnd();
    return out.ended(buffers, headers);
  }

  /// A whole answer of our own, the last one of its connection.
  static ByteBuf lastReply(ByteBufAllocator buffers, LocalReply reply, RequestId id) {
    List<Header> headers = new ArrayList<>(reply.headers());
    headers.add(new Header(RequestIdentity.HEADER, id.value()));
    headers.add(new Header("content-length", Integer.toString(reply.body().remaining())));
    headers.add(new Header("connection", "close"));
    return buffers
        .compositeBuffer(2)
        .addComponent(true, response(buffers, reply.status(), Reasons.of(reply), headers))
        .addComponent(true, Unpooled.wrappedBuffer(reply.body()));
  }

  /// The line before a chunk of `length` bytes.
  static ByteBuf chunkStart(ByteBufAllocator buffers, int length) {
    ByteBuf out = buffers.ioBuffer(16);
    ByteBufUtil.writeAscii(out, Integer.toHexString(length));
    return out.writeShort(CRLF);
  }

  /// Writes `piece` as a chunk; it stays the caller's.
  static void writeChunk(ByteBuf into, ByteBuf piece) {
    int length = piece.readableBytes();
    ByteBufUtil.writeAscii(into, Integer.toHexString(length));
    into.writeShort(CRLF).writeBytes(piece, piece.readerIndex(), length).writeShort(CRLF);
  }

  /// The line end behind a chunk.
  static ByteBuf chunkEnd(ByteBufAllocator buffers) {
    return buffers.ioBuffer(2).writeShort(CRLF);
  }

  /// The chunk that ends a body, with trailers.
  static ByteBuf lastChunk(ByteBufAllocator buffers, List<Header> trailers) {
    if (trailers.isEmpty()) {
      return buffers.ioBuffer(5).writeByte('0').writeShort(CRLF).writeShort(CRLF);
    }
    Bytes out = new Bytes(16 + lengthOf(trailers));
    out.octet('0').lineEnd();
    return out.ended(buffers, trailers);
  }

  private static int lengthOf(List<Header> headers) {
    int length = 0;
    for (Header header : headers) {
      byte[] line = header.line();
      length += line == null ? header.name().length() + header.value().length() + 4 : line.length;
    }
    return length;
  }

  /// A head in the making. Composed in an array, since a buffer checks each byte by itself.
  private static final class Bytes {
    private final byte[] bytes;
    private int length;

    Bytes(int lengthMax) {
      bytes = lengthMax <= SCRATCH_BYTES ? SCRATCH.get() : new byte[lengthMax];
    }

    /// ISO-8859-1, as it was read. What is beyond it must not become a line end by losing bits.
    Bytes text(String text) {
      int at = length;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        bytes[at++] = (byte) (c > 0xff ? '?' : c);
      }
      length = at;
      return this;
    }

    Bytes octet(char c) {
      bytes[length++] = (byte) c;
      return this;
    }

    void lineEnd() {
      octet('\r').octet('\n');
    }

    void header(String name, String value) {
      text(name).octet(':').octet(' ').text(value).lineEnd();
    }

    ByteBuf ended(ByteBufAllocator buffers, List<Header> headers) {
      for (Header header : headers) {
        byte[] line = header.line();
        if (line == null) {
          header(header.name(), header.value());
        } else {
          System.arraycopy(line, 0, bytes, length, line.length);
          length += line.length;
        }
      }
      lineEnd();
      return buffers.ioBuffer(length + Outgoing.JOINED_BYTES_MAX).writeBytes(bytes, 0, length);
    }
  }
}
