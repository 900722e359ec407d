package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerNameTest {
  private static final int RECORD_HEADER_BYTES = 5;

  @Test
  void findsTheNameInAStrangersGreetingWhereverItIsCut() throws Exception {
    byte[] hello = greetingOf("Model.Example.org");

    for (int length = 0; length < hello.length; length++) {
      assertThat(ServerName.in(Unpooled.wrappedBuffer(hello, 0, length)))
          .as("length=%d", length)
          .isNull();
    }
    ByteBuf whole = Unpooled.wrappedBuffer(hello);
    assertThat(ServerName.in(whole)).isEqualTo("model.example.org");
    assertThat(whole.readerIndex()).as("nothing is taken").isZero();
  }

  @Test
  void aGreetingMayNameNobody() throws Exception {
    assertThat(ServerName.in(Unpooled.wrappedBuffer(greetingOf(null)))).isEqualTo(ServerName.NONE);
    assertThat(ServerName.in(hello())).isEqualTo(ServerName.NONE);
    assertThat(ServerName.in(hello(extension(43, 2, 3, 4), extension(0)))).isEqualTo("(invalid)");
    assertThat(ServerName.in(hello(extension(0, 0, 0)))).isEqualTo(ServerName.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a b",
        "a\"} 1\nloopgate_forged{x=\"",
        "caf\u00e9.example",
        "-begins.with.a.dash",
        "../../etc/passwd",
        "a\u0000b",
      })
  void whatIsNoNameIsNotSaid(String name) {
    assertThat(ServerName.in(named(name))).isEqualTo(ServerName.INVALID);
  }

  @Test
  void aNameIsNoLongerThanNamesAre() {
    assertThat(ServerName.in(named("a".repeat(253)))).isEqualTo("a".repeat(253));
    assertThat(ServerName.in(named("a".repeat(254)))).isEqualTo(ServerName.INVALID);
  }

  @Test
  void nothingThatIsWrongInAGreetingIsMoreThanInvalid() throws Exception {
    byte[] hello = greetingOf("model.example.org");
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] changed = hello.clone();
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        changed[RECORD_HEADER_BYTES + random.nextInt(hello.length - RECORD_HEADER_BYTES)] =
            (byte) random.nextInt(256);
      }
      String said = ServerName.in(Unpooled.wrappedBuffer(changed));

      assertThat(said).as("seed=%d", seed).isNotNull().matches("[a-z0-9_.-]{1,253}|\\([a-z]+\\)");
    }
  }

  @Test
  void aRecordThatIsLargerThanRecordsAreIsNotWaitedFor() {
    assertThat(ServerName.in(Unpooled.wrappedBuffer(new byte[] {22, 3, 1, 0x40, 1})))
        .isEqualTo(ServerName.INVALID);
    assertThat(ServerName.in(Unpooled.wrappedBuffer(new byte[] {22, 3, 1, 0x40, 0}))).isNull();
  }

  // As the JDK's own client says it.
  private static byte[] greetingOf(@Nullable String name) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    if (name != null) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName(name)));
      engine.setSSLParameters(parameters);
    }
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.beginHandshake();
    engine.wrap(ByteBuffer.allocate(0), hello);
    byte[] bytes = new byte[hello.flip().remaining()];
    hello.get(bytes);
    return bytes;
  }

  private static ByteBuf named(String name) {
    byte[] text = name.getBytes(ISO_8859_1);
    ByteBuffer list = ByteBuffer.allocate(5 + text.length);
    list.putShort((short) (3 + text.length)).put((byte) 0).putShort((short) text.length).put(text);
    return hello(extension(0, ints(list.array())));
  }

  private static int[] ints(byte[] bytes) {
    int[] ints = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      ints[i] = bytes[i];
    }
    return ints;
  }

  private static byte[] extension(int type, int... body) {
    ByteBuffer extension = ByteBuffer.allocate(4 + body.length);
    extension.putShort((short) type).putShort((short) body.length);
    for (int each : body) {
      extension.put((byte) each);
    }
    return extension.array();
  }

  private static ByteBuf hello(byte[]... extensions) {
    ByteBuf body = Unpooled.buffer();
    body.writeZero(34).writeByte(0).writeShort(2).writeShort(0x1301).writeByte(1).writeByte(0);
    if (extensions.length > 0) {
      int length = 0;
      for (byte[] each : extensions) {
        length += each.length;
      }
      body.writeShort(length);
      for (byte[] each : extensions) {
        body.writeBytes(each);
      }
    }
    ByteBuf record = Unpooled.buffer();
    record.writeByte(22).writeShort(0x0301).writeShort(4 + body.readableBytes());
    record.writeByte(1).writeMedium(body.readableBytes()).writeBytes(body);
    return record;
  }
}
