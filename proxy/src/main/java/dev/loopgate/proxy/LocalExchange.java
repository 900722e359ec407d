package dev.loopgate.proxy;

import dev.loopgate.capture.Header;
import dev.loopgate.capture.RequestId;
import dev.loopgate.policy.Decision;
import dev.loopgate.spool.SpoolLane;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One exchange with the door itself: collects the bounded body, asks the service, sends its reply.
/// Confined to the caller's event loop; only the reply may come from elsewhere.
final class LocalExchange implements Exchange {
  /// Bytes of a body that nobody wants which are read for the sake of the connection.
  private static final int DISCARDED_BYTES_MAX = 1 << 20;

  private static final Duration REPLY_WITHIN = Duration.ofSeconds(30);
  private static final Set<String> OURS =
      Set.of("content-length", "transfer-encoding", "connection", RequestIdentity.HEADER);

  /// A service that always says the same.
  record Always(LocalReply reply) implements LocalService {
    @Override
    public boolean serves(String method, String path) {
      return true;
    }

    @Override
    public int bodyBytesMax() {
      return 0;
    }

    @Override
    public void handle(LocalRequest request, SpoolLane lane, Consumer<LocalReply> reply) {
      reply.accept(this.reply);
    }
  }

  private final Caller caller;
  private final ProxyLoop loop;
  private final CallerRequest request;
  private final RequestId id;
  private final LocalService service;
  private final @Nullable Admission admission; // null: it needs none
  private @Nullable ByteArrayOutputStream body;
  private int taken; // of the bytes all loops share, until the reply is written
  private boolean tooLarge;
  private long discarded;
  private boolean requestWhole;
  private boolean asked;
  private boolean over;
  private @Nullable StreamedReply streamed;
  private long progressNanos;

  LocalExchange(
      Caller caller,
      ProxyLoop loop,
      CallerRequest request,
      RequestIdentity identity,
      LocalService service) {
    this.caller = caller;
    this.loop = loop;
    this.request = request;
    this.id = identity.id();
    this.service = service;
    this.admission = Admission.toService(loop, request, service);
    this.progressNanos = loop.time().nanos();
  }

  @Override
  public void start() {
    if (admission == null) {
      admitted();
    } else {
      admission.ask(this::decided);
    }
  }

  private void decided(Decision decision) {
    if (over) {
      return; // the caller left meanwhile, or time was up
    }
    progressNanos = loop.time().nanos();
    LocalReply refusal = LocalReplies.refusalOfApi(decision);
    if (refusal == null) {
      admitted();
      caller.resume(); // what is in hand can be taken now
    } else {
      asked = true; // by nobody any more
      tooLarge = true; // so nothing of the body is kept
      caller.resume();
      answer(refusal);
    }
  }

  private void admitted() {
    long declared = request.framing().length();
    boolean hopeless = declared > (long) service.bodyBytesMax() + DISCARDED_BYTES_MAX;
    if (hopeless || (request.expectsContinue() && declared > service.bodyBytesMax())) {
      tooLarge = true; // the caller need not send what nobody will read
      ask();
    } else if (request.expectsContinue() && !caller.hasUnread()) {
      caller.answer().interim(100, "Continue", List.of());
      caller.answer().flush();
    }
  }

  @Override
  public boolean takesBody() {
    return admission == null || !admission.isPending();
  }

  @Override
  public boolean wantsMore() {
    return true;
  }

  @Override
  public void requestPiece(ByteBuf piece) {
    progressNanos = loop.time().nanos();
    int length = piece.readableBytes();
    if (over) {
      piece.release();
      return;
    }
    if (!tooLarge && taken + length <= service.bodyBytesMax()) {
      if (loop.localBytes().tryTake(length)) {
        collect(piece, length);
        piece.release();
      } else {
        piece.release();
        asked = true;
        answer(LocalReplies.tooManyBodies());
      }
      return;
    }
    piece.release();
    tooLarge = true;
    body = null;
    discarded += length;
    if (discarded > DISCARDED_BYTES_MAX && !asked) {
      ask();
    }
  }

  @Override
  public void requestEnded(List<Header> trailers) {
    requestWhole = true;
    if (!asked) {
      ask();
    }
  }

  @Override
  public void requestMalformed() {
    loop.events().malformed(400);
    asked = true;
    answer(LocalReplies.refused(400, "the chunks of the body are malformed"));
  }

  @Override
  public void callerLeft() {
    StreamedReply streaming = streamed;
    if (streaming != null) {
      streaming.close();
    }
    if (!over) {
      over = true;
      loop.localBytes().giveBack(taken);
    }
  }

