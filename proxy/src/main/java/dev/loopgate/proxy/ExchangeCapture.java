package dev.loopgate.proxy;

import dev.loopgate.capture.BodyCapture;
import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Header;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.Requesting;
import dev.loopgate.capture.Responding;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Sampling;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.fleet.ReplicaState;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What is kept of one exchange, from its head to its single ending: in the ledger, in the spool,
/// in the events. Confined to the exchange's event loop.
///
/// An exchange that is not captured goes the same way; only the ledger and the spool hear nothing
/// of it. One that the sampling leaves out is counted, and nothing of it is copied, unless its
/// ending may still have it kept.
final class ExchangeCapture {
  /// Shorter pauses are how the kernel cut the bytes, not how the model sent them.
  private static final long GAP_MIN_NANOS = 1_000_000;

  private final ProxyLoop loop;
  private final Fleet.Match match;
  private final int slot;
  private final long startNanos;
  private final CaptureRules rules;
  private @Nullable Requesting requesting; // null: not captured, or left out
  private final boolean sampledOut; // unless the ending says otherwise
  private @Nullable Responding responding;
  private int status;
  private long firstByteNanos = Timing.NONE;
  private long pieceNanos = Timing.NONE; // of the last piece of the response
  private long gapMaxNanos = Timing.NONE;
  private GrpcStatus grpc = GrpcStatus.NONE;
  private boolean requestWhole;
  private @Nullable ReplicaState replica; // that has or had the request
  private boolean ended;

  private ExchangeCapture(
      ProxyLoop loop,
      Fleet.Match match,
      int slot,
      long startNanos,
      CaptureRules rules,
      @Nullable Requesting requesting,
      boolean sampledOut) {
    this.loop = loop;
    this.match = match;
    this.slot = slot;
    this.startNanos = startNanos;
    this.rules = rules;
    this.requesting = requesting;
    this.sampledOut = sampledOut;
  }

  /// A request for a model was accepted: seen, in the ledger's words, if it is to be kept.
  ///
  /// @param modelPath path and query as the model will see them
  /// @param modelHeaders the headers as the model will see them, without `host`
  static ExchangeCapture begin(
      ProxyLoop loop,
      CallerRequest request,
      RequestIdentity identity,
      Fleet.Match match,
      String modelPath,
      List<Header> modelHeaders) {
    Model model = match.deployment().model();
    long startNanos = loop.time().nanos();
    int slot = loop.slotOf(model.id());
    loop.events().exchangeStarted(model.id());
    if (!model.kept().captured() || !model.predictor().captures(request.method(), match.path())) {
      return new ExchangeCapture(loop, match, slot, startNanos, CaptureRules.NONE, null, false);
    }
    CaptureRules rules = loop.captureRulesOf(model);
    long startMillis = loop.time().epochMillis();
    loop.lane().begun(EntryKind.PREDICTION, slot, startMillis);
    boolean chosen =
        new Sampling(model.kept().sampleRate()).keeps(identity.id())
            || rules.always().keeps(request.headers());
    if (!chosen && !rules.always().looksAtEndings()) {
      return new ExchangeCapture(loop, match, slot, startNanos, rules, null, true);
    }
    String external = kept(loop.redaction(), request, "x-request-id");
    Requesting requesting =
        new Requesting(
            identity.id(),
            identity.replaced(),
            external == null ? "" : external,
            traceIn(modelHeaders, loop.redaction()),
            headOf(loop, request, match.deployment(), modelPath, modelHeaders),
            startMillis,
            startNanos,
            new BodyCapture(loop.captureBuffers(), bytesMax(model, rules.request())),
            encodingIn(request.headers()));
    return new ExchangeCapture(loop, match, slot, startNanos, rules, requesting, !chosen);
  }

  /// When it began.
  long startNanos() {
    return startNanos;
  }

  /// A connection to the model is made: from now on its replica is known.
  void connected(ReplicaState to) {
    replica = to;
    Requesting before = requesting;
    if (before != null && !match.deployment().replicas().isOne()) {
      requesting = before.sentTo(to.replica().hostHeader());
    }
  }

  /// Copies a piece of the request's body.
  void requestPiece(ByteBuf piece) {
    if (requesting != null && !ended) {
      requesting.body().copyFrom(view(piece));
    }
  }

  /// The request's last byte has arrived.
  void requestWhole() {
    requestWhole = true;
  }

  /// The response's head is about to be sent.
  ///
  /// @param headers as the caller gets them
  void responseStarted(int status, List<Header> headers) {
    long nowNanos = loop.time().nanos();
    this.status = status;
    firstByteNanos = nowNanos - startNanos;
    if (requesting != null) {
      responding =
          requesting.responseStarted(
              new ResponseHead(status, loop.redaction().redact(headers)),
              new BodyCapture(
                  loop.captureBuffers(), bytesMax(match.deployment().model(), rules.response())),
              encodingIn(headers),
              nowNanos);
    }
  }

  /// Copies a piece of the response's body.
  ///
  /// @param nowNanos when it came
  void responsePiece(ByteBuf piece, long nowNanos) {
    if (pieceNanos != Timing.NONE) {
      gapMaxNanos = Math.max(gapMaxNanos, nowNanos - pieceNanos);
    }
    if (piece.isReadable()) {
      pieceNanos = nowNanos;
    }
    if (responding != null && !ended) {
      responding.body().copyFrom(view(piece));
    }
  }

  /// What a gRPC call's trailers say of how it ended, or the head of an answer without a body.
  void grpcStatus(List<Header> trailers) {
    if (requesting != null && !ended) {
      grpc = GrpcStatus.in(trailers, loop.redaction());
    }
  }

