package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class ProxyHeaderTest {
  private static final byte[] SIGNATURE = "\r\n\r\n\0\r\nQUIT\n".getBytes(ISO_8859_1);
  private static final byte[] SOURCE_6 = {
    0x20, 0x01, 0x0d, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
  };

  /// A header of version 2.
  static byte[] binary(int command, int family, byte[]... parts) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      body.writeBytes(part);
    }
    ByteBuffer header = ByteBuffer.allocate(16 + body.size());
    header.put(SIGNATURE).put((byte) command).put((byte) family);
    return header.putShort((short) body.size()).put(body.toByteArray()).array();
  }

  /// 203.0.113.7:51234 to 10.0.0.1:8080.
  static byte[] ip4() {
    return ByteBuffer.allocate(12)
        .put(new byte[] {(byte) 203, 0, 113, 7, 10, 0, 0, 1})
        .putShort((short) 51234)
        .putShort((short) 8080)
        .array();
  }

  private static byte[] ip6() {
    return ByteBuffer.allocate(36).put(SOURCE_6).put(new byte[16]).putShort((short) 9).array();
  }

  static byte[] extension(int type, int length) {
    return ByteBuffer.allocate(3 + length).put((byte) type).putShort((short) length).array();
  }

  static byte[] withChecksum(byte[] header, int at) {
    CRC32C checksum = new CRC32C();
    checksum.update(header);
    ByteBuffer.wrap(header).putInt(at, (int) checksum.getValue());
    return header;
  }

  private static String read(byte[] bytes) {
    ByteBuf in = Unpooled.copiedBuffer(bytes);
    try {
      return switch (ProxyHeader.read(in)) {
        case ProxyHeader.Read.More _ -> "more";
        case ProxyHeader.Read.Refused(ProxyHeaderFault fault) -> fault.word();
        case ProxyHeader.Read.Whole whole ->
            (whole.caller() == null
                    ? "socket"
                    : whole.caller().getAddress().getHostAddress() + " " + whole.caller().getPort())
                + " then "
                + in.toString(ISO_8859_1);
      };
    } finally {
      in.release();
    }
  }

  private static byte[] latin(String text) {
    return text.getBytes(ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080 | 203.0.113.7 51234",
        "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535 | 0.0.0.0 0",
        "PROXY TCP6 2001:db8::7 ::1 51234 8080      | 2001:db8:0:0:0:0:0:7 51234",
        "PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2      | 203.0.113.7 1",
        "PROXY UNKNOWN                              | socket",
        "PROXY UNKNOWN a b c d                      | socket"
      })
  void aHeaderOfVersion1(String line, String caller) {
    assertThat(read(latin(line + "\r\nGET /"))).isEqualTo(caller + " then GET /");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 203.0.113.7 10.0.0.1 51234",
        "PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080 ",
        "PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080 9",
        "PROXY  TCP4 203.0.113.7 10.0.0.1 51234 8080",
        "PROXY TCP4  203.0.113.7 10.0.0.1 51234 8080",
        "PROXY TCP4 203.0.113.07 10.0.0.1 51234 8080",
        "PROXY TCP4 203.0.113.256 10.0.0.1 51234 8080",
        "PROXY TCP4 203.0.113 10.0.0.1 51234 8080",
        "PROXY TCP4 2001:db8::7 10.0.0.1 51234 8080",
        "PROXY TCP4 203.0.113.7 localhost 51234 8080",
        "PROXY TCP6 203.0.113.7 10.0.0.1 51234 8080",
        "PROXY TCP6 [::1] ::1 51234 8080",
        "PROXY TCP6 ::1%eth0 ::1 51234 8080",
        "PROXY TCP6 1::2::3 ::1 51234 8080",
        "PROXY TCP4 203.0.113.7 10.0.0.1 65536 8080",
        "PROXY TCP4 203.0.113.7 10.0.0.1 051234 8080",
        "PROXY TCP4 203.0.113.7 10.0.0.1 +1 8080",
        "PROXY TCP4 203.0.113.7 10.0.0.1 -1 8080",
        "PROXY TCP5 203.0.113.7 10.0.0.1 51234 8080",
        "PROXY tcp4 203.0.113.7 10.0.0.1 51234 8080",
        "PROXY UNKNOWNX",
        "PROXY "
      })
  void aMalformedHeaderOfVersion1(String line) {
    assertThat(read(latin(line + "\r\nGET /"))).isEqualTo("malformed");
  }

  @Test
  void aHeaderOfVersion1HasItsLineEndInTime() {
    assertThat(read(latin("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\nGET /"))).isEqualTo("malformed");
    assertThat(read(latin("PROXY \n"))).isEqualTo("malformed");
    String longest = "PROXY UNKNOWN " + "x".repeat(107 - 16);
    assertThat(read(latin(longest + "\r\n"))).isEqualTo("socket then ");
    assertThat(read(latin(longest + "x\r\n"))).isEqualTo("too_long");
    assertThat(read(latin("PROXY UNKNOWN " + "x".repeat(90)))).isEqualTo("more");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY\tTCP4",
        "proxy ",
        "\r\nGET",
        "\u0016\u0003",
        "PRI * "
      })
  void whatIsNoHeader(String begin) {
    assertThat(read(latin(begin))).isEqualTo("missing");
  }

  static List<byte[]> headers() {
    return List.of(
        latin("PROXY TCP4 203.0.113.7 10.0.0.1 51234 8080\r\n"),
        binary(0x21, 0x11, ip4()),
        binary(0x21, 0x11, ip4(), extension(0x04, 200), extension(0x20, 0)),
        withChecksum(binary(0x21, 0x11, ip4(), extension(0x01, 9), extension(0x03, 4)), 43));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void isTheSameWhereverItIsCut(byte[] header) {
    for (int length = 0; length < header.length; length++) {
      assertThat(read(java.util.Arrays.copyOf(header, length))).as("%d", length).isEqualTo("more");
    }
    assertThat(read(header)).isEqualTo("203.0.113.7 51234 then ");
  }

  @Test
  void aHeaderOfVersion2() {
    assertThat(read(binary(0x21, 0x21, ip6()))).isEqualTo("2001:db8:0:0:0:0:0:7 9 then ");
    assertThat(read(binary(0x21, 0x31, new byte[216]))).isEqualTo("socket then ");
    assertThat(read(binary(0x20, 0x00))).isEqualTo("socket then ");
    assertThat(read(binary(0x20, 0x11, ip4()))).isEqualTo("socket then ");
    assertThat(read(binary(0x20, 0x77, new byte[3]))).isEqualTo("socket then ");
    assertThat(read(binary(0x21, 0x00, new byte[50]))).isEqualTo("socket then ");
    assertThat(read(binary(0x21, 0x11, ip4(), extension(0x30, 4096 - 31))))
        .isEqualTo("203.0.113.7 51234 then ");
  }

  @Test
  void aMalformedHeaderOfVersion2() {
    assertThat(read(binary(0x11, 0x11, ip4()))).isEqualTo("malformed");
    assertThat(read(binary(0x22, 0x11, ip4()))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x12, ip4()))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x41, ip4()))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x11, new byte[11]))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x21, ip4()))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x31, new byte[215]))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x11, ip4(), new byte[2]))).isEqualTo("malformed");
    byte[] beyond = {0x04, 0, 5, 1, 2, 3, 4};
    assertThat(read(binary(0x21, 0x11, ip4(), beyond))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x11, ip4(), extension(0x03, 3)))).isEqualTo("malformed");
    byte[] cutChecksum = {0x03, 0, 4, 1, 2};
    assertThat(read(binary(0x21, 0x11, ip4(), cutChecksum))).isEqualTo("malformed");
    assertThat(read(binary(0x21, 0x11, ip4(), extension(0x30, 4096 - 30)))).isEqualTo("too_long");
    assertThat(read(binary(0x21, 0x11, ip4(), extension(0x03, 4)))).isEqualTo("checksum");
  }
}
