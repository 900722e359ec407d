package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;

/// Writes heads and chunks. What is written was checked where it came from: no line end can be in
/// it.
final class HeadWriter {
  private static final byte[] VERSION = {'H', 'T', 'T', 'P', '/', '1', '.', '1'};
  private static final int CRLF = '\r' << 8 | '\n';

  private HeadWriter() {}

  static ByteBuf request(
      ByteBufAllocator buffers, String method, String target, String host, List<Header> headers) {
    ByteBuf out = buffers.ioBuffer(1024);
    ByteBufUtil.writeAscii(out, method);
    out.writeByte(' ');
    ByteBufUtil.writeAscii(out, target);
    out.writeByte(' ').writeBytes(VERSION).writeShort(CRLF);
    header(out, "host", host);
    return ended(out, headers);
  }

  static ByteBuf response(
      ByteBufAllocator buffers, int status, String reason, List<Header> headers) {
    ByteBuf out = buffers.ioBuffer(1024);
    out.writeBytes(VERSION).writeByte(' ');
    ByteBufUtil.writeAscii(out, Integer.toString(status));
    out.writeByte(' '); // stands even before an empty phrase (RFC 9112, section 4)
    ByteBufUtil.writeAscii(out, reason);
    out.writeShort(CRLF);
    return ended(out, headers);
  }

  /// A whole answer of our own, the last one of its connection.
  static ByteBuf lastReply(ByteBufAllocator buffers, LocalReply reply, RequestId id) {
    List<Header> headers = new ArrayList<>(reply.headers());
    headers.add(new Header(RequestIdentity.HEADER, id.value()));
    headers.add(PassedHeaders.contentLength(reply.body().remaining()));
    headers.add(new Header("connection", "close"));
    return response(buffers, reply.status(), Reasons.of(reply), headers)
        .writeBytes(reply.body().duplicate());
  }

  /// The line before a chunk of `length` bytes.
  static ByteBuf chunkStart(ByteBufAllocator buffers, int length) {
    ByteBuf out = buffers.ioBuffer(16);
    ByteBufUtil.writeAscii(out, Integer.toHexString(length));
    return out.writeShort(CRLF);
  }

  /// The line end behind a chunk.
  static ByteBuf chunkEnd(ByteBufAllocator buffers) {
    return buffers.ioBuffer(2).writeShort(CRLF);
  }

  /// The chunk that ends a body.
  static ByteBuf lastChunk(ByteBufAllocator buffers) {
    return buffers.ioBuffer(5).writeByte('0').writeShort(CRLF).writeShort(CRLF);
  }

  private static ByteBuf ended(ByteBuf out, List<Header> headers) {
    for (Header header : headers) {
      header(out, header.name(), header.value());
    }
    return out.writeShort(CRLF);
  }

  private static void header(ByteBuf out, String name, String value) {
    ByteBufUtil.writeAscii(out, name);
    out.writeByte(':').writeByte(' ');
    ByteBufUtil.writeAscii(out, value); // in truth ISO-8859-1, as it was read
    out.writeShort(CRLF);
  }
}
