package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.policy.Decision;
import dev.loopgate.policy.Policy;
import dev.loopgate.policy.Question;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Decisions that come from another thread, over real sockets, for both versions of HTTP.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class AdmissionIT {
  private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};
  private static final int LARGE = 300_000; // more than is held ahead of a request that can't go on

  /// Lets nobody wait: each question is another thread's to answer.
  private static final class Elsewhere implements Policy {
    final BlockingQueue<Consumer<Decision>> asked = new LinkedBlockingQueue<>(1024);

    @Override
    public boolean forwardsTokens() {
      return false;
    }

    @Override
    public void decide(Question question, Consumer<Decision> answer) {
      asked.add(answer);
    }

    Consumer<Decision> next() throws InterruptedException {
      Consumer<Decision> next = asked.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nobody asked");
      }
      return next;
    }

    void answer(Decision decision) throws InterruptedException {
      next().accept(decision);
    }
  }

  private final KeepingLane lane = new KeepingLane();
  private final ManualTime time = ManualTime.at("2026-11-24T10:00:00Z");
  private final Elsewhere policy = new Elsewhere();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  private Proxy door() throws Exception {
    RawModel model = RawModel.echo();
    closing.add(model);
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(2, 64, null),
            RealDoor.model(model, "wine", "1.2"),
            lane,
            time,
            ProxyEvents.SILENT,
            Transport.best(),
            policy);
    closing.add(proxy);
    return proxy;
  }

  private Http2Driver http2(Proxy proxy) throws InterruptedException {
    Http2Driver driver = new Http2Driver(proxy.address(), lane);
    closing.add(driver);
    return driver;
  }

  private static Http2Headers post() {
    Http2Headers head = Http2Driver.post("/model/m/predict");
    head.add("request-id", "mine").add("authorization", "Bearer a.b.c");
    return head;
  }

  @Test
  void aStreamPassesWhenItMay() throws Exception {
    Http2Driver caller = http2(door());
    Http2Driver.Call call = caller.call(post(), false).data(new byte[LARGE], true);

    policy.answer(AskedPolicy.ALLOWED);

    Http2Driver.Answer answer = call.await();
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).hasSize(LARGE);
    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
    assertThat(kept.requestBody().size()).isEqualTo(LARGE);
  }

  @Test
  void aStreamIsRefusedAndTheOthersOfItsConnectionGoOn() throws Exception {
    Http2Driver caller = http2(door());
    Http2Driver.Call refused = caller.call(post(), false).data(HELLO, true);
    Consumer<Decision> first = policy.next();
    Http2Driver.Call unfinished = caller.call(post(), false).data(HELLO, false);
    Consumer<Decision> second = policy.next(); // so the first one's body has come by now
    first.accept(AskedPolicy.BAD_TOKEN);

    Http2Driver.Answer answer = refused.await();
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.body()).isEmpty();
    assertThat(answer.reset()).isEqualTo(-1);
    assertThat(answer.headers())
        .contains(
            new Header("www-authenticate", "Bearer error=\"invalid_token\""),
            new Header("request-id", "mine"));
    assertThat(answer.kept()).isEqualTo(1);

    second.accept(AskedPolicy.FORBIDDEN);
    assertThat(unfinished.await().status()).isEqualTo(403);

    Http2Driver.Call passed = caller.call(post(), false).data(HELLO, true);
    policy.answer(AskedPolicy.ALLOWED);
    assertThat(passed.await().body()).isEqualTo("hello");
    List<KeepingLane.Kept> kept = lane.await(3);
    assertThat(kept)
        .extracting(KeepingLane.Kept::ending)
        .containsExactly(Ending.REJECTED, Ending.REJECTED, Ending.COMPLETE);
    assertThat(kept.getFirst().requestText()).isEqualTo("hello");
  }

  @Test
  void aStreamThatIsResetMeanwhileIsGone() throws Exception {
    Http2Driver caller = http2(door());
    Http2Driver.Call call = caller.call(post(), false).data(HELLO, true);
    Consumer<Decision> late = policy.next();
    call.reset();
    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.CLIENT_LEFT);

    late.accept(AskedPolicy.ALLOWED);

    Http2Driver.Call next = caller.call(post(), false).data(HELLO, true);
    policy.answer(AskedPolicy.ALLOWED);
    assertThat(next.await().status()).isEqualTo(200);
  }

  @Test
  void aConnectionPassesAndIsRefused() throws Exception {
    Proxy proxy = door();
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    String head =
        "POST /model/m/predict HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer a.b.c\r\n"
            + "Content-Length: ";

    caller.send(head + LARGE + "\r\n\r\n");
    caller.send("x".repeat(100_000));
    policy.answer(AskedPolicy.ALLOWED);
    caller.send("x".repeat(LARGE - 100_000));
    assertThat(caller.readThrough("\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    assertThat(caller.readExactly(LARGE)).isEqualTo("x".repeat(LARGE));

    caller.send(head + "5\r\n\r\nhello");
    policy.answer(AskedPolicy.NO_TOKEN);
    assertThat(caller.readThrough("\r\n\r\n"))
        .startsWith("HTTP/1.1 401 ")
        .contains("www-authenticate: Bearer\r\n", "content-length: 0\r\n");

    caller.send(head + "5\r\n\r\nhello");
    policy.answer(AskedPolicy.ALLOWED);
    assertThat(caller.readThrough("hello")).startsWith("HTTP/1.1 200 ");
    lane.await(3);
  }

  @Test
  void whoWaitsForADecisionDoesNotHoldTheGatewayUp() throws Exception {
    Proxy proxy = door();
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    caller.send("POST /model/m/predict HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
    Consumer<Decision> late = policy.next();

    proxy.close();

    assertThat(lane.await(1).getFirst().ending()).isEqualTo(Ending.GATEWAY_STOPPED);
    late.accept(AskedPolicy.ALLOWED);
  }
}
