package dev.loopgate.proxy;

import dev.loopgate.capture.Ending;
import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One exchange with a model: passes both directions on as they come, copies as they pass, and ends
/// once. Confined to the event loop of both connections.
///
/// Read it downwards: start, arrived, requestPiece, requestEnded, answerStarted, answerPiece. Every
/// other way out goes through [#replyLocally] or [#cut].
final class RelayedExchange implements Exchange, ModelCall.Listener, WayToModel.Traveller {
  private final Caller caller;
  private final Answer answer;
  private final ProxyLoop loop;
  private final CallerRequest request;
  private final Deployment deployment;
  private final String modelPath;
  private final List<Header> modelHeaders;
  private final ModelLimits limits;
  private final ExchangeCapture capture;
  private final AnswerRelay back;
  private final WayToModel way;
  private final boolean climbsOut;
  private final @Nullable MirrorCopy mirrored;

  private @Nullable ModelCall model;
  private boolean swallowing; // there is no model: the body in hand is only copied
  private boolean requestWhole;
  private boolean over;
  private boolean replicaLeft; // it was told that its request is over
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
    this.limits = loop.config().model().within(deployment.model().bounds());
    this.climbsOut = match.climbsOut();
    this.modelPath =
        deployment.model().basePath()
            + match.path()
            + request.target().substring(request.path().length());
    this.way = new WayToModel(loop, request, match, limits, this);
    Admission admission = way.admission();
    // Where tokens are asked for, whoever shows none gets no tunnel either.
    boolean upgrades = admission != null || loop.policy() == null;
    this.modelHeaders =
        PassedHeaders.toModel(
            request, identity.id(), deployment.model().upstream(), caller, loop, upgrades);
    if (admission != null) {
      admission.takeTokenFrom(modelHeaders);
    }
    this.capture = ExchangeCapture.begin(loop, request, identity, match, modelPath, modelHeaders);
    this.back =
        new AnswerRelay(caller, loop, request, identity.id(), match, capture, this::complete);
    this.mirrored = climbsOut ? null : loop.mirrors().copyOf(match, request, modelHeaders);
    this.progressNanos = capture.startNanos();
  }

  @Override
  public void start() {
    if (climbsOut) {
      // Later, when the body in hand can be copied too.
      loop.eventLoop().execute(() -> turnedAway(Ending.REJECTED, LocalReplies.climbsOut()));
      return;
    }
    way.begin();
  }

  @Override
  public void arrived(ModelCall call) {
    model = call;
    capture.connected(call.replica());
    back.coldStart(way.coldStartNanos(), way.sinceNanos());
    progressNanos = loop.time().nanos();
    call.begin(this, request, modelPath, modelHeaders);
    if (request.expectsContinue() && !caller.hasUnread()) {
      answer.interim(100, "Continue", List.of());
      answer.flush();
    }
    caller.resume(); // flushes head and body in hand together
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
    ModelCall to = model;
    return to == null || to.isWritable();
  }

  @Override
  public void requestPiece(ByteBuf piece) {
    progressNanos = loop.time().nanos();
    capture.requestPiece(piece);
    if (mirrored != null) {
      mirrored.piece(piece);
    }
    ModelCall to = model;
    if (to == null || over) {
      piece.release();
    } else {
      to.piece(piece);
    }
  }

  @Override
  public void requestEnded(List<Header> trailers) {
    progressNanos = loop.time().nanos();
    requestWhole = true;
    capture.requestWhole();
    if (mirrored != null && model != null) {
      mirrored.send();
    }
    ModelCall to = model;
    if (to != null) {
      to.end(Trailers.passed(trailers, request.hops()));
    }
  }

  @Override
  public void callerReadComplete() {
    ModelCall to = model;
    if (to != null) {
      to.flush();
    }
  }

  @Override
  public void answerStarted(ModelAnswer got) {
    progressNanos = loop.time().nanos();
    back.started(got, requestWhole);
  }

  @Override
  public void answerPiece(ByteBuf piece, boolean last) {
    progressNanos = loop.time().nanos();
    if (back.piece(piece, last, progressNanos)) {
      finish();
    } else if (!answer.isWritable()) {
      setModelReading(false);
    }
  }

  @Override
  public void answerEnded(List<Header> trailers) {
    progressNanos = loop.time().nanos();
    back.ended(trailers);
    finish();
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
    leaveModel();
    if (back.isSwitched()) {
      cut(Ending.MODEL_RESET);
      return;
    }
    fail(Ending.MODEL_RESET, LocalReplies.modelReset(deployment.model().id()));
  }

  @Override
  public void requestMalformed() {
    loop.events().malformed(400);
    fail(Ending.REJECTED, LocalReplies.refused(400, "the chunks of the body are malformed"));
  }

  // Of a request that no model has had, too, the record says what came.
  @Override
  public boolean takesRest() {
    boolean rest = !over && model == null && !capture.isEnded();
    swallowing |= rest;
    return rest;
  }

  @Override
  public void callerLeft() {
    if (over) {
      return;
    }
    if (capture.isEnded()) {
      // All was sent, maybe at this moment; what the model still has to say is for nobody.
      loop.eventLoop().execute(this::abandon);
      return;
    }
    over = true;
    boolean switched = back.isSwitched(); // then either side may end it
    end(switched ? Ending.COMPLETE : Ending.CLIENT_LEFT, switched);
    closeModel(); // nobody waits for its answer any more
  }

  @Override
  public void stop() {
    if (model == null) {
      turnedAway(Ending.GATEWAY_STOPPED, LocalReplies.gatewayStopped());
    } else {
      fail(Ending.GATEWAY_STOPPED, LocalReplies.gatewayStopped());
    }
  }

  @Override
  public void tick(long nowNanos) {
    CallerLimits callers = loop.config().caller();
    String deploymentId = deployment.model().id();
    long quietNanos = nowNanos - progressNanos;
    if (over || swallowing) {
      return;
    }
    if (!way.isHeld() && nowNanos - way.sinceNanos() >= limits.total().toNanos()) {
      fail(Ending.TIMED_OUT, LocalReplies.timedOut(deploymentId));
    } else if (model == null) {
      way.tick(nowNanos);
    } else if (back.isStarted()) {
      tickAnswer(quietNanos, callers);
    } else if (!requestWhole && wantsMore()) {
      if (quietNanos >= callers.stalled().toNanos()) {
        fail(Ending.REJECTED, LocalReplies.requestStalled());
      }
    } else if (quietNanos >= limits.firstByte().toNanos()) {
      fail(Ending.TIMED_OUT, LocalReplies.timedOut(deploymentId));
    }
  }

  private void tickAnswer(long quietNanos, CallerLimits callers) {
    if (!answer.isWritable()) {
      if (quietNanos >= callers.stalled().toNanos()) {
        fail(Ending.CLIENT_LEFT, LocalReplies.requestStalled()); // it is there, but takes nothing
      }
    } else if (quietNanos >= limits.idle().toNanos()) {
      fail(Ending.TIMED_OUT, LocalReplies.timedOut(deployment.model().id()));
    }
  }

  private void complete() {
    if (!capture.isEnded()) {
      end(Ending.COMPLETE, true);
    }
  }

  private void abandon() {
    if (!over) {
      over = true;
      closeModel();
    }
  }

  private void end(Ending ending, boolean responseWhole) {
    leaveReplica(); // first: who gets our place must find it free
    way.end();
    if (mirrored != null) {
      mirrored.originalEnded();
    }
    capture.end(ending, responseWhole);
  }

  private void finish() {
    over = true;
    ModelCall from = leaveModel();
    if (from != null) {
      from.letGo(requestWhole);
    }
    caller.finish();
  }

  /// There is no model to ask: copies the body that is in hand, then replies.
  @Override
  public void turnedAway(Ending ending, LocalReply reply) {
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
    if (capture.isEnded()) {
      wrapUp();
    } else if (back.isStarted()) {
      cut(ending);
    } else {
      replyLocally(ending, reply);
    }
  }

  // The caller was sent every byte, and only the model's own end is missing.
  private void wrapUp() {
    closeModel();
    back.endNow();
    finish();
  }

  private void replyLocally(Ending ending, LocalReply reply) {
    over = true;
    closeModel();
    boolean keep = request.persistent() && requestWhole && !climbsOut && !loop.isLeaving();
    back.reply(reply, keep, () -> end(ending, true));
    caller.finish();
  }

  // An answer has begun and can not be completed: its caller must not take it for whole.
  private void cut(Ending ending) {
    over = true;
    closeModel();
    end(ending, false);
    caller.abort();
  }

  private void closeModel() {
    ModelCall to = leaveModel();
    if (to != null) {
      to.close();
    } else {
      way.leave();
    }
  }

  private @Nullable ModelCall leaveModel() {
    leaveReplica();
    ModelCall from = model;
    model = null;
    return from;
  }

  private void leaveReplica() {
    ModelCall at = model;
    if (at != null && !replicaLeft) {
      replicaLeft = true;
      at.replica().ended();
    }
  }

  private void setModelReading(boolean reading) {
    ModelCall from = model;
    if (from != null) {
      from.setReading(reading);
    }
  }
}
