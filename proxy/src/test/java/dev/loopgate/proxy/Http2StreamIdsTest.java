package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import io.netty.buffer.Unpooled;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A model's connection whose ids of streams come to their end: 2^31, odd ones only, each used
/// once.
@ExtendWith(LeakFree.class)
final class Http2StreamIdsTest {
  private static final String POST =
      "POST /model/m/x HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n";
  private static final int SETTINGS = 4;
  private static final int HEADERS = 1;
  private static final int WHOLE = 0x5; // END_STREAM, END_HEADERS
  private static final byte STATUS_200 = (byte) 0x88; // of HPACK's static table

  private final EmbeddedDoor door = new EmbeddedDoor(inHttp2());

  private static Model inHttp2() {
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create("http://10.0.0.1:5000"))),
            Protocol.H2C,
            false,
            ServerTrust.DEFAULT);
    return new Model(
        "m", upstream, Predictor.NONE, "/model/m", null, null, new Kept(true, 1 << 20, 1.0));
  }

  @AfterEach
  void close() {
    door.caller.close();
    door.settle();
    assertThat(door.lane.open()).isZero();
  }

  private Http2ModelConnection connection(int model) {
    return door.models.get(model).pipeline().get(Http2ModelConnection.class);
  }

  private void frame(int model, int type, int flags, int stream, byte... payload) {
    door.models
        .get(model)
        .writeInbound(
            Unpooled.buffer()
                .writeMedium(payload.length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(payload));
    door.settle();
  }

  private void post() {
    door.connect();
    door.send(POST);
  }

  private int lastStream(int model) {
    return connection(model).connection().local().lastStreamCreated();
  }

  @Test
  void theLastIdEndsAConnectionAndAnotherOneIsMade() throws Exception {
    post();
    frame(0, SETTINGS, 0, 0);
    frame(0, HEADERS, WHOLE, lastStream(0), STATUS_200);
    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
    // As after a billion of calls.
    int skipped = Http2ModelConnection.STREAM_ID_MAX - 2;
    connection(0).connection().local().createStream(skipped, false).close();

    post();

    assertThat(lastStream(0)).isEqualTo(Http2ModelConnection.STREAM_ID_MAX);
    assertThat(connection(0).hasRoom()).isFalse();
    assertThat(door.models).hasSize(1);

    post(); // while the last call goes on

    assertThat(door.models).hasSize(2);
    frame(1, SETTINGS, 0, 0);
    assertThat(lastStream(1)).isPositive();
    frame(1, HEADERS, WHOLE, lastStream(1), STATUS_200);
    assertThat(door.received()).startsWith("HTTP/1.1 200 ");
    assertThat(door.models.get(0).isOpen()).isTrue();

    frame(0, HEADERS, WHOLE, lastStream(0), STATUS_200);

    assertThat(door.models.get(0).isOpen()).as("closes with its last call").isFalse();
    assertThat(door.lane.kept())
        .hasSize(3)
        .allSatisfy(kept -> assertThat(kept.status()).isEqualTo(200));
    post();
    frame(1, HEADERS, WHOLE, lastStream(1), STATUS_200);
    assertThat(door.models).hasSize(2);
  }
}
