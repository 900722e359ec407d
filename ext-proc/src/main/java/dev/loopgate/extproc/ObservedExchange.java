package dev.loopgate.extproc;

import com.google.protobuf.ByteString;
import dev.loopgate.capture.BodyCapture;
import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.BodyRules;
import dev.loopgate.capture.CutReason;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.Requesting;
import dev.loopgate.capture.Responding;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Sampling;
import dev.loopgate.capture.Target;
import dev.loopgate.capture.Timing;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What is kept of one exchange that Envoy shows, from its head to its single ending: in the
/// ledger, in the spool, in the events. Confined to its event loop.
///
/// One that the sampling leaves out is counted, and nothing of it is copied, unless its ending may
/// still have it kept.
final class ObservedExchange {
  /// Shorter pauses are how Envoy cut the bytes, not how the model sent them.
  private static final long GAP_MIN_NANOS = 1_000_000;

  private static final int SWITCHED = 101;
  private static final int REPLICA_LENGTH_MAX = 256;

  private final ObservationLoop loop;
  private final Fleet.Match match;
  private final int slot;
  private final ObservedRules rules;
  private final @Nullable Requesting requesting; // null: left out
  private final boolean sampledOut; // unless the ending says otherwise
  private final long startNanos;
  private final long startMillis;
  private final boolean isHead;
  private final RequestId id;
  private int roomBytes;
  private @Nullable Responding responding;
  private int status;
  private boolean answered;
  private Ending whole = Ending.COMPLETE; // what its ending is called when its answer is whole
  private String replica = "";
  private int attempts;
  private long requestBytes; // shown, kept or not
  private long responseBytes;
  private @Nullable LoggedExchange log;
  private boolean handedOver; // what began here ends in another one
  private long lengthLeft = -1; // that the answer's head declared; -1 when it declared none
  private long firstByteNanos = Timing.NONE;
  private long pieceNanos = Timing.NONE; // of the last piece of the response
  private long gapMaxNanos = Timing.NONE;
  private GrpcStatus grpc = GrpcStatus.NONE;
  private boolean requestWhole;
  private boolean ended;

  /// A prediction's request was shown: seen, in the ledger's words. Room for it was taken, and is
  /// given back at its ending.
  ///
  /// @param before the same exchange, before Envoy followed a redirect; null when there is none. It
  ///   was seen then; what is kept of it is kept here
  ObservedExchange(
      ObservationLoop loop,
      Fleet.Match match,
      ObservedRequest request,
      @Nullable ObservedExchange before) {
    Model model = match.deployment().model();
    this.loop = loop;
    this.match = match;
    this.slot = loop.slotOf(model);
    this.rules = loop.rulesOf(model);
    ObservedExchange first = before != null && before.slot == slot ? before : null;
    this.startNanos = first == null ? loop.time().nanos() : first.startNanos;
    this.startMillis = first == null ? loop.time().epochMillis() : first.startMillis;
    this.id = request.id();
    this.isHead = request.head().first(":method").equals("HEAD");
    this.roomBytes = request.head().bytes();
    boolean chosen =
        new Sampling(model.kept().sampleRate()).keeps(request.id())
            || rules.always().keeps(request.head().headers());
    this.sampledOut = !chosen;
    this.requesting =
        chosen || rules.always().looksAtEndings()
            ? request.requesting(
                match, loop.redaction(), startMillis, startNanos, body(rules.request()))
            : null;
    // Last: from here on it has an ending.
    if (first == null) {
      begun();
    } else {
      first.handedOver = true;
    }
  }

  private void begun() {
    loop.events().exchangeStarted(match.deployment().model().id());
    loop.lane().begun(EntryKind.PREDICTION, slot, loop.time().epochMillis());
  }

  /// Whether it has this id, and no answer yet that its caller might get.
  boolean isWaitingAs(RequestId other) {
    return !ended && !answered && !handedOver && id.equals(other);
  }

  /// Whether only the log can tell how it ended, and has not.
  boolean awaitsLog() {
    return !ended && !handedOver && log == null;
  }

  /// The log tells how it went.
  void logged(LoggedExchange logged) {
    log = logged;
  }

  /// Whether the answer that was shown, if one was, is not the one that was logged.
  boolean contradicts(LoggedExchange logged) {
    return answered && status != logged.facts().status();
  }

  /// Forgets what the log told, if that was another one's.
  ///
  /// @return what is forgotten, null when nothing is
  @Nullable LoggedExchange forgetWrongLog() {
    LoggedExchange logged = log;
    if (logged == null || !contradicts(logged)) {
      return null;
    }
    log = null;
    return logged;
  }

