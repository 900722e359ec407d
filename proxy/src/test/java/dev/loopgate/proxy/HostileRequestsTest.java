package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static dev.loopgate.proxy.EmbeddedDoor.wine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakFree.class)
final class HostileRequestsTest {
  /// A request that is refused before it is one.
  ///
  /// @param bytes `~` is CRLF
  record Hostile(String what, int status, String bytes) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static final String H = "Host: d~";
  private static final String P = "POST /model/wine/ HTTP/1.1~" + H;

  private static List<Hostile> malformed() {
    List<Hostile> all = new ArrayList<>();
    startLines(all);
    headers(all);
    framings(all);
    return all;
  }

  private static void startLines(List<Hostile> all) {
    add(all, "HTTP/0.9", 400, "GET /~~");
    add(all, "no target", 400, "GET HTTP/1.1~" + H + "~");
    add(all, "two spaces before the target", 400, "GET  / HTTP/1.1~" + H + "~");
    add(all, "two spaces behind the target", 400, "GET /  HTTP/1.1~" + H + "~");
    add(all, "a tab for a space", 400, "GET\t/ HTTP/1.1~" + H + "~");
    add(all, "a space at the start", 400, " GET / HTTP/1.1~" + H + "~");
    add(all, "a space at the end", 400, "GET / HTTP/1.1 ~" + H + "~");
    add(all, "a lower-case version", 400, "GET / http/1.1~" + H + "~");
    add(all, "HTTP/1.2", 505, "GET / HTTP/1.2~" + H + "~");
    add(all, "HTTP/2.0", 505, "GET / HTTP/2.0~" + H + "~");
    add(all, "nearly the preface of HTTP/2", 505, "PRI * HTTP/2.0~Host: d~~SM~~");
    add(all, "HTTP/1.10", 400, "GET / HTTP/1.10~" + H + "~");
    add(all, "HTTP/+1.1", 400, "GET / HTTP/+1.1~" + H + "~");
    add(all, "no start line at all", 400, "~~~");
    add(all, "two empty lines first", 400, "~~GET / HTTP/1.1~" + H + "~");
    add(all, "a method with a bracket", 400, "GE(T / HTTP/1.1~" + H + "~");
    add(all, "a method with a colon", 400, "GET: / HTTP/1.1~" + H + "~");
    add(all, "a method without end", 400, "G".repeat(33) + " / HTTP/1.1~" + H + "~");
    add(all, "CONNECT", 400, "CONNECT d:443 HTTP/1.1~" + H + "~");
    add(all, "TRACE", 400, "TRACE / HTTP/1.1~" + H + "~");
    add(all, "a relative target", 400, "GET model/wine/ HTTP/1.1~" + H + "~");
    add(all, "a target with a fragment", 400, "GET /#x HTTP/1.1~" + H + "~");
    add(all, "a target beyond ASCII", 400, "GET /caf\u00e9 HTTP/1.1~" + H + "~");
    add(all, "a target with DEL", 400, "GET /\u007f HTTP/1.1~" + H + "~");
    add(all, "a star for GET", 400, "GET * HTTP/1.1~" + H + "~");
    add(all, "an absolute target with a user", 400, "GET http://u@d/ HTTP/1.1~" + H + "~");
    add(all, "an absolute target without host", 400, "GET http:///x HTTP/1.1~" + H + "~");
    add(all, "an absolute https target", 400, "GET https://d/ HTTP/1.1~" + H + "~");
    add(all, "a target that is too long", 431, "GET /" + "x".repeat(5000) + " HTTP/1.1~" + H + "~");
    add(
        all,
        "a TLS hello",
        400,
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003");
  }

  private static void headers(List<Hostile> all) {
    add(all, "no host", 400, "GET / HTTP/1.1~~");
    add(all, "two hosts", 400, "GET / HTTP/1.1~" + H + H + "~");
    add(all, "two hosts on HTTP/1.0", 400, "GET / HTTP/1.0~" + H + H + "~");
    add(all, "a host with a path", 400, "GET / HTTP/1.1~Host: d/x~~");
    add(all, "a host with a user", 400, "GET / HTTP/1.1~Host: u@d~~");
    add(all, "a host with a space", 400, "GET / HTTP/1.1~Host: d e~~");
    add(all, "two hosts in one", 400, "GET / HTTP/1.1~Host: d,e~~");
    add(all, "a folded header", 400, "GET / HTTP/1.1~" + H + "X: a~ b~~");
    add(all, "a header folded with a tab", 400, "GET / HTTP/1.1~" + H + "X: a~\tb~~");
    add(all, "a folded first header", 400, "GET / HTTP/1.1~ " + H + "~");
    add(all, "a space before the colon", 400, "GET / HTTP/1.1~" + H + "X : a~~");
    add(all, "a header without colon", 400, "GET / HTTP/1.1~" + H + "X~~");
    add(all, "a header without name", 400, "GET / HTTP/1.1~" + H + ": a~~");
    add(all, "a header name with a bracket", 400, "GET / HTTP/1.1~" + H + "X[]: a~~");
    add(all, "a header name beyond ASCII", 400, "GET / HTTP/1.1~" + H + "X\u00e9: a~~");
    add(all, "line feeds only", 400, "GET / HTTP/1.1\nHost: d\n\n");
    add(all, "a bare line feed in a header", 400, "GET / HTTP/1.1~" + H + "X: a\nY: b~~");
    add(all, "a bare carriage return in a header", 400, "GET / HTTP/1.1~" + H + "X: a\rY: b~~");
    add(all, "CR CR LF", 400, "GET / HTTP/1.1~" + H + "X: a\r\r\n~");
    add(all, "NUL in a value", 400, "GET / HTTP/1.1~" + H + "X: a\u0000b~~");
    add(all, "NUL in a name", 400, "GET / HTTP/1.1~" + H + "X\u0000: a~~");
    add(all, "NUL in the target", 400, "GET /\u0000 HTTP/1.1~" + H + "~");
    add(all, "an escape in a value", 400, "GET / HTTP/1.1~" + H + "X: \u001b[31m~~");
    add(
        all,
        "a head that is too large",
        431,
        "GET / HTTP/1.1~" + H + "X: " + "a".repeat(4096) + "~~");
    add(all, "a head of too many headers", 431, "GET / HTTP/1.1~" + H + "X: a~".repeat(1000) + "~");
    add(all, "another expectation", 417, P + "Expect: a-miracle~Content-Length: 1~~");
  }

  private static void framings(List<Hostile> all) {
    add(all, "two lengths", 400, P + "Content-Length: 5~Content-Length: 6~~hello");
    add(all, "the same length twice", 400, P + "Content-Length: 5~Content-Length: 5~~hello");
    add(all, "lengths in a list", 400, P + "Content-Length: 5, 5~~hello");
    add(all, "a signed length", 400, P + "Content-Length: +5~~hello");
    add(all, "a negative length", 400, P + "Content-Length: -1~~");
    add(all, "a hexadecimal length", 400, P + "Content-Length: 0x5~~hello");
    add(all, "an empty length", 400, P + "Content-Length: ~~");
    add(all, "a length with a fraction", 400, P + "Content-Length: 5.0~~hello");
    add(all, "a length beyond numbers", 400, P + "Content-Length: 99999999999999999999~~");
    add(all, "length and chunked", 400, P + "Content-Length: 5~Transfer-Encoding: chunked~~0~~");
    add(all, "chunked and length", 400, P + "Transfer-Encoding: chunked~Content-Length: 5~~0~~");
    add(
        all,
        "chunked twice",
        400,
        P + "Transfer-Encoding: chunked~Transfer-Encoding: chunked~~0~~");
    add(all, "chunked, chunked", 400, P + "Transfer-Encoding: chunked, chunked~~0~~");
    add(all, "gzip, chunked", 400, P + "Transfer-Encoding: gzip, chunked~~0~~");
    add(all, "identity", 400, P + "Transfer-Encoding: identity~~");
    add(all, "quoted chunked", 400, P + "Transfer-Encoding: \"chunked\"~~0~~");
    add(all, "xchunked", 400, P + "Transfer-Encoding: xchunked~~0~~");
    add(all, "an empty encoding", 400, P + "Transfer-Encoding: ~~");
    add(all, "chunked on HTTP/1.0", 400, "POST / HTTP/1.0~Transfer-Encoding: chunked~~0~~");
    add(all, "a space before chunked's colon", 400, P + "Transfer-Encoding : chunked~~0~~");
  }

  private static void add(List<Hostile> all, String what, int status, String bytes) {
    all.add(new Hostile(what, status, bytes));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void isRefusedCountedAndTheConnectionClosed(Hostile hostile) {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send(hostile.bytes().replace("~", "\r\n"));

    assertThat(door.received())
        .startsWith("HTTP/1.1 " + hostile.status() + " ")
        .contains("\r\nconnection: close\r\n")
        .containsOnlyOnce("\r\nrequest-id: ");
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.told.words).containsExactly("malformed " + hostile.status());
    assertThat(door.lane.kept()).isEmpty();
    assertThat(door.lane.open()).isZero();
    assertThat(door.models).isEmpty();
  }

  @Test
  void whoSpeaksAnotherProtocolIsNotAnsweredInHttp() {
    EmbeddedDoor door = new EmbeddedDoor(wine());
    door.send("INVALID CONNECTION PREFACE\r\n\r\n");

    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.received()).isEmpty();
    assertThat(door.told.words).containsExactly("malformed 400");
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void isRefusedTheSameByteByByte(Hostile hostile) {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    String bytes = hostile.bytes().replace("~", "\r\n");
    int step = Math.max(1, bytes.length() / 100); // the very long ones in pieces
    for (int at = 0; at < bytes.length() && door.caller.isOpen(); at += step) {
      door.send(bytes.substring(at, Math.min(at + step, bytes.length())));
    }

    assertThat(door.received()).startsWith("HTTP/1.1 " + hostile.status() + " ");
    assertThat(door.lane.open()).isZero();
  }

  private static Stream<String> badChunks() {
    return Stream.of(
        "x~",
        "~",
        " 2~ab~0~~",
        "2 ~ab~0~~",
        "0x2~ab~0~~",
        "-1~",
        "+2~ab~0~~",
        "2\nab~0~~",
        "2~ab\n0~~",
        "2~abc~0~~",
        "2;a\u0000=b~ab~0~~",
        "2;a\nb~ab~0~~",
        "2\r3~ab~0~~",
        "2;" + "x".repeat(9000) + "~ab~0~~",
        "2;x~ab~".repeat(9000) + "0~~",
        "1234567812345678~ab~0~~",
        "2~ab~0~X: a\nY: b~~",
        "2~ab~0~X: \u0007~~",
        "2~ab~0~" + "X: a~".repeat(3000) + "~",
        "\u0662~ab~0~~");
  }

  @ParameterizedTest
  @MethodSource("badChunks")
  void aBodyInBadChunksIsRejectedAndKept(String chunks) {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send((P + "Transfer-Encoding: chunked~~" + chunks).replace("~", "\r\n"));

    assertThat(door.received()).startsWith("HTTP/1.1 400 ").contains("connection: close");
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.only().ending()).isEqualTo(Ending.REJECTED);
    assertThat(door.told.words).contains("malformed 400", "ended wine rejected 400");
    assertThat(door.models).allSatisfy(model -> assertThat(model.isOpen()).isFalse());
  }

