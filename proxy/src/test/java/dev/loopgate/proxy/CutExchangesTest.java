package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Prediction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The same exchange, cut at every byte of both sides, gives the same record.
@ExtendWith(LeakFree.class)
final class CutExchangesTest {
  private static final String BODY = "{\"columns\": [\"alcohol\"]}";

  /// One exchange as bytes: what its caller sends, and what its model answers.
  enum Spoken {
    LENGTH(
        h1("content-length: 24~", BODY),
        "HTTP/1.1 200 OK~content-length: 9~model-version: 7~~{\"ok\": 1}"),
    CHUNKED(
        h1(
            "transfer-encoding: chunked~",
            "5;x=y~" + BODY.substring(0, 5) + "~13~" + BODY.substring(5) + "~0~a: b~~"),
        "HTTP/1.1 200 OK~transfer-encoding: chunked~~3~{\"o~6;a=b~k\": 1}~000~c: d~~"),
    UNTIL_CLOSE(
        h1("content-length: 24~expect: 100-continue~", BODY), "HTTP/1.1 200 OK~~{\"ok\": 1}"),
    INTERIM(
        h1("content-length: 24~", BODY),
        "HTTP/1.1 103 Early Hints~link: </a>~~HTTP/1.1 200 OK~content-length: 9~~{\"ok\": 1}"),
    HTTP2(http2(), "HTTP/1.1 200 OK~content-length: 9~~{\"ok\": 1}"),
    HTTP2_CHUNKED(http2(), "HTTP/1.1 200 OK~transfer-encoding: chunked~~3~{\"o~6~k\": 1}~0~~"),
    UPGRADED(upgraded(), "HTTP/1.1 200 OK~content-length: 9~~{\"ok\": 1}");

    final String request;
    final String answer;

    Spoken(String request, String answer) {
      this.request = request;
      this.answer = EmbeddedDoor.http(answer);
    }

    private static String h1(String framing, String body) {
      return EmbeddedDoor.http(
          "POST /model/wine/x?a=b HTTP/1.1~Host: d~Request-Id: mine~X: y~" + framing + "~" + body);
    }

    private static String http2() {
      byte[] block =
          Http2Frames.block(
              ":method",
              "POST",
              ":path",
              "/model/wine/x?a=b",
              ":scheme",
              "http",
              ":authority",
              "d",
              "request-id",
              "mine",
              "x",
              "y");
      byte[] begin = Arrays.copyOf(block, 30);
      byte[] rest = Arrays.copyOfRange(block, 30, block.length);
      byte[] padded = padded(BODY.substring(5));
      return new String(
          Http2Frames.all(
              Http2Frames.preface(3, 100),
              Http2Frames.frame(Http2Frames.HEADERS, 0, 1, begin),
              Http2Frames.frame(Http2Frames.CONTINUATION, Http2Frames.END_HEADERS, 1, rest),
              Http2Frames.data(1, false, BODY.substring(0, 5)),
              Http2Frames.frame(Http2Frames.PING, 0, 0, new byte[8]),
              Http2Frames.frame(Http2Frames.DATA, Http2Frames.PADDED, 1, padded),
              Http2Frames.frame(
                  Http2Frames.HEADERS,
                  Http2Frames.END_HEADERS | Http2Frames.END_STREAM,
                  1,
                  Http2Frames.block("sum", "5"))),
          ISO_8859_1);
    }

    private static byte[] padded(String text) {
      return ("\u0003" + text + "\0\0\0").getBytes(ISO_8859_1);
    }

    private static String upgraded() {
      String settings =
          Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(Http2Frames.settingsPayload(4, 70_000));
      String request =
          EmbeddedDoor.http(
              "GET /model/wine/x?a=b HTTP/1.1~Host: d~Request-Id: mine~X: y~Upgrade: h2c~"
                  + "Connection: Upgrade, HTTP2-Settings~HTTP2-Settings: "
                  + settings
                  + "~~");
      return request + new String(Http2Frames.preface(), ISO_8859_1);
    }
  }

  @ParameterizedTest
  @EnumSource(Spoken.class)
  void isTheSameRecordWhereverItIsCut(Spoken spoken) {
    String whole = record(List.of(spoken.request), List.of(spoken.answer));
    assertThat(whole).contains("complete 200 ", "mine", "{\"ok\": 1}").contains("x: y");

    for (int at = 1; at < spoken.request.length(); at++) {
      List<String> cut = List.of(spoken.request.substring(0, at), spoken.request.substring(at));
      assertThat(record(cut, List.of(spoken.answer))).as("request cut at %d", at).isEqualTo(whole);
    }
    for (int at = 1; at < spoken.answer.length(); at++) {
      List<String> cut = List.of(spoken.answer.substring(0, at), spoken.answer.substring(at));
      assertThat(record(List.of(spoken.request), cut)).as("answer cut at %d", at).isEqualTo(whole);
    }
    assertThat(record(letters(spoken.request), letters(spoken.answer)))
        .as("each byte alone")
        .isEqualTo(whole);
  }

  private static List<String> letters(String text) {
    List<String> letters = new ArrayList<>();
    for (int i = 0; i < text.length(); i++) {
      letters.add(text.substring(i, i + 1));
    }
    return letters;
  }

  private static String record(List<String> request, List<String> answer) {
    EmbeddedDoor door = new EmbeddedDoor(EmbeddedDoor.wine());
    request.forEach(door::send);
    answer.forEach(piece -> door.answer(0, piece));
    if (door.lane.kept().isEmpty()) {
      door.modelCloses(0);
    }
    KeepingLane.Kept kept = door.only();
    door.caller.close();
    door.settle();
    Prediction facts = kept.prediction();
    return String.join(
        " ",
        facts.requestId().value(),
        facts.ending().word(),
        Integer.toString(facts.response().status()),
        facts.request().toString(),
        kept.requestText(),
        Long.toString(kept.requestBody().size()),
        Boolean.toString(kept.requestBody().truncated()),
        facts.response().headers().toString(),
        kept.responseText(),
        Long.toString(kept.responseBody().size()),
        Boolean.toString(kept.responseBody().truncated()),
        facts.target().toString(),
        facts.timing().toString(),
        door.told.words.toString());
  }
}
