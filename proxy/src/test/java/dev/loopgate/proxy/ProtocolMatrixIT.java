package dev.loopgate.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.Predictor;
import dev.loopgate.fleet.Protocol;
import dev.loopgate.fleet.Replica;
import dev.loopgate.fleet.ServerTrust;
import dev.loopgate.fleet.Upstream;
import dev.loopgate.testkit.ManualTime;
import dev.loopgate.testkit.RawModel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each version a caller may speak, with each a model may speak, in each form of a body, to each
/// ending: the bytes arrive as they were sent, and there is exactly one record, which says so.
@ExtendWith(LeakFree.class)
@Timeout(60)
final class ProtocolMatrixIT {
  enum Version {
    HTTP1,
    HTTP2
  }

  enum Form {
    NONE,
    LENGTH,
    STREAMED
  }

  private static final String QUESTION = "a question";
  private static final List<String> PIECES =
      List.of("data: 1\n\n", "data: 22\n\n", "data: 333\n\n");
  private static final String ANSWER = String.join("", PIECES);

  private final KeepingLane lane = new KeepingLane();
  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private final Semaphore begun = new Semaphore(0); // an answer that is not whole
  private final Semaphore cut = new Semaphore(0); // may be ended, for a model that resets
  private final List<AutoCloseable> closing = new ArrayList<>();

  record Case(Version caller, Version model, Form question, Form answer, Ending ending) {
    String path() {
      return "/" + answer + "/" + ending.word();
    }

    String body() {
      return question == Form.NONE ? "" : QUESTION;
    }
  }

  static Stream<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (Version caller : Version.values()) {
      for (Version model : Version.values()) {
        for (Form question : Form.values()) {
          for (Form answer : Form.values()) {
            all.add(new Case(caller, model, question, answer, Ending.COMPLETE));
          }
          for (Ending ending : List.of(Ending.MODEL_RESET, Ending.CLIENT_LEFT)) {
            all.add(new Case(caller, model, question, Form.LENGTH, ending));
            all.add(new Case(caller, model, question, Form.STREAMED, ending));
          }
        }
      }
    }
    return all.stream();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    assertThat(lane.open()).isZero();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theBytesArriveAndOneRecordSaysSo(Case now) throws Exception {
    Proxy proxy = door(now.model());

    String received = now.caller() == Version.HTTP1 ? callHttp1(proxy, now) : callHttp2(proxy, now);

    KeepingLane.Kept kept = lane.await(1).getFirst();
    assertThat(lane.kept()).hasSize(1);
    assertThat(asked.poll(20, TimeUnit.SECONDS)).isEqualTo(now.body());
    assertThat(kept.requestText()).isEqualTo(now.body());
    assertThat(kept.requestBody().truncated()).isFalse();
    assertThat(kept.ending()).isEqualTo(now.ending());
    String whole = now.answer() == Form.NONE ? "" : ANSWER;
    if (now.ending() == Ending.COMPLETE) {
      assertThat(received).isEqualTo(whole);
      assertThat(kept.responseText()).isEqualTo(whole);
      assertThat(kept.responseBody().truncated()).isFalse();
    } else {
      assertThat(whole).startsWith(kept.responseText());
      // Who leaves may have done so before the answer's head came by.
      assertThat(kept.responseBody().truncated()).isEqualTo(kept.status() != 0);
      assertThat(kept.responseText()).startsWith(received);
    }
  }

  private Proxy door(Version version) throws Exception {
    int port;
    if (version == Version.HTTP1) {
      RawModel server = RawModel.start(this::answerHttp1);
      closing.add(server);
      port = URI.create(server.url()).getPort();
    } else {
      Http2Model server = Http2Model.start(this::answerHttp2);
      closing.add(server);
      port = server.port();
    }
    Upstream upstream =
        new Upstream(
            List.of(new Replica(URI.create("http://127.0.0.1:" + port))),
            version == Version.HTTP1 ? Protocol.HTTP1 : Protocol.H2C,
            false,
            ServerTrust.DEFAULT);
    Model model =
        new Model(
            "m", upstream, Predictor.NONE, "/model/m", null, null, new Kept(true, 1 << 20, 1.0));
    Proxy proxy =
        RealDoor.open(
            RealDoor.config(1, 64, null),
            model,
            lane,
            ManualTime.at("2026-11-24T10:00:00Z"),
            ProxyEvents.SILENT,
            Transport.best());
    closing.add(proxy);
    return proxy;
  }

