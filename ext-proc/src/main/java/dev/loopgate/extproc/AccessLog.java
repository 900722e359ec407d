package dev.loopgate.extproc;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.GrpcStatus;
import dev.loopgate.capture.Prediction;
import dev.loopgate.capture.RequestHead;
import dev.loopgate.capture.RequestId;
import dev.loopgate.capture.ResponseHead;
import dev.loopgate.capture.Sampling;
import dev.loopgate.capture.Target;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Model;
import dev.loopgate.spool.Appended;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// What Envoys log, on one event loop: facts for exchanges that are shown, entries for those that
/// are not. Confined to that loop.
final class AccessLog {
  /// An Envoy cluster named so leads to our own proxy: what goes there is kept there.
  static final String OWN_CLUSTER = "loopgate_proxy";

  private final ObservationLoop loop;
  private final Joins joins;
  private final AccessLogMode mode;

  AccessLog(ObservationLoop loop, Joins joins, AccessLogMode mode) {
    this.loop = loop;
    this.joins = joins;
    this.mode = mode;
  }

  /// An Envoy logs here from now on.
  void begin() {
    joins.begin();
  }

  /// One exchange.
  void http(HTTPAccessLogEntry entry) {
    if (!LoggedExchange.isFinal(entry)) {
      loop.events().logged(LogUse.NOT_FINAL);
      return;
    }
    LoggedExchange logged = LoggedExchange.of(entry, loop.requestIds(), loop.time().epochMillis());
    Optional<Fleet.Match> match = kept(logged);
    if (match.isPresent() && mode == AccessLogMode.JOIN && logged.isNeverShown()) {
      refused(logged, match.get()); // whoever is shown under the same id is another one
      return;
    }
    boolean waits = match.isPresent() && mode == AccessLogMode.JOIN && !logged.keys().isEmpty();
    Joins.Told told = joins.told(logged, waits);
    Joins.Shown shown = told.shown();
    ObservedStream stream = shown == null ? null : shown.stream();
    if (stream != null) {
      stream.onItsLoop(() -> stream.logged(logged));
    }
    eachOf(told.expired(), this::notShown);
    if (match.isPresent() && mode == AccessLogMode.KEEP) {
      keep(logged, match.get(), LogUse.KEPT);
    } else if (match.isPresent() && shown != null) {
      loop.events().logged(LogUse.JOINED);
    } else if (match.isPresent() && !waits) {
      keep(logged, match.get(), LogUse.UNJUDGED);
    }
  }

  /// What a stream was told is another exchange's: both wait on.
  void giveBack(
      LoggedExchange logged,
      String key,
      ObservedRequest request,
      ObservedStream stream,
      long sinceNanos) {
    eachOf(joins.giveBack(logged, key, request, stream, sinceNanos), this::notShown);
  }

  /// The model that it is a prediction of; none where nothing of it is kept here, which is counted.
  private Optional<Fleet.Match> kept(LoggedExchange logged) {
    Optional<Fleet.Match> match = match(logged);
    if (match.isEmpty()) {
      loop.events().logged(LogUse.UNKNOWN_MODEL);
    } else if (!logged.request().isCaptured(match.get())) {
      loop.events().logged(LogUse.NOT_CAPTURED);
    } else if (isOwn(logged)) {
      loop.events().logged(LogUse.OWN);
    } else {
      return match;
    }
    return Optional.empty();
  }

  /// One connection that nobody looked into.
  void tcp(TCPAccessLogEntry entry) {
    if (!LoggedExchange.isFinal(entry.getCommonProperties())) {
      loop.events().logged(LogUse.NOT_FINAL);
      return;
    }
    LoggedWords words =
        LoggedWords.of(
            entry.getCommonProperties(),
            "TCP",
            entry.getCommonProperties().getConnectionTerminationDetails());
    Optional<Deployment> found = loop.fleet().deploymentAt(words.replica());
    if (found.isEmpty()) {
      loop.events().logged(LogUse.UNKNOWN_MODEL);
      return;
    }
    Deployment deployment = found.get();
    if (!deployment.model().kept().captured()) {
      loop.events().logged(LogUse.NOT_CAPTURED);
      return;
    }
    long now = loop.time().epochMillis();
    RequestId id = loop.requestIds().next(now);
    Deployment.Labels labels = deployment.labelsAt("/");
    Target target =
        new Target(
            deployment.model().id(),
            deployment.model().id(),
            words.replica(),
            ObservationLoop.identity(labels),
            words.attempts());
    String address = LoggedWords.addressOf(entry.getCommonProperties().getDownstreamLocalAddress());
    append(
        new AccessRecord(
            id,
            false,
            "",
            target,
            new RequestHead("", "", address, "", "", address, List.of()),
            ResponseHead.NONE,
            new AccessRecord.Sizes(
                Math.max(0, entry.getConnectionProperties().getReceivedBytes()),
                Math.max(0, entry.getConnectionProperties().getSentBytes())),
            ResponseDetails.endingOf(entry.getCommonProperties().getResponseFlags()),
            words.timing(now, now),
            words.told()),
        deployment.model(),
        LogUse.KEPT);
  }

