package dev.loopgate.extproc;

import dev.loopgate.capture.Ending;
import dev.loopgate.fleet.Fleet;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpBody;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One stream of Envoy's, which shows one exchange. Confined to its connection's event loop.
///
/// Where Envoy waits for an answer to each message it gets it at once, and the finished entry is in
/// the ring before the message is answered that completes the answer for the caller (P1). Where it
/// does not wait, nothing is said. Either way the stream is ended as soon as the exchange is known
/// to be over: Envoy would keep it open for seconds, and its streams are bounded.
final class ObservedStream implements StreamObserver<ProcessingRequest> {
  /*
   * Both sides of an exchange come as they come: an answer may begin, and end, before its request
   * has. An end of the answer ends both. What Envoy never shows is the end of a tunnel, and of what
   * was cut: then its stream is over without one.
   */

  /// Answers that Envoy has not taken from us: far more than one exchange has messages under way.
  private static final int UNREAD_MAX = 1024;

  /// How long what is on its way still may come, once the log has told of a cut.
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// How long the log still may come, once nothing more is shown: Envoys may gather theirs for a
  /// second.
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final ObservationLoop loop;
  private final ServerCallStreamObserver<ProcessingResponse> envoy;
  private @Nullable ObservedExchange exchange;
  private boolean opened; // its first message was read
  private boolean over;
  private boolean closed; // by us, or nobody is there
  private int unread;
  private long heardNanos;
  private String key = ""; // by which the log tells of it
  private @Nullable ObservedRequest request;
  private long loggedNanos; // when the log told of a cut
  private boolean loggedCut;
  private long lingersSinceNanos;
  private boolean lingers; // nothing more is shown, and the log will say how it ended

  ObservedStream(ObservationLoop loop, ServerCallStreamObserver<ProcessingResponse> envoy) {
    this.loop = loop;
    this.envoy = envoy;
    this.heardNanos = loop.time().nanos();
    envoy.setOnCancelHandler(() -> gone());
    envoy.disableAutoRequest();
    // All that comes is taken at once, whatever becomes of it: a sink that stops reading would stop
    // Envoy's exchange.
    envoy.request(Integer.MAX_VALUE);
    if (loop.isStopped()) {
      close();
    } else {
      loop.add(this);
    }
  }

  @Override
  public void onNext(ProcessingRequest message) {
    if (closed) {
      return; // on its way when we ended the stream
    }
    heardNanos = loop.time().nanos();
    boolean observer = message.getObservabilityMode();
    if (!opened) {
      opened = true;
      loop.events().streamOpened(observer);
    }
    try {
      take(message);
    } catch (RuntimeException | OutOfMemoryError e) {
      loop.events().failed(e);
      over(Ending.CUT);
      return;
    }
    if (loggedCut) {
      endIfAllShown();
    }
    if (!observer && !closed) {
      answer(message);
    }
    if (over) {
      close();
    }
  }

  /// Envoy shows nothing more.
  @Override
  public void onCompleted() {
    if (!closed) {
      closed = true;
      envoy.onCompleted();
    }
    shownNoMore();
  }

  /// The stream broke: as it is ended, too, where Envoy waited for answers.
  @Override
  public void onError(Throwable cause) {
    gone();
  }

  /// Ends what is open, and the stream.
  ///
  /// @param ending of an exchange whose end was not shown
  void over(Ending ending) {
    if (exchange != null && exchange.awaitsLog() && !lingers) {
      loop.joins().letGo(); // Envoy may go on with it
    }
    endCut(lingers ? Ending.CUT : ending);
    close();
  }

  /// Ends what nothing was heard of for `idleNanos`, and what the log told to be cut.
  void endIfDue(long nowNanos, long idleNanos) {
    boolean cut =
        (loggedCut && nowNanos - loggedNanos > GRACE_NANOS)
            || (lingers && nowNanos - lingersSinceNanos > LINGER_NANOS);
    if (cut || nowNanos - heardNanos > idleNanos) {
      over(Ending.CUT);
    }
  }