  private static Stream<String> climbing() {
    return Stream.of(
        "/model/wine/..",
        "/model/wine/../admin",
        "/model/wine/x/../../admin",
        "/model/wine/./../admin",
        "/model/wine//../admin",
        "/model/wine/%2e%2e/admin",
        "/model/wine/%2E./admin",
        "/model/wine/..%2fadmin",
        "/model/wine/..%5cadmin",
        "/model/wine/..\\admin",
        "/model/wine/..;x=y/admin",
        "/model/wine/../../../../etc/passwd?x");
  }

  @ParameterizedTest
  @MethodSource("climbing")
  void aPathThatClimbsOutOfItsModelIsRejectedAndKept(String path) {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send("GET " + path + " HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(door.received()).startsWith("HTTP/1.1 400 ");
    assertThat(door.only().ending()).isEqualTo(Ending.REJECTED);
    assertThat(door.models).isEmpty();
  }

  @Test
  void dotsBelowTheModelPassUntouched() {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send("GET /model/wine/a/../b/%2e%2E/..x/%zz?../.. HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(door.asked(0)).startsWith("GET /a/../b/%2e%2E/..x/%zz?../.. HTTP/1.1\r\n");
    door.caller.close();
    door.settle();
  }

  @Test
  void tenThousandInventedModelsLeaveNothingBehind() {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    for (int i = 0; i < 10_000; i++) {
      door.send(
          "GET /model/invented-"
              + i
              + "/../x HTTP/1.1\r\nHost: d\r\nRequest-Id: r"
              + i
              + "\r\n\r\n");
    }

    assertThat(door.received().split("HTTP/1.1 404 Not Found\r\n", -1)).hasSize(10_001);
    assertThat(door.told.words).hasSize(10_000).containsOnly("unknown model");
    assertThat(door.lane.kept()).isEmpty();
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void noHeaderOfARequestOrAnswerCanSplitAResponse() {
    EmbeddedDoor door = new EmbeddedDoor(wine());

    door.send("GET /model/wine/%0d%0aX:%201 HTTP/1.1\r\nHost: d\r\nRequest-Id: a%0d%0ab\r\n\r\n");
    door.answer(0, "HTTP/1.1 200 OK\r\nModel-Name: a\u00ffb\r\nContent-Length: 0\r\n\r\n");

    assertThat(door.received())
        .isEqualTo(
            http(
                "HTTP/1.1 200 OK~request-id: a%0d%0ab~model-name: wine~"
                    + "model-version: unknown~content-length: 0~~"));
  }
}