  /// What was not shown within its time is a gap.
  void sweep() {
    eachOf(joins.expired(false), this::notShown);
  }

  /// What still waits can't be told from what is still to be shown.
  void stop() {
    eachOf(joins.expired(true), expired -> notShown(new Joins.Expired(expired.logged(), false)));
  }

  // Where no server was asked our proxy got nothing, either.
  private static boolean isOwn(LoggedExchange logged) {
    return logged.words().cluster().equals(OWN_CLUSTER) && logged.reachedServer();
  }

  // One that fails must not keep the others from being kept.
  private void eachOf(List<Joins.Expired> all, Consumer<Joins.Expired> what) {
    for (Joins.Expired each : all) {
      try {
        what.accept(each);
      } catch (RuntimeException | OutOfMemoryError e) {
        loop.events().failed(e);
      }
    }
  }

  private void notShown(Joins.Expired expired) {
    // The fleet may have changed meanwhile, and the hour.
    LoggedExchange logged = expired.logged().keptAt(loop.time().epochMillis());
    Optional<Fleet.Match> match = kept(logged);
    if (match.isEmpty()) {
      return;
    }
    if (logged.isRefusedAbove()) {
      refused(logged, match.get());
    } else if (expired.judged() && !logged.isAnsweredByEnvoy()) {
      gap(logged, match.get());
    } else {
      keep(logged, match.get(), LogUse.UNJUDGED);
    }
  }

  private void gap(LoggedExchange logged, Fleet.Match match) {
    loop.notObserved(match);
    keep(logged, match, LogUse.NOT_OBSERVED);
  }

  private Optional<Fleet.Match> match(LoggedExchange logged) {
    String model = Shown.modelOf(logged.words().cluster());
    return logged.request().match(loop.fleet()).map(found -> found.chosenElsewhere(model));
  }

  /// A prediction of which no byte reached the model, as the proxy keeps those it refuses.
  private void refused(LoggedExchange logged, Fleet.Match match) {
    Model model = match.deployment().model();
    int slot = loop.slotOf(model);
    LoggedFacts facts = logged.facts();
    ObservedRequest request = logged.request();
    Prediction prediction = // before anything is counted: from then on it has an ending
        new Prediction(
            request.id(),
            request.replaced(),
            request.externalId(loop.redaction()),
            request.traceId(loop.redaction()),
            target(logged, match),
            request.requestHead(match, loop.redaction()),
            untaken(request, facts.requestBytes()),
            logged.response(),
            unseen(facts.responseBytes()),
            Ending.REJECTED,
            logged.timing(),
            GrpcStatus.NONE);
    loop.events().logged(LogUse.REFUSED);
    loop.events().exchangeStarted(model.id());
    loop.lane().begun(EntryKind.PREDICTION, slot, logged.keptMillis());
    if (isLeftOut(logged, match)) {
      loop.lane().sampledOut(EntryKind.PREDICTION, slot, logged.keptMillis());
    } else if (isLost(loop.lane().append(prediction, slot))) {
      loop.events().entryDropped(model.id());
    }
    loop.events()
        .exchangeEnded(
            model.id(),
            Ending.REJECTED,
            facts.status(),
            logged.durationNanos(),
            logged.words().firstByteNanos());
  }

  private void keep(LoggedExchange logged, Fleet.Match match, LogUse use) {
    Model model = match.deployment().model();
    if (isLeftOut(logged, match)) {
      int slot = loop.slotOf(model);
      loop.events().logged(use);
      loop.lane().begun(EntryKind.ACCESS_LOG, slot, logged.keptMillis());
      loop.lane().sampledOut(EntryKind.ACCESS_LOG, slot, logged.keptMillis());
      return;
    }
    append(logged.record(match, target(logged, match), loop.redaction()), model, use);
  }

  private void append(AccessRecord access, Model model, LogUse use) {
    int slot = loop.slotOf(model);
    loop.events().logged(use);
    loop.lane().begun(EntryKind.ACCESS_LOG, slot, access.timeMillis());
    if (isLost(loop.lane().append(access, slot))) {
      loop.events().entryDropped(model.id());
    }
  }

  private boolean isLeftOut(LoggedExchange logged, Fleet.Match match) {
    Model model = match.deployment().model();
    ObservedRules rules = loop.rulesOf(model);
    return !new Sampling(model.kept().sampleRate()).keeps(logged.request().id())
        && !rules.always().keeps(logged.request().head().headers())
        && !rules
            .always()
            .keeps(logged.facts().status(), logged.facts().ending(), logged.durationNanos());
  }

  private static Target target(LoggedExchange logged, Fleet.Match match) {
    return logged.target(
        match, ObservationLoop.identity(match.deployment().labelsAt(match.path())));
  }

  // How much of it there was nobody says: Envoy counts what it took before it refused.
  private static Body untaken(ObservedRequest request, long size) {
    return request.hasNoBody() ? unseen(size) : new Body(List.of(), size, true, "");
  }

  private static Body unseen(long size) {
    return size == 0 ? Body.EMPTY : new Body(List.of(), size, true, "");
  }

  private static boolean isLost(Appended appended) {
    return appended == Appended.FULL || appended == Appended.CLOSED;
  }
}