  /// When its first message came, by the monotonic clock.
  long startNanos() {
    return startNanos;
  }

  /// Whether all has been shown that the log counts.
  boolean isShownAsLogged() {
    LoggedExchange logged = log;
    if (logged == null) {
      return false;
    }
    LoggedFacts facts = logged.facts();
    return (answered || facts.status() == 0)
        && requestBytes >= facts.requestBytes()
        && responseBytes >= facts.responseBytes();
  }

  /// Copies a piece of the request's body.
  ///
  /// @param last the request ends with it
  void requestPiece(ByteString piece, boolean last) {
    requestWhole |= last;
    requestBytes += piece.size();
    if (requesting != null && !ended) {
      copy(piece, requesting.body());
    }
  }

  /// The request's last byte has passed.
  void requestWhole() {
    requestWhole = true;
  }

  /// The head of the answer, as the caller gets it but for what filters above ours change.
  ///
  /// @param details Envoy's response code details, empty when it does not say
  /// @param replica `host:port` of who answered, empty when Envoy does not say
  /// @param attempts how often Envoy sent the request to a server, 0 when it does not say
  /// @param last the answer has no body
  void responseStarted(EnvoyHead head, String details, String replica, int attempts, boolean last) {
    long nowNanos = loop.time().nanos();
    if (handedOver) { // no redirect after all: these are two
      handedOver = false;
      begun();
    }
    this.answered = true;
    this.attempts = attempts;
    this.status = head.status();
    this.whole = ResponseDetails.endingOf(details, attempts);
    this.replica = replica.length() <= REPLICA_LENGTH_MAX ? replica : "";
    firstByteNanos = nowNanos - startNanos;
    learnFrom(head);
    if (requesting != null && !ended) {
      boolean fits = loop.takeMoreRoom(head.bytes());
      roomBytes += fits ? head.bytes() : 0;
      responding =
          requesting.responseStarted(
              new ResponseHead(status, fits ? loop.redaction().redact(head.headers()) : List.of()),
              body(rules.response()),
              head.first("content-encoding").toLowerCase(Locale.ROOT),
              nowNanos);
    }
    if (last) {
      grpc = GrpcStatus.in(head.headers(), loop.redaction());
    } else if (!isHead && status >= 200 && status != 204 && status != 304) {
      lengthLeft = head.contentLength();
    }
  }

  /// Whether the head of its answer was shown.
  boolean isAnswered() {
    return answered;
  }

  /// Copies a piece of the answer's body.
  void responsePiece(ByteString piece) {
    long nowNanos = loop.time().nanos();
    if (pieceNanos != Timing.NONE) {
      gapMaxNanos = Math.max(gapMaxNanos, nowNanos - pieceNanos);
    }
    if (!piece.isEmpty()) {
      pieceNanos = nowNanos;
    }
    responseBytes += piece.size();
    if (lengthLeft > 0) {
      lengthLeft = Math.max(0, lengthLeft - piece.size());
    }
    if (responding != null && !ended) {
      copy(piece, responding.body());
    }
  }

  /// Whether the caller has the whole answer with what was shown last, though Envoy has not said
  /// yet that it is over.
  boolean hasDeclaredLength() {
    return lengthLeft == 0;
  }

  /// What a gRPC call's trailers say of how it ended.
  void trailers(EnvoyHead trailers) {
    grpc = GrpcStatus.in(trailers.headers(), loop.redaction());
  }

  boolean isEnded() {
    return ended;
  }

  /// The answer is whole. When this returns the entry is kept, or counted as sampled out or
  /// dropped.
  void endWhole() {
    end(whole, true);
  }

  /// Envoy shows no more of it. What the log said decides how it ended.
  void endCut(Ending ending) {
    LoggedExchange logged = log;
    if (logged != null && !contradicts(logged)) {
      endAsLogged(logged);
      return;
    }
    boolean over = status == SWITCHED && ending == Ending.CUT; // a tunnel has no end of its own
    requestWhole |= over;
    end(over ? Ending.COMPLETE : ending, over);
  }

  private void endAsLogged(LoggedExchange logged) {
    LoggedFacts facts = logged.facts();
    boolean all =
        status == SWITCHED // whose bytes the log counts otherwise
            || (requestBytes == facts.requestBytes() && responseBytes == facts.responseBytes());
    if (!answered && facts.status() != 0) {
      answeredUnseen(logged);
    }
    if (requesting != null && status != SWITCHED) {
      facts.tellSizes(requesting, requestWhole, responding);
    }
    requestWhole |= all && facts.isWhole();
    // What the log was waited for is none of the exchange's time.
    long endNanos = Math.min(loop.time().nanos(), startNanos + logged.durationNanos());
    end(facts.ending(), all && facts.isWhole(), endNanos);
  }