  @Override
  public void callerReadComplete() {}

  @Override
  public void callerWritabilityChanged() {
    StreamedReply streaming = streamed;
    if (streaming != null) {
      streaming.pass();
    }
  }

  @Override
  public void tick(long nowNanos) {
    StreamedReply streaming = streamed;
    if (streaming != null) {
      streaming.tick(nowNanos);
      return;
    }
    long quietNanos = nowNanos - progressNanos;
    if ((asked || !takesBody()) && quietNanos >= REPLY_WITHIN.toNanos()) {
      answer(LocalReplies.noReply());
    } else if (!asked && quietNanos >= loop.config().caller().stalled().toNanos()) {
      asked = true;
      answer(LocalReplies.requestStalled());
    }
  }

  @Override
  public void stop() {
    StreamedReply streaming = streamed;
    if (streaming != null) {
      streaming.end();
      return;
    }
    asked = true;
    answer(LocalReplies.gatewayStopped());
  }

  private void collect(ByteBuf piece, int length) {
    ByteArrayOutputStream into = body;
    if (into == null) {
      into = new ByteArrayOutputStream(Math.max(256, length));
      body = into;
    }
    taken += length;
    byte[] bytes = new byte[length];
    piece.getBytes(piece.readerIndex(), bytes);
    into.write(bytes, 0, length);
  }

  private void ask() {
    asked = true;
    progressNanos = loop.time().nanos();
    ByteArrayOutputStream collected = body;
    byte[] bytes = collected == null ? new byte[0] : collected.toByteArray();
    body = null;
    LocalRequest asking =
        new LocalRequest(
            request.method(),
            request.target(),
            request.host(),
            request.headers(),
            ByteBuffer.wrap(bytes).asReadOnlyBuffer(),
            tooLarge);
    AtomicBoolean replied = new AtomicBoolean();
    try {
      service.handle(
          asking,
          loop.lane(),
          reply -> {
            if (replied.getAndSet(true)) {
              throw new IllegalStateException("local reply: given twice");
            }
            if (loop.eventLoop().inEventLoop()) {
              answer(reply);
            } else {
              loop.eventLoop().execute(() -> answer(reply));
            }
          });
    } catch (RuntimeException e) {
      loop.events().failed(e);
      answer(LocalReplies.serviceFailed());
    }
  }

  private void answer(LocalReply given) {
    LocalStream stream = given.stream();
    if (over) {
      if (stream != null) {
        stream.close();
      }
      return; // the caller left, or time was up
    }
    LocalReply reply = Grpc.isCall(request) ? Grpc.replyOf(given) : given;
    over = true;
    body = null;
    boolean keep = request.persistent() && requestWhole && !loop.isLeaving();
    List<Header> headers = new ArrayList<>(reply.headers().size() + 3);
    for (Header header : reply.headers()) {
      if (!OURS.contains(header.name())) {
        headers.add(header);
      }
    }
    headers.add(new Header(RequestIdentity.HEADER, id.value()));
    if (stream != null) {
      stream(stream, reply, keep, headers);
      return;
    }
    int length = reply.body().remaining();
    boolean bodiless =
        request.method().equals("HEAD")
            || reply.status() == 204
            || reply.status() == 304
            || length == 0;
    Answer answer = caller.answer();
    answer.frame(
        request,
        reply.status(),
        bodiless ? BodyFraming.NONE : BodyFraming.ofLength(length),
        length,
        keep,
        headers);
    answer.head(reply.status(), Reasons.of(reply), headers, bodiless);
    if (bodiless) {
      loop.localBytes().giveBack(taken);
    } else {
      // What a service says may be as long as what it was told, and a caller may be slow to take
      // it.
      answer.whole(
          Unpooled.wrappedBuffer(reply.body().duplicate()),
          () -> loop.localBytes().giveBack(taken));
    }
    caller.finish();
  }

  private void stream(LocalStream stream, LocalReply reply, boolean keep, List<Header> headers) {
    boolean bodiless = request.method().equals("HEAD") || Grpc.isCall(request);
    Answer answer = caller.answer();
    BodyFraming framing = bodiless ? BodyFraming.NONE : BodyFraming.CHUNKED;
    answer.frame(request, reply.status(), framing, -1, keep, headers);
    answer.head(reply.status(), Reasons.of(reply), headers, bodiless);
    loop.localBytes().giveBack(taken);
    if (bodiless) {
      stream.close();
      answer.flush();
      caller.finish();
      return;
    }
    StreamedReply streaming = new StreamedReply(stream, caller, loop);
    streamed = streaming;
    streaming.start();
  }
}