  /// For another thread than this loop's.
  void onItsLoop(Runnable task) {
    loop.execute(task);
  }

  /// The log tells how the exchange went: it is over, but its last pieces may still be on their
  /// way.
  void logged(LoggedExchange logged) {
    ObservedExchange of = exchange;
    if (of == null || request == null || of.isEnded()) {
      return;
    }
    if (of.contradicts(logged)) {
      loop.accessLog().giveBack(logged, key, request, this, of.startNanos());
      return;
    }
    of.logged(logged);
    if (lingers) {
      over(Ending.CUT);
      return;
    }
    // Where no server was asked it may be a try before this one, that was refused.
    loggedCut = !logged.facts().isWhole() && (of.isAnswered() || logged.reachedServer());
    loggedNanos = loop.time().nanos();
    if (loggedCut) {
      endIfAllShown();
    }
  }

  /// What the log told before there was an answer may be of another exchange under the same key.
  private void doubt(ObservedExchange of) {
    LoggedExchange wrong = of.forgetWrongLog();
    if (wrong != null && request != null) {
      loggedCut = false;
      loop.accessLog().giveBack(wrong, key, request, this, of.startNanos());
    }
  }

  /// Whether `next` is the request that Envoy makes of this one's by itself, following a redirect.
  boolean isRedirectedTo(ObservedRequest next) {
    ObservedExchange of = exchange;
    return of != null
        && request != null
        && of.isWaitingAs(next.id())
        && request.key("").equals(next.key(""))
        && next.redirectedFrom().endsWith(request.head().first(":path"));
  }

  private void endIfAllShown() {
    ObservedExchange of = exchange;
    if (of != null && !of.isEnded() && of.isShownAsLogged()) {
      over(Ending.CUT);
    }
  }

  private void gone() {
    closed = true;
    shownNoMore();
  }

  private void shownNoMore() {
    ObservedExchange of = exchange;
    if (of != null && of.awaitsLog() && !key.isEmpty() && loop.joins().isActive()) {
      lingers = true;
      lingersSinceNanos = loop.time().nanos();
      return;
    }
    endCut(Ending.CUT);
    leave();
  }

  private void take(ProcessingRequest message) {
    switch (message.getRequestCase()) {
      case REQUEST_HEADERS -> requestStarted(message);
      case REQUEST_BODY -> requestPiece(message.getRequestBody());
      case REQUEST_TRAILERS -> {
        ObservedExchange of = shown();
        if (of != null) {
          of.requestWhole();
        }
      }
      case RESPONSE_HEADERS -> responseStarted(message);
      case RESPONSE_BODY -> responsePiece(message.getResponseBody());
      case RESPONSE_TRAILERS -> {
        ObservedExchange of = shown();
        if (of != null && isAnswered(of)) {
          of.trailers(EnvoyHead.of(message.getResponseTrailers().getTrailers()));
          endWhole(of);
        }
      }
      case REQUEST_NOT_SET -> passOver(PassedOver.MALFORMED);
    }
  }

  private void requestStarted(ProcessingRequest message) {
    if (exchange != null) {
      passOver(PassedOver.MALFORMED);
      return;
    }
    ObservedRequest shown =
        ObservedRequest.of(message, loop.requestIds(), loop.time().epochMillis());
    request = shown;
    key = shown.key();
    String cluster = Shown.attribute(message, "xds.cluster_name");
    Optional<Fleet.Match> match =
        shown.match(loop.fleet()).map(found -> found.chosenElsewhere(Shown.modelOf(cluster)));
    if (match.isEmpty()) {
      passOver(PassedOver.UNKNOWN_MODEL);
    } else if (!shown.isCaptured(match.get())) {
      passOver(PassedOver.NOT_CAPTURED);
    } else if (!loop.takeRoom(shown.head().bytes())) {
      loop.notObserved(match.get());
      passOver(PassedOver.OVER_BOUNDS);
    } else {
      start(match.get(), shown, message.getRequestHeaders().getEndOfStream());
    }
  }

