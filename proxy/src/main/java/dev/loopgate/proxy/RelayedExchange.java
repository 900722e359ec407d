package dev.loopgate.proxy;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One exchange with a model: passes both directions on as they come, copies as they pass, and ends
/// once. Confined to the event loop of both connections.
///
/// Read it downwards: start, modelReady, requestPiece, requestEnded, answerStarted, answerPiece.
/// Every other way out goes through [#replyLocally] or [#cut].
final class RelayedExchange implements Exchange, ModelConnection.Listener, ModelPool.Borrower {
  /// The connector has the same deadline: it should be the first to know.
  private static final Duration CONNECT_GRACE = Duration.ofMillis(200);

  private final Caller caller;
  private final Answer answer;
  private final ProxyLoop loop;
  private final CallerRequest request;
  private final Deployment deployment;
  private final RequestId id;
  private final String modelPath;
  private final List<Header> modelHeaders;
  private final ExchangeCapture capture;
  private final boolean climbsOut;
  private final long startNanos;

  private @Nullable ModelConnection model;
  private boolean swallowing; // there is no model: the body in hand is only copied
  private boolean requestWhole;
  private boolean answerStarted; // its head went to the caller
  private boolean bodiless; // the answer's head is all of it
  private boolean over;
  private long progressNanos;

  RelayedExchange(
      Caller caller,
      ProxyLoop loop,
      CallerRequest request,
      RequestIdentity identity,
      Fleet.Match match) {
    this.caller = caller;
    this.answer = caller.answer();
    this.loop = loop;
    this.request = request;
    this.deployment = match.deployment();
    this.id = identity.id();
    this.climbsOut = Router.climbsOut(match.path());
    this.modelPath =
        deployment.model().replica().basePath()
            + match.path()
            + request.target().substring(request.path().length());
    this.modelHeaders =
        PassedHeaders.toModel(request, id, loop.config().forwarding(), caller, loop.knownHeaders());
    this.capture = ExchangeCapture.begin(loop, request, identity, match, modelPath, modelHeaders);
    this.startNanos = capture.startNanos();
    this.progressNanos = startNanos;
  }

  @Override
  public void start() {
    if (climbsOut) {
      // Later, when the body in hand can be copied too.
      loop.eventLoop().execute(() -> giveUp(Ending.REJECTED, LocalReplies.climbsOut()));
      return;
    }
    loop.models().acquire(deployment.model(), this);
  }

  @Override
  public void modelReady(ModelConnection connection) {
    model = connection;
    capture.connected();
    progressNanos = loop.time().nanos();
    connection.serve(this, request.method());
    Model to = deployment.model();
    connection.writeHead(
        HeadWriter.request(
            loop.buffers(),
            request.method(),
            modelPath,
            PassedHeaders.authorityOf(to),
            modelHeaders));
    if (request.expectsContinue() && !caller.hasUnread()) {
      answer.interim(100, "Continue", List.of());
      answer.flush();
    }
    caller.resume(); // flushes head and body in hand together
  }

  @Override
  public void modelUnreachable() {
    giveUp(Ending.MODEL_UNREACHABLE, LocalReplies.modelUnreachable(deployment.model().id()));
  }

  @Override
  public boolean isGone() {
    return over || swallowing;
  }

  @Override
  public boolean takesBody() {
    return model != null || swallowing;
  }

  @Override
  public boolean wantsMore() {
    ModelConnection to = model;
    return to == null || to.isWritable();
  }

  @Override
  public void requestPiece(ByteBuf piece) {
    progressNanos = loop.time().nanos();
    capture.requestPiece(piece);
    ModelConnection to = model;
    if (to == null || over) {
      piece.release();
      return;
    }
    if (request.framing().kind() == BodyFraming.Kind.CHUNKED) {
      to.write(HeadWriter.chunkStart(loop.buffers(), piece.readableBytes()));
      to.write(piece);
      to.write(HeadWriter.chunkEnd(loop.buffers()));
    } else {
      to.write(piece);
    }
  }

  @Override
  public void requestEnded() {
    progressNanos = loop.time().nanos();
    requestWhole = true;
    capture.requestWhole();
    ModelConnection to = model;
    if (to != null && request.framing().kind() == BodyFraming.Kind.CHUNKED) {
      to.write(HeadWriter.lastChunk(loop.buffers()));
    }
  }

  @Override
  public void callerReadComplete() {
    ModelConnection to = model;
    if (to != null) {
      to.flush();
    }
  }

  @Override
  public void answerStarted(ModelAnswer got) {
    progressNanos = loop.time().nanos();
    if (got.isInterim()) {
      passInterim(got);
      return;
    }
    learnFrom(got.headers());
    List<Header> headers = PassedHeaders.toCaller(got, id, deployment, loop.knownHeaders());
    boolean goesOn = request.persistent() && requestWhole && !loop.isLeaving();
    answer.frame(request, got.status(), got.framing(), got.declaredLength(), goesOn, headers);
    capture.responseStarted(got.status(), headers);
    answerStarted = true;
    bodiless = got.framing().isEmpty();
    if (bodiless) {
      complete(); // before the write: without a body the head is what completes the got (P1)
    }
    answer.head(got.status(), got.reason(), headers, bodiless);
  }

  @Override
  public void answerPiece(ByteBuf piece, boolean last) {
    progressNanos = loop.time().nanos();
    capture.responsePiece(piece);
    if (bodiless) {
      piece.release();
    } else {
      if (last) {
        complete(); // before the write: who has the last byte must find the entry kept (P1)
      }
      answer.piece(piece, last);
    }
    if (last) {
      finish();
    } else if (!answer.isWritable()) {
      setModelReading(false);
    }
  }

