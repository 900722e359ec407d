package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ModelRoute;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.policy.Policy;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Routes by weight, and what a mirror gets.
@ExtendWith(LeakFree.class)
final class MirrorTest {
  private static final String POST =
      "POST /ab/x?q=1 HTTP/1.1\r\nHost: d\r\nRequest-Id: i\r\nContent-Length: 5\r\n\r\nhello";
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final EmbeddedDoor door = door(new ModelRoute.Target("a", null));

  @Test
  void theMirrorGetsACopyAndItsAnswerIsThrownAway() {
    door.send(POST);

    assertThat(door.asked(0)).startsWith("POST /x?q=1 HTTP/1.1\r\nhost: a:5000\r\n");
    assertThat(door.asked(1))
        .startsWith("POST /mine/x?q=1 HTTP/1.1\r\nhost: m:5000\r\n")
        .contains("\r\nrequest-id: i\r\n", "\r\ncontent-length: 5\r\n")
        .endsWith("\r\n\r\nhello");

    door.answer(1, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nshadow");
    assertThat(door.received()).isEmpty();
    door.answer(0, OK);

    assertThat(door.received()).endsWith("\r\n\r\nok");
    assertThat(door.only().prediction().target().deployment()).isEqualTo("a");
    assertThat(door.only().prediction().target().route()).isEqualTo("ab");
    assertThat(door.told.words).containsOnlyOnce("mirrored m answered");
    assertThat(door.loop.mirrors().bytes()).isZero();
  }

  @Test
  void aChunkedRequestIsCopiedAsOneChunk() {
    door.send(
        EmbeddedDoor.http(
            "POST /ab/x HTTP/1.1~Host: d~Transfer-Encoding: chunked~~2~he~3~llo~0~~"));

    assertThat(door.asked(1)).endsWith("\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    door.answer(1, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    assertThat(door.told.words).contains("mirrored m failed");
  }

  @Test
  void aMirrorThatFailsIsNothingToTheCaller() {
    door.refusing.add("10.0.0.9");
    door.send(POST);
    door.answer(0, OK);
    assertThat(door.received()).endsWith("ok");
    assertThat(door.told.words).contains("mirrored m unreachable");

    door.refusing.clear();
    door.send(POST);
    door.modelCloses(1);
    door.answer(0, OK);
    assertThat(door.told.words).contains("mirrored m reset");
    assertThat(door.lane.kept())
        .hasSize(2)
        .allSatisfy(kept -> assertThat(kept.ending()).isEqualTo(Ending.COMPLETE));
  }

  @Test
  void aMirrorThatIsSilentIsLeftAfterItsTime() {
    door.send(POST);
    door.answer(0, OK);

    door.turn(EmbeddedDoor.LIMITS.firstByte());

    assertThat(door.told.words).contains("mirrored m timed_out");
    assertThat(door.models.get(1).isOpen()).isFalse();
    assertThat(door.loop.mirrors().bytes()).isZero();
  }

  @Test
  void whatIsTooLargeOrNeverWholeIsNotCopied() {
    door.send(
        "POST /ab/x HTTP/1.1\r\nHost: d\r\nContent-Length: "
            + (Mirrors.BODY_BYTES_MAX + 1)
            + "\r\n\r\nhe");
    assertThat(door.told.words).contains("mirrored m too_large");
    door.caller.close();
    door.connect();

    door.send("POST /ab/x HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\nhe");
    door.caller.close();
    door.settle();

    assertThat(door.told.words).contains("mirrored m skipped");
    assertThat(door.models).as("the mirror was not asked").hasSize(2);
    assertThat(door.loop.mirrors().bytes()).isZero();
  }

  @Test
  void chunksBeyondTheBoundAreNotCopied() {
    door.send("POST /ab/x HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n");
    String piece = "x".repeat(1 << 16);
    for (int i = 0; i <= Mirrors.BODY_BYTES_MAX >> 16; i++) {
      door.send("10000\r\n" + piece + "\r\n");
    }
    door.send("0\r\n\r\n");
    door.answer(0, OK);

    assertThat(door.received()).endsWith("ok");
    assertThat(door.told.words).contains("mirrored m too_large");
    assertThat(door.loop.mirrors().bytes()).isZero();
  }

  @Test
  void moreCopiesThanMayBeAreSkippedAndTheCallersGoOn() {
    String five = "x".repeat(Mirrors.BODY_BYTES_MAX);
    for (int i = 0; i < 5; i++) {
      door.send(
          "POST /ab/x HTTP/1.1\r\nHost: d\r\nContent-Length: " + five.length() + "\r\n\r\n" + five);
      door.answer(0, OK);
    }

    assertThat(door.lane.kept())
        .hasSize(5)
        .allSatisfy(kept -> assertThat(kept.ending()).isEqualTo(Ending.COMPLETE));
    assertThat(door.told.words).containsOnlyOnce("mirrored m skipped");
    assertThat(door.loop.mirrors().bytes()).isEqualTo(Mirrors.BYTES_MAX);
    door.loop.closeAll();
    assertThat(door.loop.mirrors().bytes()).isZero();
  }

  @Test
  void targetsTakeTurnsAndEachAnswersForItself() {
    EmbeddedDoor two = door(new ModelRoute.Target("a", 50), new ModelRoute.Target("b", 50));
    for (int i = 0; i < 4; i++) {
      two.send("GET /ab/x HTTP/1.1\r\nHost: d\r\n\r\n");
      for (int model = 0; model < two.models.size(); model++) {
        if (!two.asked(model).isEmpty()) {
          two.answer(model, OK);
        }
      }
    }

    assertThat(two.lane.kept())
        .extracting(kept -> kept.prediction().target().deployment())
        .containsExactly("a", "b", "a", "b");
    assertThat(two.lane.kept())
        .extracting(kept -> kept.prediction().target().route())
        .containsOnly("ab");
    assertThat(two.received()).contains("\r\nmodel-name: a\r\n", "\r\nmodel-name: b\r\n");
  }

  @Test
  void aMirrorNeverGetsATokenWhereTokensAreAskedFor() {
    AskedPolicy policy = new AskedPolicy();
    policy.atOnce = AskedPolicy.ALLOWED;
    policy.forwards = true;
    EmbeddedDoor asking = door(policy, new ModelRoute.Target("a", null));
    String ask = POST.replace("Host", "Authorization: Bearer a.b.c\r\nHost");
    asking.send(ask);
    assertThat(asking.asked(0)).contains("authorization: Bearer a.b.c\r\n");
    assertThat(asking.asked(1)).doesNotContain("authorization").endsWith("hello");
    asking.loop.closeAll();

    door.send(ask);
    assertThat(door.asked(1)).contains("authorization: Bearer a.b.c\r\n");
  }

  private static EmbeddedDoor door(ModelRoute.Target... targets) {
    return door(null, targets);
  }

  private static EmbeddedDoor door(@Nullable Policy policy, ModelRoute.Target... targets) {
    List<Model> models =
        List.of(
            EmbeddedDoor.model("a", "http://a:5000", Predictor.NONE, "/model/a"),
            EmbeddedDoor.model("b", "http://b:5000", Predictor.NONE, "/model/b"),
            EmbeddedDoor.model("m", "http://m:5000/mine", Predictor.NONE, "/model/m"));
    ModelRoute route = new ModelRoute("ab", "/ab", List.of(targets), "m");
    EmbeddedDoor door =
        new EmbeddedDoor(
            Fleet.of(models, List.of(route)), List.of(), 16 << 20, Edge.DEFAULT, 8, policy);
    door.hosts.put("m", List.of(InetAddress.ofLiteral("10.0.0.9")));
    return door;
  }
}
