package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// WebSocket and other protocols that HTTP/1.1 gives way to.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class UpgradeIT {
  private static final String HANDSHAKE =
      EmbeddedDoor.http(
          "GET /model/m/ws HTTP/1.1~Host: d~Connection: keep-alive, Upgrade~Upgrade: websocket~"
              + "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==~~");
  private static final String SWITCH =
      EmbeddedDoor.http(
          "HTTP/1.1 101 Switching Protocols~Connection: Upgrade~Upgrade: websocket~"
              + "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=~~");

  private final KeepingLane lane = new KeepingLane();
  private final BlockingQueue<String> heads = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door(RawModel.Script script) throws IOException {
    RawModel model = RawModel.start(script);
    closing.add(model);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, null),
            RealDoor.model(model, null, null),
            lane,
            ManualTime.at("2026-11-24T10:00:00Z"),
            ProxyEvents.SILENT,
            Transport.best());
    closing.add(proxy);
    return proxy;
  }

  private RawCaller call(Proxy proxy) throws IOException {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    return caller;
  }

  private void echoFrames(RawModel.Conversation with) throws IOException {
    heads.add(with.readHead());
    with.send(SWITCH + "hi!");
    for (String word = with.readLine(); !word.equals("bye"); word = with.readLine()) {
      with.send("<" + word + ">");
    }
  }

  @Test
  void bytesPassBothWaysUntilTheModelCloses() throws Exception {
    RawCaller caller = call(door(this::echoFrames));

    caller.send(HANDSHAKE + "early\n");
    String head = caller.readThrough("\r\n\r\n");
    assertThat(caller.readThrough("<early>")).isEqualTo("hi!<early>");
    caller.send("frame\n");
    caller.readThrough("<frame>");
    assertThat(lane.kept()).isEmpty();
    caller.send("bye\n");

    assertThat(caller.readToEnd()).isEmpty();
    assertThat(head)
        .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
        .contains("connection: upgrade\r\nupgrade: websocket\r\n")
        .contains("sec-websocket-accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n")
        .contains("request-id: ")
        .doesNotContain("transfer-encoding")
        .doesNotContain("connection: close");
    assertThat(heads.remove())
        .contains("connection: upgrade\r\nupgrade: websocket\r\n")
        .contains("sec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\n");
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.status()).isEqualTo(101);
    assertThat(kept.requestText()).isEqualTo("early\nframe\nbye\n");
    assertThat(kept.responseText()).isEqualTo("hi!<early><frame>");
    assertThat(kept.requestBody().truncated()).isFalse();
    assertThat(kept.responseBody().truncated()).isFalse();
  }

  @Test
  void theCallerMayCloseToo() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    Proxy proxy =
        door(with -> {
          with.readHead();
          with.send(SWITCH);
          with.awaitClose();
          closed.countDown();
        });
    RawCaller caller = call(proxy);
    caller.send(HANDSHAKE);
    caller.readThrough("\r\n\r\n");
    caller.close();

    closed.await();
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.responseBody().size()).isZero();
  }

  @Test
  void aResetByTheModelIsNoEnd() throws Exception {
    Proxy proxy =
        door(with -> {
          with.readHead();
          with.send(SWITCH + "part");
          with.readLine();
          with.reset();
        });
    RawCaller caller = call(proxy);
    caller.send(HANDSHAKE);
    caller.readThrough("part");
    caller.send("go\n");

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void whoIsRefusedStaysInHttp() throws Exception {
    Proxy proxy =
        door(with -> {
          for (int i = 0; i < 2; i++) {
            with.readHead();
            with.send("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
          }
        });
    RawCaller caller = call(proxy);
    for (int i = 0; i < 2; i++) {
      caller.send(HANDSHAKE);
      assertThat(caller.readThrough("\r\n\r\nno")).startsWith("HTTP/1.1 426 ");
    }
    assertThat(lane.await(2)).allMatch(kept -> kept.ending() == Ending.COMPLETE);
  }

  @Test
  void aSwitchThatNobodyAskedForIsNoAnswer() throws Exception {
    Proxy proxy =
        door(with -> {
          with.readHead();
          with.send(SWITCH);
          with.awaitClose();
        });
    RawCaller caller = call(proxy);
    caller.send("GET /model/m/ws HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 502 ");
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.MODEL_RESET);
  }

  @Test
  void aDrainLeavesNobodyBehind() throws Exception {
    Proxy proxy = door(this::echoFrames);
    RawCaller caller = call(proxy);
    caller.send(HANDSHAKE);
    caller.readThrough("hi!");

    assertThat(proxy.drain(Duration.ofMillis(200))).isFalse();

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.GATEWAY_STOPPED);
  }
}