  private void answerHttp1(RawModel.Conversation with) throws IOException, InterruptedException {
    String[] path = with.readHead().split(" ", -1)[1].split("/", -1);
    asked.add(new String(with.readBody(), US_ASCII));
    Form form = Form.valueOf(path[1]);
    boolean whole = path[2].equals(Ending.COMPLETE.word());
    with.send(
        switch (form) {
          case NONE -> "HTTP/1.1 204 None\r\n\r\n";
          case LENGTH -> "HTTP/1.1 200 OK\r\nContent-Length: " + ANSWER.length() + "\r\n\r\n";
          case STREAMED -> "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        });
    for (String piece : form == Form.NONE ? List.<String>of() : PIECES) {
      String size = Integer.toHexString(piece.length());
      with.send(form == Form.LENGTH ? piece : size + "\r\n" + piece + "\r\n");
      if (!whole) {
        begun.release();
        end(path[2], with);
        return;
      }
    }
    if (form == Form.STREAMED) {
      with.send("0\r\n\r\n");
    }
  }

  private void end(String ending, RawModel.Conversation with)
      throws IOException, InterruptedException {
    if (ending.equals(Ending.MODEL_RESET.word())) {
      cut.acquire();
      with.reset();
    } else {
      with.awaitClose();
    }
  }

  private void answerHttp2(Http2Model.Request request) {
    asked.add(request.body());
    String[] path = request.path().split("/", -1);
    switch (Form.valueOf(path[1])) {
      case NONE -> {
        request.head(true, ":status", "204");
        return;
      }
      case LENGTH -> request.head(false, "content-length", Integer.toString(ANSWER.length()));
      case STREAMED -> request.head(false);
    }
    if (path[2].equals(Ending.COMPLETE.word())) {
      request.data(PIECES.get(0), false).data(PIECES.get(1), false).data(PIECES.get(2), true);
      return;
    }
    request.data(PIECES.getFirst(), false);
    begun.release();
    if (path[2].equals(Ending.MODEL_RESET.word())) {
      request.later(() -> {
        cut.acquireUninterruptibly();
        request.reset(Http2Error.INTERNAL_ERROR);
      });
    }
  }

  // What was received of the body, its framing taken off.
  private String callHttp1(Proxy proxy, Case now) throws Exception {
    RawCaller caller = new RawCaller(proxy.address());
    closing.add(caller);
    String head = (now.question() == Form.NONE ? "GET" : "POST") + " /model/m" + now.path();
    String body =
        switch (now.question()) {
          case NONE -> "\r\n";
          case LENGTH -> "Content-Length: " + QUESTION.length() + "\r\n\r\n" + QUESTION;
          case STREAMED ->
              "Transfer-Encoding: chunked\r\n\r\n2\r\na \r\n8\r\nquestion\r\n0\r\n\r\n";
        };
    caller.send(head + " HTTP/1.1\r\nHost: d\r\n" + body);
    String answerHead = caller.readThrough("\r\n\r\n").toLowerCase(Locale.ROOT);
    if (now.answer() == Form.NONE) {
      assertThat(answerHead).startsWith("http/1.1 204 ");
      return "";
    }
    assertThat(answerHead).startsWith("http/1.1 200 ");
    boolean chunked = answerHead.contains("transfer-encoding: chunked\r\n");
    if (now.ending() == Ending.COMPLETE) {
      return chunked
          ? caller.readThrough("\r\n0\r\n\r\n").replaceAll("(?s)(\r\n)?[0-9a-f]+\r\n(\r\n$)?", "")
          : caller.readExactly(ANSWER.length());
    }
    caller.readThrough(PIECES.getFirst());
    if (now.ending() == Ending.CLIENT_LEFT) {
      caller.close();
    } else {
      cut.release();
      String rest = caller.readToEnd();
      assertThat(rest).as("what must not be taken for an end").isIn("", "\r\n");
    }
    return PIECES.getFirst();
  }

  private String callHttp2(Proxy proxy, Case now) throws Exception {
    Http2Driver caller = new Http2Driver(proxy.address(), lane);
    closing.add(caller);
    String path = "/model/m" + now.path();
    boolean none = now.question() == Form.NONE;
    Http2Headers head = none ? Http2Driver.get(path) : Http2Driver.post(path);
    if (now.question() == Form.LENGTH) {
      head.add("content-length", Integer.toString(QUESTION.length()));
    }
    Http2Driver.Call call = caller.call(head, none);
    if (!none) {
      call.data("a ".getBytes(US_ASCII), false);
      call.data("question".getBytes(US_ASCII), true);
    }
    if (now.ending() == Ending.COMPLETE) {
      Http2Driver.Answer answer = call.await();
      assertThat(answer.reset()).isEqualTo(-1);
      assertThat(answer.status()).isEqualTo(now.answer() == Form.NONE ? 204 : 200);
      return answer.body();
    }
    assertThat(begun.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
    if (now.ending() == Ending.CLIENT_LEFT) {
      call.reset();
      return "";
    }
    cut.release();
    Http2Driver.Answer answer = call.await();
    assertThat(answer.reset()).isNotEqualTo(-1);
    return answer.status() == 200 ? answer.body() : "";
  }
}