  private void start(Fleet.Match match, ObservedRequest shown, boolean last) {
    ObservedExchange of = begin(match, shown);
    exchange = of;
    if (last) {
      of.requestWhole();
    }
    LoggedExchange logged = loop.joins().opened(key, shown, this);
    if (logged != null) {
      loop.events().logged(LogUse.JOINED);
      of.logged(logged); // and nothing is ended by it: another one may have come before
    }
  }

  /// From now on another stream shows the rest of it.
  private @Nullable ObservedExchange handOver() {
    loop.joins().forget(key, this);
    return exchange;
  }

  private ObservedExchange begin(Fleet.Match match, ObservedRequest request) {
    try {
      ObservedStream before =
          request.redirectedFrom().isEmpty() ? null : loop.redirectedTo(request);
      return new ObservedExchange(loop, match, request, before == null ? null : before.handOver());
    } catch (RuntimeException | OutOfMemoryError e) {
      loop.giveBack(request.head().bytes());
      throw e;
    }
  }

  private void requestPiece(HttpBody body) {
    ObservedExchange of = shown();
    if (of != null) {
      of.requestPiece(body.getBody(), body.getEndOfStream());
    }
  }

  private void responseStarted(ProcessingRequest message) {
    ObservedExchange of = exchange;
    if (of == null) {
      passOver(PassedOver.ANSWERED_BEFORE);
      return;
    }
    if (of.isAnswered()) {
      passOver(PassedOver.MALFORMED);
      return;
    }
    boolean last = message.getResponseHeaders().getEndOfStream();
    of.responseStarted(
        EnvoyHead.of(message.getResponseHeaders().getHeaders()),
        Shown.attribute(message, "response.code_details"),
        Shown.attribute(message, "upstream.address"),
        Shown.number(message, "upstream.request_attempt_count"),
        last);
    doubt(of);
    endIfWhole(of, last);
  }

  private void responsePiece(HttpBody body) {
    ObservedExchange of = shown();
    if (of != null && isAnswered(of)) {
      of.responsePiece(body.getBody());
      endIfWhole(of, body.getEndOfStream());
    }
  }

  private @Nullable ObservedExchange shown() {
    if (exchange == null) {
      passOver(PassedOver.MALFORMED);
    }
    return exchange;
  }

  private boolean isAnswered(ObservedExchange of) {
    if (!of.isAnswered()) {
      passOver(PassedOver.MALFORMED);
    }
    return of.isAnswered();
  }

  // The byte of the declared length completes the answer for the caller, whatever is shown after
  // it.
  private void endIfWhole(ObservedExchange of, boolean last) {
    if (last) {
      endWhole(of);
    } else if (of.hasDeclaredLength() && !of.isEnded()) {
      of.endWhole();
    }
  }

  private void endWhole(ObservedExchange of) {
    if (!of.isEnded()) {
      of.endWhole();
    }
    over = true;
  }

  private void endCut(Ending ending) {
    over = true;
    ObservedExchange of = exchange;
    if (of != null && !of.isEnded()) {
      of.endCut(ending);
    }
  }

  /// Nothing of this stream is kept any more: Envoy goes on without us.
  private void passOver(PassedOver why) {
    loop.events().passedOver(why);
    if (exchange == null && request != null && loop.joins().passedOver(key, request)) {
      loop.events().logged(LogUse.JOINED);
    }
    over(Ending.CUT);
  }

  private void answer(ProcessingRequest message) {
    ProcessingResponse reply = Replies.to(message);
    unread = envoy.isReady() ? 0 : unread + 1;
    if (reply == null || unread > UNREAD_MAX) {
      passOver(PassedOver.MALFORMED);
      return;
    }
    envoy.onNext(reply);
  }

  private void close() {
    if (!closed) {
      closed = true;
      envoy.onCompleted();
    }
    leave();
  }

  private void leave() {
    loop.remove(this);
    loop.joins().over(key, this);
    if (opened) {
      opened = false;
      loop.events().streamClosed();
    }
  }
}
