package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Hosted;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A copy of one request for a mirror: gathers the body as it passes, is sent when the request is
/// whole, and its answer is thrown away. No record is made of it; what became of it is counted.
/// Confined to the event loop of its request.
final class MirrorCopy implements ModelCall.Listener, ModelPool.Borrower {
  private final ProxyLoop loop;
  private final Deployment deployment;
  private final CallerRequest request;
  private final String path;
  private final List<Header> headers;
  private final ModelLimits limits;
  private @Nullable ByteBuf body;
  private int taken; // of the loop's room for bodies
  private @Nullable ModelCall model;
  private boolean sent;
  private boolean counted; // as what callers want of it
  private boolean entered;
  private boolean over;
  private int status;
  private long sentNanos;
  private long progressNanos;

  MirrorCopy(
      ProxyLoop loop,
      Deployment deployment,
      CallerRequest request,
      String path,
      List<Header> headers) {
    this.loop = loop;
    this.deployment = deployment;
    this.request = request;
    this.path = path;
    this.headers = headers;
    this.limits = loop.config().model().within(deployment.model().bounds());
  }

  /// Copies a piece of the request's body, which stays the caller's.
  void piece(ByteBuf piece) {
    if (over || sent) {
      return;
    }
    int more = piece.readableBytes();
    if (taken + more > Mirrors.BODY_BYTES_MAX) {
      end(Mirrored.TOO_LARGE);
    } else if (!loop.mirrors().take(more)) {
      end(Mirrored.SKIPPED);
    } else {
      taken += more;
      ByteBuf before = body;
      ByteBuf all = before == null ? loop.buffers().ioBuffer(more) : before;
      body = all.writeBytes(piece, piece.readerIndex(), more);
    }
  }

  /// The request is whole: off it goes.
  void send() {
    if (over || sent) {
      return;
    }
    sent = true;
    sentNanos = loop.time().nanos();
    progressNanos = sentNanos;
    Hosted hosted = deployment.hosted();
    if (hosted != null && hosted.replicas().all().isEmpty()) {
      hosted.wake(); // for the next ones: nobody waits for a copy
    }
    counted = hosted != null && hosted.tryStart(Integer.MAX_VALUE);
    if (counted && hosted != null) {
      hosted.came();
    }
    entered = deployment.circuit().enter();
    if (entered) {
      loop.models().acquire(deployment, this);
    } else {
      end(Mirrored.SKIPPED);
    }
  }

  /// The exchange that this is a copy of is over.
  void originalEnded() {
    if (!sent) {
      end(Mirrored.SKIPPED);
    }
  }

  @Override
  public void modelReady(ModelCall call) {
    model = call;
    progressNanos = loop.time().nanos();
    call.begin(this, request, path, headers);
    ByteBuf whole = body;
    body = null;
    if (whole != null) {
      call.piece(whole);
    }
    call.end(List.of());
    call.flush();
  }

  @Override
  public void modelUnreachable() {
    end(Mirrored.UNREACHABLE);
  }

  @Override
  public void tooManyWait() {
    end(Mirrored.SKIPPED);
  }

  @Override
  public boolean isGone() {
    return over;
  }

  @Override
  public void answerStarted(ModelAnswer answer) {
    progressNanos = loop.time().nanos();
    status = answer.status();
  }

  @Override
  public void answerPiece(ByteBuf piece, boolean last) {
    progressNanos = loop.time().nanos();
    piece.release();
    if (last) {
      answered();
    }
  }

  @Override
  public void answerEnded(List<Header> trailers) {
    answered();
  }

  private void answered() {
    ModelCall from = leaveModel();
    if (from != null) {
      from.letGo(true);
    }
    end(status < 500 ? Mirrored.ANSWERED : Mirrored.FAILED);
  }

  @Override
  public void modelBroke() {
    leaveModel();
    end(Mirrored.RESET);
  }

  @Override
  public void modelReadComplete() {
    // Nothing of it goes anywhere.
  }

  @Override
  public void modelWritabilityChanged() {
    // All of it was written at once: it is small.
  }

  void tick(long nowNanos) {
    if (!sent) {
      return; // its request has deadlines of its own
    }
    if (model == null && nowNanos - sentNanos >= limits.connect().toNanos()) {
      loop.models().forget(this);
      end(Mirrored.UNREACHABLE);
      return;
    }
    long quiet = (status < 200 ? limits.firstByte() : limits.idle()).toNanos();
    if (nowNanos - progressNanos >= quiet || nowNanos - sentNanos >= limits.total().toNanos()) {
      end(Mirrored.TIMED_OUT);
    }
  }

  void stop() {
    end(Mirrored.SKIPPED);
  }

  private void end(Mirrored outcome) {
    if (over) {
      return;
    }
    over = true;
    ByteBuf unsent = body;
    body = null;
    if (unsent != null) {
      unsent.release();
    }
    ModelCall open = leaveModel();
    if (open != null) {
      open.close();
    } else if (sent) {
      loop.models().forget(this);
    }
    if (entered) {
      deployment.circuit().leave();
    }
    Hosted hosted = deployment.hosted();
    if (counted && hosted != null) {
      hosted.ended();
    }
    loop.mirrors().ended(this, taken);
    loop.events().mirrored(deployment.model().id(), outcome);
  }

  private @Nullable ModelCall leaveModel() {
    ModelCall from = model;
    model = null;
    if (from != null) {
      from.replica().ended();
    }
    return from;
  }
}
