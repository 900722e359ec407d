package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static dev.loopgate.proxy.EmbeddedDoor.wine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakFree.class)
final class TrailersTest {
  private static final String POST =
      http(
          "POST /model/wine/predict HTTP/1.1~Host: door~TE: trailers~Connection: te~"
              + "Transfer-Encoding: chunked~~2~he~3~llo~0~X-Sum: 5 ~content-length: 9~X-Two:~~");
  private static final String ANSWER =
      http("HTTP/1.1 200 OK~Transfer-Encoding: chunked~~6~answer~0~X-Sum:7~Set-Cookie: c~~");

  @Test
  void goOnInBothDirectionsWhereverTheyAreCut() {
    for (int split = 1; split < POST.length(); split++) {
      EmbeddedDoor door = new EmbeddedDoor(wine());

      door.send(POST.substring(0, split));
      door.send(POST.substring(split));

      assertThat(door.asked(0))
          .as("split=%d", split)
          .endsWith("\r\n0\r\nx-sum: 5\r\nx-two: \r\n\r\n");
      int answerSplit = Math.min(split, ANSWER.length() - 1);
      door.answer(0, ANSWER.substring(0, answerSplit));
      door.answer(0, ANSWER.substring(answerSplit));
      assertThat(door.received()).as("split=%d", split).endsWith("0\r\nx-sum: 7\r\n\r\n");
      KeepingLane.Kept kept = door.only();
      assertThat(kept.ending()).isEqualTo(Ending.COMPLETE);
      assertThat(kept.requestText() + kept.responseText()).isEqualTo("helloanswer");
      assertThat(door.caller.isOpen()).isTrue();
    }
  }

  @Test
  void areKeptFromACallerWhoDidNotAskForThem() {
    EmbeddedDoor door = new EmbeddedDoor(wine());
    door.send(http("GET /model/wine/ HTTP/1.1~Host: door~~"));

    door.answer(0, ANSWER);

    assertThat(door.received()).endsWith("6\r\nanswer\r\n0\r\n\r\n");
    assertThat(door.only().ending()).isEqualTo(Ending.COMPLETE);
  }

  /// P1: the trailers complete the answer, so the entry is kept before they go.
  @Test
  void completeTheAnswer() {
    EmbeddedDoor door = new EmbeddedDoor(wine());
    door.send(POST);

    door.answer(0, ANSWER);

    assertThat(door.writes.getLast()).startsWith("1 ").contains("x-sum: 7");
  }

  @Test
  void letTheModelsConnectionBeUsedAgain() {
    EmbeddedDoor door = new EmbeddedDoor(wine());
    door.send(POST);
    door.answer(0, ANSWER);

    door.send(POST);
    door.answer(0, ANSWER);

    assertThat(door.models).hasSize(1);
    assertThat(door.lane.kept()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"no colon", ": 1", "a b: 1", " x: 1", "x : 1", "x: \u0001"})
  void areReadAsStrictlyAsHeads(String line) {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send(POST.replace("X-Two:", line));

    assertThat(door.received()).startsWith("HTTP/1.1 400 ");
    assertThat(door.only().ending()).isEqualTo(Ending.REJECTED);
  }

  @Test
  void keepOutOfThemWhatBelongsIntoAHead() {
    List<Header> said =
        List.of(
            new Header("x-sum", "1"),
            new Header("grpc-status", "0"),
            new Header("authorization", "a"),
            new Header("transfer-encoding", "chunked"),
            new Header("if-match", "*"),
            new Header("x-forwarded-for", "1.2.3.4"),
            new Header("x-real-ip", "1.2.3.4"),
            new Header("x-mine", "1"),
            new Header("request-id", "other"));

    assertThat(Trailers.passed(said, Set.of("x-mine")))
        .extracting(Header::name)
        .containsExactly("x-sum", "grpc-status");
  }
}