  // An answer of Envoy's own, which some versions do not show.
  private void answeredUnseen(LoggedExchange logged) {
    LoggedWords words = logged.words();
    answered = true;
    status = logged.facts().status();
    replica = words.replica();
    attempts = words.attempts();
    firstByteNanos =
        words.firstByteNanos() == Timing.NONE ? words.durationNanos() : words.firstByteNanos();
    if (requesting != null) {
      responding =
          requesting.responseStarted(
              new ResponseHead(status, List.of()),
              body(rules.response()),
              "",
              startNanos + firstByteNanos);
    }
  }

  private void end(Ending ending, boolean responseWhole) {
    end(ending, responseWhole, loop.time().nanos());
  }

  private void end(Ending ending, boolean responseWhole, long nowNanos) {
    if (ended) {
      throw new IllegalStateException("exchange: ended before, ending=" + ending.word());
    }
    ended = true;
    if (handedOver) {
      release();
      return;
    }
    try {
      account(ending, responseWhole, nowNanos);
    } finally {
      release();
      loop.events()
          .exchangeEnded(
              match.deployment().model().id(),
              ending,
              status,
              nowNanos - startNanos,
              firstByteNanos);
    }
  }

  private void account(Ending ending, boolean responseWhole, long nowNanos) {
    Requesting request = requesting;
    boolean leftOut =
        sampledOut
            && (request == null || !rules.always().keeps(status, ending, nowNanos - startNanos));
    if (leftOut || request == null) {
      loop.lane().sampledOut(EntryKind.PREDICTION, slot, loop.time().epochMillis());
      return;
    }
    Prediction prediction;
    try {
      prediction = prediction(request, ending, responseWhole, nowNanos);
    } catch (RuntimeException | OutOfMemoryError e) {
      // What has begun must end in the ledger, whatever comes of it.
      loop.lane()
          .dropped(EntryKind.PREDICTION, slot, DropReason.TOO_LARGE, loop.time().epochMillis());
      throw e;
    }
    keep(request, prediction);
  }

  private Prediction prediction(
      Requesting request, Ending ending, boolean responseWhole, long nowNanos) {
    long nowMillis = loop.time().epochMillis();
    Responding answer = responding;
    redact(request, answer, responseWhole);
    return answer == null
        ? request.end(ending, target(), requestWhole, nowMillis, nowNanos)
        : answer.end(
            ending,
            target(),
            requestWhole,
            responseWhole,
            gapMaxNanos < GAP_MIN_NANOS ? Timing.NONE : gapMaxNanos,
            grpc,
            nowMillis,
            nowNanos);
  }

  private void keep(Requesting request, Prediction prediction) {
    switch (loop.lane().append(prediction, slot)) {
      case ACCEPTED -> {
        tellCut(request.body());
        Responding answer = responding;
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
    loop.giveBack(roomBytes);
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

  // What an answer of Envoy's own says is not the model's word.
  private void learnFrom(EnvoyHead head) {
    if (whole != Ending.COMPLETE) {
      return;
    }
    Deployment deployment = match.deployment();
    if (status / 100 == 2 && requesting != null && requesting.head().method().equals("POST")) {
      deployment.succeededAt(match.path());
    }
    String name = head.first("model-name");
    String version = head.first("model-version");
    if (!name.isEmpty() || !version.isEmpty()) {
      deployment.learn(name, version);
    }
  }

  private Target target() {
    Deployment.Labels labels = match.deployment().labelsAt(match.path());
    return new Target(
        match.deployment().model().id(),
        match.route(),
        replica,
        ObservationLoop.identity(labels),
        attempts);
  }

  private BodyCapture body(BodyRules secret) {
    int bytesMax = match.deployment().model().kept().bodyBytesMax();
    // More than can be looked at would only be thrown away.
    return new BodyCapture(
        loop.captureBuffers(),
        secret.isEmpty() ? bytesMax : Math.min(bytesMax, BodyRedactor.BYTES_MAX));
  }

  private static void copy(ByteString piece, BodyCapture body) {
    for (ByteBuffer part : piece.asReadOnlyByteBufferList()) {
      body.copyFrom(part);
    }
  }
}
