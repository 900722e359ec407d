package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The way back of one exchange: from the model's answer, or one of ours, to the caller, with what
/// is kept of it. Confined to the exchange's event loop.
///
/// Before the byte that completes the answer goes to the caller, the exchange is told, so that its
/// entry is kept by then (P1).
final class AnswerRelay {
  private static final String COLD_START = "model-cold-start"; // milliseconds

  private final Caller caller;
  private final Answer answer;
  private final ProxyLoop loop;
  private final CallerRequest request;
  private final RequestId id;
  private final Deployment deployment;
  private final String path; // as the model sees it, without query
  private final ExchangeCapture capture;
  private final Runnable complete;
  private Set<String> hops = Set.of(); // of the model's answer
  private boolean started;
  private boolean bodiless; // the head is all of it
  private boolean switched;
  private long declared = -1; // length that the caller was told
  private long answered;
  private long coldStartNanos = -1;
  private long coldUntilNanos;

  /// @param complete run before the completing byte is released; maybe more than once
  AnswerRelay(
      Caller caller,
      ProxyLoop loop,
      CallerRequest request,
      RequestId id,
      Fleet.Match match,
      ExchangeCapture capture,
      Runnable complete) {
    this.caller = caller;
    this.answer = caller.answer();
    this.loop = loop;
    this.request = request;
    this.id = id;
    this.deployment = match.deployment();
    this.path = match.path();
    this.capture = capture;
    this.complete = complete;
  }

  /// The answer is to say how long it was waited for a server to start.
  ///
  /// @param nanos -1 when one was there
  /// @param untilNanos when it was there
  void coldStart(long nanos, long untilNanos) {
    coldStartNanos = nanos;
    coldUntilNanos = untilNanos;
  }

  /// Whether a head went to the caller, one before the answer apart.
  boolean isStarted() {
    return started;
  }

  /// Whether both sides speak something else by now, to the connection's end.
  boolean isSwitched() {
    return switched;
  }

  /// The model's head has come, or one before it.
  ///
  /// @param requestWhole the request's last byte has arrived
  void started(ModelAnswer got, boolean requestWhole) {
    if (got.isInterim()) {
      passInterim(got);
      return;
    }
    learnFrom(got);
    hops = got.hops();
    List<Header> headers = PassedHeaders.toCaller(got, id, capture.labels(), loop.knownHeaders());
    if (coldStartNanos >= 0) {
      loop.events().coldAnswered(deployment.model().id(), loop.time().nanos() - coldUntilNanos);
      headers.add(
          new Header(COLD_START, Long.toString(TimeUnit.NANOSECONDS.toMillis(coldStartNanos))));
    }
    if (!got.isSwitch()) {
      boolean goesOn = request.persistent() && requestWhole && !loop.isLeaving();
      answer.frame(request, got.status(), got.framing(), got.declaredLength(), goesOn, headers);
    }
    capture.responseStarted(got.status(), headers);
    started = true;
    bodiless = got.framing().isEmpty();
    // A call's status comes behind its last byte, and completes it.
    boolean counts = got.framing().kind() == BodyFraming.Kind.LENGTH && !Grpc.isCall(request);
    declared = counts ? got.framing().length() : -1;
    if (bodiless) {
      capture.grpcStatus(got.headers());
      complete.run(); // without a body the head is what completes the answer
    }
    answer.head(got.status(), got.reason(), headers, bodiless);
    if (got.isSwitch()) {
      switched = true;
      answer.flush();
      caller.switchProtocols();
    }
  }

  /// A piece of the body has come, which is ours now.
  ///
  /// @return whether the caller has the whole answer, and nothing more can follow
  boolean piece(ByteBuf piece, boolean last, long nowNanos) {
    capture.responsePiece(piece, nowNanos);
    answered += piece.readableBytes();
    // Whatever the model's framing does later, the byte that the caller waits for last completes
    // it.
    boolean whole = last || answered == declared;
    if (bodiless) {
      piece.release();
    } else {
      if (whole) {
        complete.run();
      }
      answer.piece(piece, last);
    }
    return last || (whole && !answer.takesTrailers());
  }

  /// The answer ends with trailers.
  void ended(List<Header> trailers) {
    capture.grpcStatus(trailers);
    complete.run();
    if (!bodiless) {
      answer.trailers(Trailers.passed(trailers, hops));
    }
  }

  /// The caller was sent every byte, and the model's own end is not waited for.
  void endNow() {
    if (!bodiless) {
      answer.piece(Unpooled.EMPTY_BUFFER, true);
    }
  }

  /// Answers in the model's place.
  ///
  /// @param goesOn whether another request may follow on the caller's connection
  /// @param end run before the completing byte is released, instead of `complete`
  void reply(LocalReply given, boolean goesOn, Runnable end) {
    LocalReply reply = Grpc.isCall(request) ? Grpc.replyOf(given) : given;
    List<Header> headers = new ArrayList<>(reply.headers());
    PassedHeaders.addOurs(headers, id, capture.labels(), loop.knownHeaders());
    int length = reply.body().remaining();
    boolean empty = request.method().equals("HEAD") || length == 0;
    BodyFraming framing = empty ? BodyFraming.NONE : BodyFraming.ofLength(length);
    answer.frame(request, reply.status(), framing, length, goesOn, headers);
    ByteBuf body = empty ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(reply.body().duplicate());
    capture.responseStarted(reply.status(), headers);
    capture.responsePiece(body, loop.time().nanos());
    capture.grpcStatus(headers);
    end.run();
    answer.head(reply.status(), Reasons.of(reply), headers, empty);
    if (!empty) {
      answer.piece(body, true);
    }
  }

  private void passInterim(ModelAnswer got) {
    // 100 is ours to give; who speaks HTTP/1.0 knows none of them.
    if (got.status() != 100 && request.minor() == 1) {
      List<Header> headers = new ArrayList<>();
      for (Header header : got.headers()) {
        if (!Hops.keeps(header.name(), got.hops()) && !header.name().equals("content-length")) {
          headers.add(header);
        }
      }
      answer.interim(got.status(), got.reason(), headers);
    }
  }

  private void learnFrom(ModelAnswer got) {
    List<Header> headers = got.headers();
    if (got.status() / 100 == 2 && request.method().equals("POST")) {
      deployment.succeededAt(path);
    }
    String name = RawHead.first(headers, PassedHeaders.MODEL_NAME);
    String version = RawHead.first(headers, PassedHeaders.MODEL_VERSION);
    if (name != null || version != null) {
      deployment.learn(sane(name), sane(version));
    }
  }

  private static String sane(@Nullable String text) {
    return text != null && RequestId.isValid(text) ? text : "";
  }
}
