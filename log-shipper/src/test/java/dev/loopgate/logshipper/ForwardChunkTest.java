package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.msgpack.core.ExtensionTypeHeader;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;

/// Lines of JSON as a message of the forward protocol, read back by the MessagePack library.
final class ForwardChunkTest {
  private static final String ID = "AAECAwQFBgcICQoLDA0ODw==";

  @TempDir private Path directory;

  @Test
  void eachLineIsAnEventWithItsOwnTime() throws IOException {
    ForwardChunk chunk =
        of(
            """
            {"request_id":"a","time":"2026-11-26 20:00:01 +0000","deep":{"time":"no time of ours"}}
            {"time":"1970-01-01 00:00:00 +0000","request_id":"b"}
            {"request_id":"without"}
            """);

    assertThat(chunk.events()).isEqualTo(3);
    try (MessageUnpacker in = MessagePack.newDefaultUnpacker(joined(chunk.buffers()))) {
      assertThat(in.unpackArrayHeader()).isEqualTo(3);
      assertThat(in.unpackString()).isEqualTo("feedback");
      byte[] entries = in.readPayload(in.unpackBinaryHeader());
      assertThat(in.unpackValue().toJson()).isEqualTo("{\"chunk\":\"" + ID + "\",\"size\":3}");
      assertThat(in.hasNext()).isFalse();
      try (MessageUnpacker events = MessagePack.newDefaultUnpacker(entries)) {
        assertThat(secondsOf(events)).isEqualTo(1_795_723_201L);
        assertThat(events.unpackValue().toJson())
            .isEqualTo(
                "{\"request_id\":\"a\",\"time\":\"2026-11-26 20:00:01 +0000\",\"deep\":{\"time\":\"no time of ours\"}}");
        assertThat(secondsOf(events)).isZero();
        events.unpackValue();
        assertThat(secondsOf(events)).isEqualTo(77);
        assertThat(events.unpackValue().toJson()).isEqualTo("{\"request_id\":\"without\"}");
        assertThat(events.hasNext()).isFalse();
      }
    }
  }

  @Test
  void valuesStayWhatTheyAre() throws IOException {
    assertThat(only("[1,-1,0,127,128,65536,4294967296,9223372036854775807,-9223372036854775808]"))
        .isEqualTo("[1,-1,0,127,128,65536,4294967296,9223372036854775807,-9223372036854775808]");
    assertThat(only("[18446744073709551615,true,false,null,\"\",{},[]]"))
        .isEqualTo("[18446744073709551615,true,false,null,\"\",{},[]]");
    assertThat(only("\"\\u00e4\\u20ac\\ud83d\\ude00 \\n\\u0000\"")).contains("\u00e4\u20ac");
    assertThat(only("[[[[{\"a\":[{\"b\":{}}]}]]]]")).isEqualTo("[[[[{\"a\":[{\"b\":{}}]}]]]]");
  }

  @Test
  void whatIsBeyondSixtyFourBitsIsADouble() throws IOException {
    try (MessageUnpacker in = entries("{\"v\":[1.5,18446744073709551616,-9223372036854775809]}")) {
      secondsOf(in);
      Value list = in.unpackValue().asMapValue().values().iterator().next();
      assertThat(list.asArrayValue().list()).allMatch(Value::isFloatValue);
      assertThat(list.asArrayValue().get(1).asFloatValue().toDouble()).isEqualTo(0x1p64);
      assertThat(list.asArrayValue().get(2).asFloatValue().toDouble()).isEqualTo(-0x1p63);
    }
  }

  @Test
  void manyAndLargeValuesArePacked() throws IOException {
    String large = "x".repeat(3 << 20);
    String many = "[" + "[],".repeat(5000) + "0]";

    assertThat(only("\"" + large + "\"")).hasSize(large.length() + 2);
    assertThat(only(many)).isEqualTo(many);
    assertThat(of("{\"a\":1}\n".repeat(3000)).events()).isEqualTo(3000);
    assertThat(of("").events()).isZero();
  }

  @Test
  void namesAreAsLongAsACallersMayBe() throws IOException {
    String name = "n".repeat(60_000);

    assertThat(only("{\"" + name + "\":1}")).isEqualTo("{\"" + name + "\":1}");
  }

  @Test
  void aLineThatIsNoJsonIsRefusedAndNeverSentInPart() {
    assertThatThrownBy(() -> of("{\"a\":1}\n{\"b\":"))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("no JSON");
  }

  private ForwardChunk of(String lines) throws IOException {
    Path file = Files.writeString(directory.resolve("staged"), lines);
    return ForwardChunk.of(file, "feedback", ID, 77);
  }

  /// A value as JSON, after it went through a chunk.
  private String only(String json) throws IOException {
    try (MessageUnpacker in = entries("{\"v\":" + json + "}")) {
      secondsOf(in);
      return in.unpackValue().asMapValue().values().iterator().next().toJson();
    }
  }

  private MessageUnpacker entries(String line) throws IOException {
    MessageUnpacker in = MessagePack.newDefaultUnpacker(joined(of(line + '\n').buffers()));
    in.unpackArrayHeader();
    in.unpackString();
    return MessagePack.newDefaultUnpacker(in.readPayload(in.unpackBinaryHeader()));
  }

  private static long secondsOf(MessageUnpacker in) throws IOException {
    assertThat(in.unpackArrayHeader()).isEqualTo(2);
    ExtensionTypeHeader header = in.unpackExtensionTypeHeader();
    assertThat(header.getType()).isZero();
    assertThat(header.getLength()).isEqualTo(8);
    ByteBuffer time = ByteBuffer.wrap(in.readPayload(8));
    long seconds = Integer.toUnsignedLong(time.getInt());
    assertThat(time.getInt()).isZero();
    return seconds;
  }

  private static byte[] joined(List<ByteBuffer> buffers) {
    ByteBuffer all = ByteBuffer.allocate(buffers.stream().mapToInt(ByteBuffer::remaining).sum());
    buffers.forEach(buffer -> all.put(buffer.duplicate()));
    return all.array();
  }
}
