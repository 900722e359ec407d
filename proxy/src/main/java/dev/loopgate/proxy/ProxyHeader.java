package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Reads the header of the PROXY protocol, versions 1 and 2, strictly: what HAProxy, nginx and the
/// load balancers of the clouds put before a connection's first byte.
///
/// Ours and not Netty's codec, which takes what the specification forbids, does not look at the
/// checksum, and makes objects of every extension.
final class ProxyHeader {
  /// A header with everything that balancers add takes some hundred bytes.
  static final int BYTES_MAX = 4096;

  private static final int TEXT_BYTES_MAX = 107;
  private static final byte[] TEXT = "PROXY ".getBytes(US_ASCII);
  private static final byte[] BINARY = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final int FIXED_BYTES = 16;
  private static final int LENGTH_AT = 14;
  private static final int EXTENSION_BYTES = 3; // type and length
  private static final int CHECKSUM = 0x03;
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final Pattern IP4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
  private static final Pattern IP6 = Pattern.compile("[0-9a-fA-F:.]{2,45}");
  private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");

  /// What became of the bytes so far.
  sealed interface Read {
    /// It goes on; nothing was taken.
    record More() implements Read {}

    /// The header is whole and taken off.
    ///
    /// @param caller who is behind the connection; null leaves it to the socket
    record Whole(@Nullable InetSocketAddress caller) implements Read {}

    /// It is none.
    record Refused(ProxyHeaderFault fault) implements Read {}
  }

  private static final Read MORE = new Read.More();
  private static final Read SOCKET = new Read.Whole(null);
  private static final Read MALFORMED = new Read.Refused(ProxyHeaderFault.MALFORMED);

  private ProxyHeader() {}

  /// Reads a header from the beginning of `in`, and takes it off when it is whole.
  static Read read(ByteBuf in) {
    if (beginsWith(in, TEXT)) {
      return in.readableBytes() < TEXT.length ? MORE : readText(in);
    }
    if (beginsWith(in, BINARY)) {
      return in.readableBytes() < FIXED_BYTES ? MORE : readBinary(in);
    }
    return new Read.Refused(ProxyHeaderFault.MISSING);
  }

  // As far as it has come.
  private static boolean beginsWith(ByteBuf in, byte[] expected) {
    int length = Math.min(in.readableBytes(), expected.length);
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  private static Read readText(ByteBuf in) {
    int from = in.readerIndex();
    int length = Math.min(in.readableBytes(), TEXT_BYTES_MAX);
    int end = in.indexOf(from, from + length, (byte) '\n');
    if (end < 0) {
      return length < TEXT_BYTES_MAX ? MORE : new Read.Refused(ProxyHeaderFault.TOO_LONG);
    }
    if (in.getByte(end - 1) != '\r') {
      return MALFORMED;
    }
    String line = in.toString(from, end - 1 - from, US_ASCII);
    in.readerIndex(end + 1);
    if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
      return SOCKET;
    }
    String[] parts = line.split(" ", -1);
    if (parts.length != 6 || !isPort(parts[4]) || !isPort(parts[5])) {
      return MALFORMED;
    }
    InetAddress source = addressOf(parts[1], parts[2]);
    InetAddress destination = addressOf(parts[1], parts[3]);
    return source == null || destination == null
        ? MALFORMED
        : new Read.Whole(new InetSocketAddress(source, Integer.parseInt(parts[4])));
  }

  private static boolean isPort(String text) {
    return PORT.matcher(text).matches() && Integer.parseInt(text) <= 65535;
  }

  private static @Nullable InetAddress addressOf(String family, String text) {
    boolean right =
        switch (family) {
          case "TCP4" -> IP4.matcher(text).matches();
          case "TCP6" -> IP6.matcher(text).matches() && text.indexOf(':') >= 0;
          default -> false;
        };
    byte[] bytes = right ? NetUtil.createByteArrayFromIpAddressString(text) : null;
    return bytes == null ? null : AddressRange.of(bytes);
  }

  private static Read readBinary(ByteBuf in) {
    int from = in.readerIndex();
    int command = in.getUnsignedByte(from + BINARY.length);
    int family = in.getUnsignedByte(from + BINARY.length + 1);
    int length = FIXED_BYTES + in.getUnsignedShort(from + LENGTH_AT);
    if (command != 0x20 && command != 0x21) {
      return MALFORMED;
    }
    if (length > BYTES_MAX) {
      return new Read.Refused(ProxyHeaderFault.TOO_LONG);
    }
    if (in.readableBytes() < length) {
      return MORE;
    }
    ByteBuf header = in.readSlice(length);
    if (command == 0x20 || family == 0x00) {
      return SOCKET; // LOCAL or UNSPEC: what else stands there is not to be looked at
    }
    return switch (family) {
      case 0x11 -> readAddresses(header, 4);
      case 0x21 -> readAddresses(header, 16);
      case 0x31 -> extensions(header, FIXED_BYTES + 216, SOCKET); // a socket of the file system
      default -> MALFORMED; // a datagram is no connection
    };
  }

  private static Read readAddresses(ByteBuf header, int bytes) {
    int end = FIXED_BYTES + 2 * bytes + 4; // two addresses, two ports
    if (header.capacity() < end) {
      return MALFORMED;
    }
    byte[] source = new byte[bytes];
    header.getBytes(FIXED_BYTES, source);
    int port = header.getUnsignedShort(FIXED_BYTES + 2 * bytes);
    return extensions(
        header, end, new Read.Whole(new InetSocketAddress(AddressRange.of(source), port)));
  }

  // Steps over the extensions, which fill the header exactly; a checksum must be right.
  private static Read extensions(ByteBuf header, int from, Read whole) {
    int at = from;
    while (at < header.capacity()) {
      if (header.capacity() - at < EXTENSION_BYTES) {
        return MALFORMED;
      }
      int type = header.getUnsignedByte(at);
      int length = header.getUnsignedShort(at + 1);
      at += EXTENSION_BYTES;
      if (type == CHECKSUM && length != Integer.BYTES) {
        return MALFORMED;
      }
      if (length > header.capacity() - at) {
        return MALFORMED;
      }
      if (type == CHECKSUM && checksumOf(header, at) != header.getUnsignedInt(at)) {
        return new Read.Refused(ProxyHeaderFault.CHECKSUM);
      }
      at += length;
    }
    return at == header.capacity() ? whole : MALFORMED;
  }

  // Of the whole header, with zeros in place of the checksum itself.
  private static long checksumOf(ByteBuf header, int at) {
    byte[] bytes = new byte[header.capacity()];
    header.getBytes(0, bytes);
    ByteBuffer.wrap(bytes).putInt(at, 0);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return checksum.getValue();
  }
}
