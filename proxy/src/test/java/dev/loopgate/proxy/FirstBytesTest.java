package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FirstBytesTest {
  private static final int LINE_BYTES_MAX = 200;

  // `~` is CRLF, `<` CR, `>` LF, `^` NUL, `\u007f` itself.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET / HTTP/1.1~Host: h~~                 | HTTP
          POST /v1/models/m:predict HTTP/1.0~~     | HTTP
          OPTIONS * HTTP/1.1~                      | HTTP
          CONNECT h:1 HTTP/1.1~                    | HTTP
          GET http://h/ HTTP/1.1~                  | HTTP
          PRI * HTTP/2.0~~SM~~                     | HTTP
          ODD-METHOD /x HTTP/1.1~                  | HTTP
          '~~GET / HTTP/1.1~'                      | HTTP
          GET  /two blanks HTTP/1.1~               | HTTP
          GET /x HHTTP/1.1~                        | HTTP
          get / HTTP/9.9~                          | HTTP
          SSH-2.0-OpenSSH_9.9~                     | OTHER
          EHLO there~                              | OTHER
          GET key~                                 | OTHER
          GET /index.html~                         | OTHER
          PROXY TCP4 1.2.3.4 5.6.7.8 1 2~GET / HTTP/1.1~ | OTHER
          *1~$4~PING~                              | OTHER
          '~~^~QUIT~'                              | OTHER
          '~~~~~~~~~~GET / HTTP/1.1~'              | HTTP
          GET /^ HTTP/1.1~                         | HTTP
          GET ^/ HTTP/1.1~                         | HTTP
          ODD-METHOD /\u007f HTTP/1.1~             | HTTP
          GET /< HTTP/1.1~                         | HTTP
          GET /> HTTP/1.1~                         | OTHER
          EHLO there^                              | OTHER
          EHLO there<                              | OTHER
          GET/ HTTP/1.1~                           | OTHER
          ' GET / HTTP/1.1~'                       | OTHER
          '^^^\u0010binary' | OTHER
          A-METHOD-THAT-IS-LONGER-THAN-ANY-METHOD-IS / HTTP/1.1~ | OTHER
          '\u0016\u0003\u0001\u0002^\u0001rest' | TLS
          '\u0016\u0003\u0003^^\u0001' | TLS
          '\u0016\u0003\u0005\u0002^\u0001' | OTHER
          '\u0016\u0003\u0001\u0002^\u0002' | OTHER
          '\u0015\u0003\u0001^\u0002\u0002' | OTHER
          '\u0016ET / HTTP/1.1~'                    | OTHER
          """)
  void isTheSameWhereverTheBytesAreCut(String text, FirstBytes.Verdict verdict) {
    byte[] bytes = bytes(text);
    for (int split = 0; split <= bytes.length; split++) {
      assertThat(told(bytes, split, bytes.length)).as("split=%d", split).isEqualTo(verdict);
    }
    FirstBytes first = new FirstBytes(LINE_BYTES_MAX);
    FirstBytes.Verdict byByte = FirstBytes.Verdict.MORE;
    for (int end = 1; end <= bytes.length && byByte == FirstBytes.Verdict.MORE; end++) {
      byByte = first.of(Unpooled.wrappedBuffer(bytes, 0, end));
    }
    assertThat(byByte).as("byte by byte").isEqualTo(verdict);
  }

  @Test
  void aLineThatIsTooLongIsHttpIfItBeginsLikeIt() {
    assertThat(told("ODD /" + "a".repeat(300))).isEqualTo(FirstBytes.Verdict.HTTP);
    assertThat(told("ODD " + "a".repeat(300))).isEqualTo(FirstBytes.Verdict.OTHER);
    assertThat(told("GET " + "a".repeat(300))).isEqualTo(FirstBytes.Verdict.HTTP);
    assertThat(told("~".repeat(300))).isEqualTo(FirstBytes.Verdict.HTTP);
    assertThat(told("GET /" + "a".repeat(150))).isEqualTo(FirstBytes.Verdict.MORE);
  }

  @Test
  void halfALineIsLikeHttpFromItsMethodOrItsTargetOn() {
    assertThat(isLikeHttp("~")).isTrue();
    assertThat(isLikeHttp("GE")).isTrue();
    assertThat(isLikeHttp("GET")).isTrue();
    assertThat(isLikeHttp("GET ")).isTrue();
    assertThat(isLikeHttp("GET /")).isTrue();
    assertThat(isLikeHttp("GETS")).isFalse();
    assertThat(isLikeHttp("ODD")).isFalse();
    assertThat(isLikeHttp("ODD ")).isFalse();
    assertThat(isLikeHttp("ODD /")).isTrue();
    assertThat(isLikeHttp("ODD x HTTP/1.1")).isTrue();
    assertThat(isLikeHttp("EHLO me")).isFalse();
    assertThat(isLikeHttp("\u0016\u0003")).isFalse();
  }

  @Test
  void whateverComesIsKnownWithinTheBound() {
    for (long seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = new byte[LINE_BYTES_MAX + 1];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : 'A' + random.nextInt(26));
      }
      if (random.nextBoolean()) {
        System.arraycopy(bytes("GET /"), 0, bytes, 0, 5);
      }
      assertThat(told(bytes, 0, bytes.length))
          .as("seed=%d", seed)
          .isNotEqualTo(FirstBytes.Verdict.MORE);
    }
  }

  private static FirstBytes.Verdict told(String text) {
    return told(bytes(text), 0, text.length());
  }

  private static FirstBytes.Verdict told(byte[] bytes, int split, int length) {
    FirstBytes first = new FirstBytes(LINE_BYTES_MAX);
    ByteBuf beginning = Unpooled.wrappedBuffer(bytes, 0, split);
    FirstBytes.Verdict verdict = first.of(beginning);
    return verdict == FirstBytes.Verdict.MORE
        ? first.of(Unpooled.wrappedBuffer(bytes, 0, length))
        : verdict;
  }

  private static boolean isLikeHttp(String text) {
    FirstBytes first = new FirstBytes(LINE_BYTES_MAX);
    assertThat(first.of(Unpooled.wrappedBuffer(bytes(text)))).isEqualTo(FirstBytes.Verdict.MORE);
    return first.isLikeHttp();
  }

  private static byte[] bytes(String text) {
    return text.replace("~", "\r\n")
        .replace("<", "\r")
        .replace(">", "\n")
        .replace("^", "\0")
        .getBytes(ISO_8859_1);
  }
}
