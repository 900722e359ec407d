package dev.loopgate.extproc;

import dev.loopgate.capture.AccessRecord;
import dev.loopgate.capture.Body;
import dev.loopgate.capture.DropReason;
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
    boolean known = tell(logged);
    Optional<Fleet.Match> match = logged.request().match(loop.fleet());
    if (match.isEmpty()) {
      loop.events().logged(LogUse.UNKNOWN_MODEL);
    } else if (!logged.request().isCaptured(match.get())) {
      loop.events().logged(LogUse.NOT_CAPTURED);
    } else if (logged.common().cluster().equals(OWN_CLUSTER)) {
      loop.events().logged(LogUse.OWN);
    } else if (mode == AccessLogMode.KEEP) {
      keep(logged, match.get(), LogUse.KEPT);
    } else if (known) {
      loop.events().logged(LogUse.JOINED);
    } else if (logged.isRefusedAbove()) {
      refused(logged, match.get());
    } else if (logged.id().isEmpty()) {
      keep(logged, match.get(), LogUse.UNJUDGED);
    } else {
      joins.await(logged).forEach(this::notShown);
    }
  }

  /// One connection that nobody looked into.
  void tcp(TCPAccessLogEntry entry) {
    if (!LoggedExchange.isFinal(entry.getCommonProperties())) {
      loop.events().logged(LogUse.NOT_FINAL);
      return;
    }
    LoggedExchange.Common common =
        LoggedExchange.Common.of(
            entry.getCommonProperties(),
            "TCP",
            entry.getCommonProperties().getConnectionTerminationDetails());
    Optional<Deployment> found = loop.fleet().deploymentAt(common.replica());
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
            common.replica(),
            ObservationLoop.identity(labels),
            common.attempts());
    String address =
        LoggedExchange.Common.addressOf(entry.getCommonProperties().getDownstreamLocalAddress());
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
            common.timing(now),
            common.told()),
        deployment.model(),
        LogUse.KEPT);
  }

  /// What was not shown within its time is a gap.
  void sweep() {
    joins.expired(false).forEach(this::notShown);
  }

  /// What still waits can't be told from what is still to be shown.
  void stop() {
    joins.expired(true).forEach(expired -> unjudged(expired.logged()));
  }

  private boolean tell(LoggedExchange logged) {
    if (logged.id().isEmpty()) {
      return false;
    }
    ObservedStream[] shown = joins.take(logged.id());
    if (shown == null) {
      return false;
    }
    for (ObservedStream stream : shown) {
      stream.onItsLoop(() -> stream.logged(logged.facts()));
    }
    return true;
  }

  private void notShown(Joins.Expired expired) {
    if (expired.judged()) {
      gap(expired.logged());
    } else {
      unjudged(expired.logged());
    }
  }

  private void gap(LoggedExchange logged) {
    matched(logged)
        .ifPresent(match -> {
          int slot = loop.slotOf(match.deployment().model());
          long now = loop.time().epochMillis();
          loop.lane().begun(EntryKind.PREDICTION, slot, now);
          loop.lane().dropped(EntryKind.PREDICTION, slot, DropReason.NOT_OBSERVED, now);
          keep(logged, match, LogUse.NOT_OBSERVED);
        });
  }

  private void unjudged(LoggedExchange logged) {
    matched(logged).ifPresent(match -> keep(logged, match, LogUse.UNJUDGED));
  }

  // The fleet may have changed meanwhile.
  private Optional<Fleet.Match> matched(LoggedExchange logged) {
    Optional<Fleet.Match> match = logged.request().match(loop.fleet());
    if (match.isEmpty()) {
      loop.events().logged(LogUse.UNKNOWN_MODEL);
    }
    return match;
  }

  /// A prediction of which no byte reached the model, as the proxy keeps those it refuses.
  private void refused(LoggedExchange logged, Fleet.Match match) {
    Model model = match.deployment().model();
    int slot = loop.slotOf(model);
    LoggedFacts facts = logged.facts();
    loop.events().logged(LogUse.REFUSED);
    loop.events().exchangeStarted(model.id());
    loop.lane().begun(EntryKind.PREDICTION, slot, logged.arrivedMillis());
    if (isLeftOut(logged, match)) {
      loop.lane().sampledOut(EntryKind.PREDICTION, slot, logged.arrivedMillis());
    } else {
      ObservedRequest request = logged.request();
      Prediction prediction =
          new Prediction(
              request.id(),
              request.replaced(),
              request.externalId(loop.redaction()),
              request.traceId(loop.redaction()),
              target(logged, match),
              request.requestHead(match, loop.redaction()),
              unseen(facts.requestBytes()),
              logged.response(),
              unseen(facts.responseBytes()),
              Ending.REJECTED,
              logged.timing(),
              GrpcStatus.NONE);
      if (isLost(loop.lane().append(prediction, slot))) {
        loop.events().entryDropped(model.id());
      }
    }
    loop.events()
        .exchangeEnded(
            model.id(),
            Ending.REJECTED,
            facts.status(),
            logged.durationNanos(),
            logged.common().firstByteNanos());
  }

  private void keep(LoggedExchange logged, Fleet.Match match, LogUse use) {
    Model model = match.deployment().model();
    if (isLeftOut(logged, match)) {
      int slot = loop.slotOf(model);
      loop.events().logged(use);
      loop.lane().begun(EntryKind.ACCESS_LOG, slot, logged.arrivedMillis());
      loop.lane().sampledOut(EntryKind.ACCESS_LOG, slot, logged.arrivedMillis());
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

  private static Body unseen(long size) {
    return size == 0 ? Body.EMPTY : new Body(List.of(), size, true, "");
  }

  private static boolean isLost(Appended appended) {
    return appended == Appended.FULL || appended == Appended.CLOSED;
  }
}