  @Override
  public void modelReadComplete() {
    answer.flush();
  }

  @Override
  public void callerWritabilityChanged() {
    progressNanos = loop.time().nanos();
    setModelReading(answer.isWritable());
  }

  @Override
  public void modelWritabilityChanged() {
    progressNanos = loop.time().nanos();
    caller.updateReading();
  }

  @Override
  public void modelBroke() {
    model = null;
    fail(Ending.MODEL_RESET, LocalReplies.modelReset(deployment.model().id()));
  }

  @Override
  public void requestMalformed() {
    loop.events().malformed(400);
    fail(Ending.REJECTED, LocalReplies.refused(400, "the chunks of the body are malformed"));
  }

  @Override
  public void callerLeft() {
    if (!over && !capture.isEnded()) { // else its head was all of it, and the rest follows at once
      over = true;
      capture.end(Ending.CLIENT_LEFT, false);
      closeModel(); // nobody waits for its answer any more
    }
  }

  @Override
  public void stop() {
    if (!over) {
      swallowing |= model == null;
      fail(Ending.GATEWAY_STOPPED, LocalReplies.gatewayStopped());
    }
  }

  @Override
  public void tick(long nowNanos) {
    CallerLimits callers = loop.config().caller();
    ModelLimits models = loop.config().model();
    String deploymentId = deployment.model().id();
    long quietNanos = nowNanos - progressNanos;
    if (over || swallowing) {
      return;
    }
    if (nowNanos - startNanos >= models.total().toNanos()) {
      fail(Ending.TIMED_OUT, LocalReplies.timedOut(deploymentId));
    } else if (model == null) {
      if (nowNanos - startNanos >= models.connect().plus(CONNECT_GRACE).toNanos()) {
        boolean waited = loop.models().forget(this);
        giveUp(
            Ending.MODEL_UNREACHABLE,
            waited
                ? LocalReplies.noConnectionFree(deploymentId)
                : LocalReplies.modelUnreachable(deploymentId));
      }
    } else if (answerStarted) {
      tickAnswer(quietNanos, callers, models);
    } else if (!requestWhole && wantsMore()) {
      if (quietNanos >= callers.stalled().toNanos()) {
        fail(Ending.REJECTED, LocalReplies.requestStalled());
      }
    } else if (quietNanos >= models.firstByte().toNanos()) {
      fail(Ending.TIMED_OUT, LocalReplies.timedOut(deploymentId));
    }
  }

  private void tickAnswer(long quietNanos, CallerLimits callers, ModelLimits models) {
    if (!answer.isWritable()) {
      if (quietNanos >= callers.stalled().toNanos()) {
        cut(Ending.CLIENT_LEFT); // it is there, but takes nothing
      }
    } else if (quietNanos >= models.idle().toNanos()) {
      cut(Ending.TIMED_OUT);
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

  private void learnFrom(List<Header> headers) {
    String name = RawHead.first(headers, PassedHeaders.MODEL_NAME);
    String version = RawHead.first(headers, PassedHeaders.MODEL_VERSION);
    if (name != null || version != null) {
      deployment.learn(sane(name), sane(version));
    }
  }

  private static String sane(@Nullable String text) {
    return text != null && RequestId.isValid(text) ? text : "";
  }

  private void complete() {
    capture.end(Ending.COMPLETE, true);
  }

  private void finish() {
    over = true;
    ModelConnection from = model;
    model = null;
    if (from != null) {
      // With the request still on its way there is no telling where the next one would begin.
      from.letGo(requestWhole);
    }
    caller.finish();
  }

  // There is no model to ask: copies the body that is in hand, then replies.
  private void giveUp(Ending ending, LocalReply reply) {
    if (!over) {
      swallowing = true;
      caller.resume();
      fail(ending, reply);
    }
  }

  private void fail(Ending ending, LocalReply reply) {
    if (over) {
      return;
    }
    if (answerStarted) {
      cut(ending);
    } else {
      replyLocally(ending, reply);
    }
  }

  private void replyLocally(Ending ending, LocalReply reply) {
    over = true;
    closeModel();
    boolean keep =
        request.persistent() && requestWhole && ending != Ending.REJECTED && !loop.isLeaving();
    List<Header> headers = new ArrayList<>(reply.headers());
    PassedHeaders.addOurs(headers, id, deployment, loop.knownHeaders());
    int length = reply.body().remaining();
    boolean empty = request.method().equals("HEAD") || length == 0;
    BodyFraming framing = empty ? BodyFraming.NONE : BodyFraming.ofLength(length);
    answer.frame(request, reply.status(), framing, length, keep, headers);
    ByteBuf body = empty ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(reply.body().duplicate());
    capture.responseStarted(reply.status(), headers);
    capture.responsePiece(body);
    capture.end(ending, true); // before the write: a local reply has a completing byte too (P1)
    answer.head(reply.status(), Reasons.of(reply), headers, empty);
    if (!empty) {
      answer.piece(body, true);
    }
    caller.finish();
  }

  // An answer has begun and can not be completed: its caller must not take it for whole.
  private void cut(Ending ending) {
    over = true;
    closeModel();
    capture.end(ending, false);
    caller.abort();
  }

  private void closeModel() {
    ModelConnection to = model;
    model = null;
    if (to != null) {
      to.close();
    } else {
      loop.models().forget(this);
    }
  }

  private void setModelReading(boolean reading) {
    ModelConnection from = model;
    if (from != null) {
      from.setReading(reading);
    }
  }
}