  /// The single ending. When this returns the entry is kept, or counted as sampled out or dropped.
  ///
  /// @param responseWhole the response's last byte is released by this ending
  void end(Ending ending, boolean responseWhole) {
    if (ended) {
      throw new IllegalStateException("exchange: ended before, ending=" + ending.word());
    }
    ended = true;
    long nowNanos = loop.time().nanos();
    Requesting request = requesting;
    boolean leftOut =
        sampledOut
            && (request == null || !rules.always().keeps(status, ending, nowNanos - startNanos));
    if (leftOut) {
      loop.lane().sampledOut(EntryKind.PREDICTION, slot, loop.time().epochMillis());
    } else if (request != null) {
      keep(request, ending, responseWhole, nowNanos);
    }
    release();
    loop.events()
        .exchangeEnded(
            match.deployment().model().id(), ending, status, nowNanos - startNanos, firstByteNanos);
  }

  boolean isEnded() {
    return ended;
  }

  private void keep(Requesting requesting, Ending ending, boolean responseWhole, long nowNanos) {
    long nowMillis = loop.time().epochMillis();
    Responding answer = responding;
    redact(requesting, answer, responseWhole);
    Prediction prediction =
        answer == null
            ? requesting.end(ending, target(), requestWhole, nowMillis, nowNanos)
            : answer.end(
                ending,
                target(),
                requestWhole || status == 101, // what follows has no end of its own
                responseWhole,
                gapMaxNanos < GAP_MIN_NANOS ? Timing.NONE : gapMaxNanos,
                grpc,
                nowMillis,
                nowNanos);
    switch (loop.lane().append(prediction, slot)) {
      case ACCEPTED -> {
        tellCut(requesting.body());
        if (answer != null) {
          tellCut(answer.body());
        }
      }
      case ACCEPTED_WITHOUT_BODIES -> loop.events().bodyCut(CutReason.RING_FULL);
      case FULL, CLOSED -> loop.events().entryDropped(match.deployment().model().id());
    }
  }

  // Before the ring, so that no secret is ever in it (P6).
  private void redact(Requesting request, @Nullable Responding answer, boolean responseWhole) {
    BodyRedactor redactor = loop.redactor();
    redactor.redact(request.body(), rules.request(), requestWhole, request.contentEncoding());
    if (answer != null) {
      redactor.redact(answer.body(), rules.response(), responseWhole, answer.contentEncoding());
    }
  }

  private void release() {
    if (responding != null) {
      responding.release();
    } else if (requesting != null) {
      requesting.release();
    }
  }

  private void tellCut(BodyCapture body) {
    CutReason reason = body.cut();
    if (reason != null) {
      loop.events().bodyCut(reason);
    }
  }

  /// What the model is called that answers.
  Deployment.Labels labels() {
    return match.deployment().labelsAt(match.path(), replica);
  }

  private Target target() {
    Deployment deployment = match.deployment();
    ReplicaState reached = replica;
    Deployment.Labels labels = labels();
    return new Target(
        deployment.model().id(),
        match.route(),
        reached == null ? "" : reached.replica().authority(),
        new ModelIdentity(labels.name(), labels.version()));
  }

  // More than can be looked at would only be thrown away.
  private static int bytesMax(Model model, BodyRules secret) {
    int bytesMax = model.kept().bodyBytesMax();
    return secret.isEmpty() ? bytesMax : Math.min(bytesMax, BodyRedactor.BYTES_MAX);
  }

  private static RequestHead headOf(
      ProxyLoop loop,
      CallerRequest request,
      Deployment deployment,
      String modelPath,
      List<Header> modelHeaders) {
    Redaction redaction = loop.redaction();
    Edge edge = loop.config().edge();
    Claims claims = edge.believesAll() ? null : Claims.of(request.headers(), edge);
    boolean believed = claims == null || claims.believed();
    Model model = deployment.model();
    return new RequestHead(
        request.method(),
        redaction.maskQuery(modelPath),
        model.upstream().isHosted() // until it is known which of them
            ? model.id()
            : deployment.hostAt(model.replica(), request.host()),
        model.scheme(),
        redaction.maskQuery(
            firstFilled(
                believed ? kept(redaction, request, "x-original-uri") : null,
                believed ? kept(redaction, request, "x-envoy-original-path") : null,
                request.target())),
        firstFilled(
            claims == null
                ? kept(redaction, request, Claims.FORWARDED_HOST)
                : redaction.removes(Claims.hostSource(edge)) ? null : claims.host(),
            null,
            request.host()),
        redaction.redact(modelHeaders));
  }

  // A field of the record is no way round the rules for headers.
  private static @Nullable String kept(Redaction redaction, CallerRequest request, String name) {
    String value = RawHead.first(request.headers(), name);
    return value == null || redaction.removes(name) ? null : value;
  }

  // What may not be kept as a header is not kept in part either.
  private static String traceIn(List<Header> modelHeaders, Redaction redaction) {
    String id = Traces.idIn(modelHeaders);
    return id.isEmpty() || redaction.touches(Traces.PARENT) ? "" : id;
  }

  private static String firstFilled(@Nullable String first, @Nullable String second, String third) {
    if (first != null && !first.isEmpty()) {
      return first;
    }
    return second != null && !second.isEmpty() ? second : third;
  }

  private static String encodingIn(List<Header> headers) {
    String encoding = RawHead.first(headers, "content-encoding");
    return encoding == null ? "" : encoding.toLowerCase(Locale.ROOT);
  }

  private static ByteBuffer view(ByteBuf piece) {
    return piece.nioBuffer();
  }
}
