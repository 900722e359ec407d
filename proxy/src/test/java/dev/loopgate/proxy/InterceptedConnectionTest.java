package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Fleet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Who is redirected, and to what, without sockets and without a kernel's rules.
@ExtendWith(LeakFree.class)
final class InterceptedConnectionTest {
  private static final int PORT = 5000; // of the model
  private static final String SETTINGS = "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\144";

  private final EmbeddedDoor door = new EmbeddedDoor(EmbeddedDoor.wine());
  private final List<String> told = new ArrayList<>();
  private final List<EmbeddedChannel> callers = new ArrayList<>();

  @AfterEach
  void close() {
    callers.forEach(EmbeddedChannel::finishAndReleaseAll);
    door.models.forEach(EmbeddedChannel::finishAndReleaseAll);
  }

  @Test
  void aServerThatSpeaksFirstIsNoHttp() {
    EmbeddedChannel caller = redirected(PORT);

    door.turn(InterceptedConnection.WAIT);
    door.answer(0, "220 here I am\r\n");

    assertThat(told).containsExactly("other");
    assertThat(said(caller)).isEqualTo("220 here I am\r\n");
  }

  @Test
  void aServerThatGreetsWithSettingsWaitsForItsCaller() {
    EmbeddedChannel caller = redirected(PORT);

    door.turn(InterceptedConnection.WAIT);
    door.answer(0, SETTINGS);
    door.turn(InterceptedConnection.WAIT);

    assertThat(told).isEmpty();
    assertThat(door.models).hasSize(1); // and it is not asked again
    assertThat(door.models.getFirst().isOpen()).isFalse();
    assertThat(caller.isOpen()).isTrue();
    say(caller, "PRI * HTTP/2.0\r\n");
    assertThat(told).containsExactly("http");
  }

  @Test
  void bytesForAServerThatGreetsWithSettingsPassToIt() {
    EmbeddedChannel caller = redirected(PORT);

    door.turn(InterceptedConnection.WAIT);
    door.answer(0, SETTINGS);
    say(caller, "\0binary");

    assertThat(told).containsExactly("other");
    assertThat(door.asked(1)).isEqualTo("\0binary");
  }

  @Test
  void whoBeginsARequestAndPausesIsAnsweredAsHttp() {
    EmbeddedChannel caller = redirected(PORT);

    say(caller, "GET");
    door.turn(CallerLimits.DEFAULT.head());
    door.turn(CallerLimits.DEFAULT.head());

    assertThat(told).containsExactly("http");
    assertThat(said(caller)).startsWith("HTTP/1.1 408 ");
  }

  @Test
  void theTimeForAFirstLineBeginsWithItsFirstByte() {
    Duration almost = CallerLimits.DEFAULT.head().minusMillis(1);
    EmbeddedChannel caller = redirected(PORT);

    door.turn(almost);
    say(caller, "ODD");
    door.turn(almost);
    assertThat(told).isEmpty();

    door.turn(Duration.ofMillis(1));
    assertThat(told).containsExactly("other");
  }

  @Test
  void whoComesWhileTheLoopDrainsIsClosedAndNobodyIsAsked() {
    door.loop.drain();

    EmbeddedChannel caller = redirected(PORT + 1); // of no model: it would pass at once

    assertThat(caller.isOpen()).isFalse();
    assertThat(told).isEmpty();
    assertThat(door.tried).isEmpty();
  }

  private EmbeddedChannel redirected(int port) {
    InetSocketAddress destination = new InetSocketAddress("10.0.0.1", port);
    Interception interception =
        new Interception(
            new Threshold(Map.of(), new CallerSlots(16), door.told),
            Fleet.of(List.of(EmbeddedDoor.wine())),
            new OwnConnections(door),
            _ -> destination,
            Duration.ofHours(1),
            new InterceptionEvents() {
              @Override
              public void intercepted(Spoken spoken) {
                told.add(spoken.word());
              }

              @Override
              public void refused(InterceptionFault fault) {
                told.add("refused " + fault.word());
              }
            });
    EmbeddedChannel caller =
        new EmbeddedChannel(new InterceptedConnection(door.loop, interception));
    callers.add(caller);
    return caller;
  }

  private void say(EmbeddedChannel caller, String bytes) {
    caller.writeInbound(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    door.settle();
  }

  private static String said(EmbeddedChannel caller) {
    StringBuilder text = new StringBuilder();
    for (ByteBuf bytes = caller.readOutbound(); bytes != null; bytes = caller.readOutbound()) {
      text.append(bytes.toString(ISO_8859_1));
      bytes.release();
    }
    return text.toString();
  }
}
