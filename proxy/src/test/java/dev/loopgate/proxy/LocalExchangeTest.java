package dev.loopgate.proxy;

import static dev.loopgate.proxy.EmbeddedDoor.http;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.spool.SpoolLane;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakFree.class)
final class LocalExchangeTest {
  /// Serves `/feedback`, `/` and whatever is below `/own/`; answers when the test says so.
  private static final class Desk implements LocalService {
    final List<LocalRequest> asked = new ArrayList<>();
    final List<Consumer<LocalReply>> replies = new ArrayList<>();

    @Override
    public boolean serves(String method, String path) {
      return path.startsWith("/own/")
          || (method.equals("POST") && path.equals("/feedback"))
          || (method.equals("GET") && path.equals("/"));
    }

    @Override
    public int bodyBytesMax() {
      return 8;
    }

    @Override
    public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
      if (request.target().equals("/own/fault")) {
        throw new IllegalStateException("planted");
      }
      asked.add(request);
      replies.add(reply);
    }
  }

  private final Desk desk = new Desk();
  private final EmbeddedDoor door =
      new EmbeddedDoor(List.of(EmbeddedDoor.wine()), List.of(desk), 1 << 20);

  @Test
  void handsTheWholeRequestOverAndTheReplyBack() {
    door.send(
        "POST /feedback?x=1 HTTP/1.1\r\nHost: d\r\nRequest-Id: abc\r\nContent-Length: 5\r\n\r\nhe");
    assertThat(desk.asked).isEmpty();
    door.send("lloGET / HTTP/1.1\r\nHost: d\r\n\r\n");

    LocalRequest asked = desk.asked.getFirst();
    assertThat(asked.target()).isEqualTo("/feedback?x=1");
    assertThat(UTF_8.decode(asked.body().duplicate()).toString()).isEqualTo("hello");
    assertThat(asked.headers()).contains(new Header("request-id", "abc"));
    assertThat(desk.asked).hasSize(1); // the next waits for its turn

    desk.replies.getFirst().accept(LocalReply.json(200, "{}"));
    assertThat(door.received())
        .isEqualTo(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n"
                + "request-id: abc\r\ncontent-length: 2\r\n\r\n{}");
    assertThat(desk.asked).hasSize(2);
    desk.replies.get(1).accept(LocalReply.json(200, "[]"));
    assertThat(door.received()).endsWith("[]");
  }

  @Test
  void saysSoWhenTheBodyIsTooLargeAndGoesOn() {
    door.send(
        http(
            "POST /feedback HTTP/1.1~Host: d~Transfer-Encoding: chunked~~" + "8~12345678~1~9~0~~"));

    assertThat(desk.asked.getFirst().bodyTooLarge()).isTrue();
    assertThat(desk.asked.getFirst().body().remaining()).isZero();
    desk.replies.getFirst().accept(LocalReply.json(413, "{}"));
    assertThat(door.received()).startsWith("HTTP/1.1 413 ").doesNotContain("connection: close");
  }

  @Test
  void doesNotReadWithoutEndWhatIsTooLarge() {
    door.send("POST /feedback HTTP/1.1\r\nHost: d\r\nContent-Length: 9999999\r\n\r\n");

    desk.replies.getFirst().accept(LocalReply.json(413, "{}"));
    assertThat(door.received()).startsWith("HTTP/1.1 413 ").contains("connection: close");
    assertThat(door.caller.isOpen()).isFalse();
  }

  @Test
  void aServiceThatFailsIs500() {
    door.send("GET /own/fault HTTP/1.1\r\nHost: d\r\n\r\n");

    assertThat(door.received())
        .startsWith("HTTP/1.1 500 ")
        .endsWith("{\"error\":\"Internal error\"}");
    assertThat(door.told.words).containsExactly("failed planted");
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void aServiceThatDoesNotAnswerInTimeIs503() {
    door.send("GET /own/slow HTTP/1.1\r\nHost: d\r\n\r\n");
    door.turn(Duration.ofSeconds(30));
    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    desk.replies.getFirst().accept(LocalReply.json(200, "{\"late\":1}"));

    assertThat(door.received()).doesNotContain("late");
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void tooManyBodiesAtOnceAre503AndTheOthersAreNotLost() {
    String whole = "POST /feedback HTTP/1.1\r\nHost: d\r\nContent-Length: 8\r\n\r\n12345678";
    door.send(whole);
    door.connect();
    door.send(whole);
    assertThat(desk.asked).hasSize(2);
    assertThat(door.localBytes.taken()).isEqualTo(16);

    door.connect();
    door.send(whole);
    assertThat(door.received())
        .startsWith("HTTP/1.1 503 ")
        .contains("retry-after: 1\r\n")
        .endsWith("{\"error\":\"Too many requests at once\"}");
    assertThat(desk.asked).hasSize(2);
    assertThat(door.localBytes.taken()).as("the refused one holds nothing").isEqualTo(16);

    desk.replies.get(0).accept(LocalReply.json(200, "{}"));
    desk.replies.get(1).accept(LocalReply.json(200, "{}"));
    door.settle();
    assertThat(door.localBytes.taken()).isZero();
    door.connect();
    door.send(whole);
    assertThat(desk.asked).hasSize(3);
    door.caller.close();
    assertThat(door.localBytes.taken()).as("a caller that leaves").isZero();
  }

  @Test
  void aReplyCanNotSplitTheResponse() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new LocalReply(200, List.of(new Header("x", "a\r\nb")), ByteBuffer.allocate(0)));
  }

  @Test
  void headHasNoBody() {
    door.send("HEAD /own/x HTTP/1.1\r\nHost: d\r\n\r\n");
    desk.replies.getFirst().accept(LocalReply.json(200, "{\"a\":1}"));

    assertThat(door.received()).contains("content-length: 7\r\n").endsWith("\r\n\r\n");
  }

  @Test
  void answersExpectOnlyForABodyItWillRead() {
    door.send(
        "POST /feedback HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n");
    assertThat(door.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
    door.connect();
    door.send(
        "POST /feedback HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    desk.replies.getFirst().accept(LocalReply.json(413, "{}"));

    assertThat(door.received()).startsWith("HTTP/1.1 413 ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET  | /model/none/x       | ''",
        "GET  | /model/             | ''",
        "GET  | /model/wineX/x      | ''",
        "GET  | /api/v1/model/route | {\"message\":\"not found\"}",
        "GET  | /nowhere            | {\"error\":\"Incorrect URL\"}",
        "GET  | /feedback           | {\"error\":\"Incorrect URL\"}",
        "POST | /                   | {\"error\":\"Incorrect URL\"}",
        "GET  | /../feedback        | {\"error\":\"Incorrect URL\"}",
        "OPTIONS | *                | {\"error\":\"Incorrect URL\"}"
      })
  void sends404AsTheContractSays(String method, String path, String body) {
    door.send(method + " " + path + " HTTP/1.1\r\nHost: d\r\nRequest-Id: abc\r\n\r\n");

    assertThat(door.received())
        .startsWith("HTTP/1.1 404 Not Found\r\n")
        .contains("request-id: abc\r\n")
        .endsWith("\r\n\r\n" + body);
    assertThat(door.lane.kept()).isEmpty();
  }

  @Test
  void aModelAtTheRootDoesNotSwallowTheDoorsOwnPaths() {
    EmbeddedDoor root =
        new EmbeddedDoor(
            List.of(
                EmbeddedDoor.model("drop", "http://10.0.0.2:80", Predictor.NONE, ""),
                EmbeddedDoor.model("own", "http://10.0.0.3:80", Predictor.NONE, "/own/model")),
            List.of(desk),
            1 << 20);

    root.send("POST /feedback HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(desk.asked).hasSize(1);
    desk.replies.getFirst().accept(LocalReply.json(200, "{}"));
    root.send("GET /own/x HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(desk.asked).hasSize(2);
    desk.replies.get(1).accept(LocalReply.json(200, "{}"));

    root.send("GET / HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(root.asked(0)).startsWith("GET / HTTP/1.1\r\nhost: 10.0.0.2\r\n");
    root.connect();
    root.send("GET /own/model/x HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(root.asked(1)).startsWith("GET /x HTTP/1.1\r\nhost: 10.0.0.3\r\n");
    root.caller.close();
    root.settle();
  }

  @Test
  void slowHeadsAndIdleCallersAreLetGo() {
    door.send("GET / HT");
    door.turn(Duration.ofSeconds(9));
    door.send("TP/1.1\r\nHos");
    door.turn(Duration.ofSeconds(1));
    assertThat(door.received()).startsWith("HTTP/1.1 408 ");
    assertThat(door.caller.isOpen()).isFalse();

    door.connect();
    door.turn(Duration.ofSeconds(74));
    assertThat(door.caller.isOpen()).isTrue();
    door.turn(Duration.ofSeconds(1));
    assertThat(door.caller.isOpen()).isFalse();
    assertThat(door.received()).isEmpty();
  }

  /// A stream whose pieces the test gives.
  private static final class Pieces implements LocalStream {
    final Deque<String> waiting = new ArrayDeque<>();
    Runnable more = () -> {};
    boolean over;
    int closed;

    LocalReply reply() {
      List<Header> headers = List.of(new Header("content-type", "text/event-stream"));
      return new LocalReply(200, headers, ByteBuffer.allocate(0), this);
    }

    void give(String piece) {
      waiting.add(piece);
      more.run();
    }

    @Override
    public void open(Runnable whenMore) {
      more = whenMore;
    }

    @Override
    public @Nullable ByteBuffer take() {
      String piece = waiting.poll();
      return piece == null ? null : ByteBuffer.wrap(piece.getBytes(UTF_8));
    }

    @Override
    public boolean isOver() {
      return over;
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private Pieces streaming(String method) {
    Pieces pieces = new Pieces();
    door.send(method + " /own/events HTTP/1.1\r\nHost: d\r\n\r\n");
    desk.replies.getFirst().accept(pieces.reply());
    return pieces;
  }

  @Test
  void aStreamIsPassedOnPieceByPieceToItsEnd() {
    Pieces pieces = streaming("GET");
    assertThat(door.received()).contains("transfer-encoding: chunked\r\n").endsWith("\r\n\r\n");
    door.turn(Duration.ofMinutes(10)); // nothing to say is no fault
    pieces.give("one");
    door.settle();
    assertThat(door.received()).endsWith("3\r\none\r\n");

    pieces.over = true;
    pieces.give("two");
    door.settle();

    assertThat(door.received()).endsWith("3\r\ntwo\r\n0\r\n\r\n");
    assertThat(pieces.closed).isEqualTo(1);
    door.send("GET / HTTP/1.1\r\nHost: d\r\n\r\n");
    assertThat(desk.asked).as("the connection goes on").hasSize(2);
  }

  @Test
  void aStreamIsClosedWhenItsCallerLeaves() {
    Pieces pieces = streaming("GET");

    door.caller.close();
    pieces.give("late");
    door.settle();

    assertThat(pieces.closed).isEqualTo(1);
    assertThat(pieces.waiting).containsExactly("late");
  }

  @Test
  void aStreamForTheHeadAloneIsClosedUnopened() {
    Pieces pieces = streaming("HEAD");

    assertThat(door.received()).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
    assertThat(pieces.closed).isEqualTo(1);
    assertThat(door.caller.isOpen()).isTrue();
  }

  @Test
  void aStreamThatComesWhenTimeIsUpIsClosed() {
    Pieces pieces = new Pieces();
    door.send("GET /own/events HTTP/1.1\r\nHost: d\r\n\r\n");
    door.turn(Duration.ofSeconds(30));

    desk.replies.getFirst().accept(pieces.reply());

    assertThat(door.received()).startsWith("HTTP/1.1 503 ");
    assertThat(pieces.closed).isEqualTo(1);
  }

  @Test
  void aStreamEndsWholeWhenTheGatewayLeaves() {
    Pieces pieces = streaming("GET");

    door.loop.leave();
    door.turn(Duration.ofSeconds(1));

    assertThat(door.received()).endsWith("0\r\n\r\n");
    assertThat(pieces.closed).isEqualTo(1);
  }
}
