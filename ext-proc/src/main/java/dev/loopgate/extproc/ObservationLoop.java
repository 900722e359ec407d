package dev.loopgate.extproc;

import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.CaptureBuffers;
import dev.loopgate.capture.DropReason;
import dev.loopgate.capture.Ending;
import dev.loopgate.capture.EntryKind;
import dev.loopgate.capture.ModelIdentity;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Deployment;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.spool.SpoolLane;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What one event loop has of its own: lane, ids, capture buffers, exchanges. Confined to that
/// event loop.
final class ObservationLoop {
  /// What all loops share, each part of it for any thread.
  record Shared(
      ObservationConfig config,
      int loops,
      Fleet fleet,
      Redaction redaction,
      TimeSource time,
      ObservationEvents events,
      ObserverLanes lanes,
      Joins joins,
      EnvoyCounters counters,
      AtomicInteger streamsOpen) {}

  private record Compiled(Kept kept, ObservedRules rules) {}

  private final Shared shared;
  private final SpoolLane lane;
  private final RequestIds requestIds = RequestIds.seeded();
  private final CaptureBuffers captureBuffers;
  private final BodyRedactor redactor = new BodyRedactor();
  private final Map<String, Compiled> rules = new HashMap<>(); // models of the fleet
  private final Set<ObservedStream> streams = new HashSet<>();
  private final Set<StandingStream<?, ?>> standing = new HashSet<>();
  private final Executor executor;
  private final AccessLog accessLog;
  private final int exchangesMax;
  private final int headBytesMax;
  private int exchanges;
  private boolean leaving;
  private boolean stopped;
  private int headBytes;

  /// Called on the event loop, since the lane belongs to the thread that opened it.
  ///
  /// @param executor the event loop
  ObservationLoop(Shared shared, Executor executor) {
    this.shared = shared;
    this.executor = executor;
    this.accessLog = new AccessLog(this, shared.joins(), shared.config().accessLog());
    ObservationConfig config = shared.config();
    this.lane = shared.lanes().openLane();
    this.captureBuffers = new CaptureBuffers(config.captureBytesMax() / shared.loops());
    this.exchangesMax = Math.max(1, config.exchangesMax() / shared.loops());
    this.headBytesMax = config.headBytesMax() / shared.loops();
  }

  /// Runs on this loop, for whoever is on another thread.
  void execute(Runnable task) {
    executor.execute(task);
  }

  AccessLog accessLog() {
    return accessLog;
  }

  Joins joins() {
    return shared.joins();
  }

  EnvoyCounters counters() {
    return shared.counters();
  }

  static ModelIdentity identity(Deployment.Labels labels) {
    return new ModelIdentity(labels.name(), labels.version());
  }

  Fleet fleet() {
    return shared.fleet();
  }

  Redaction redaction() {
    return shared.redaction();
  }

  TimeSource time() {
    return shared.time();
  }

  ObservationEvents events() {
    return shared.events();
  }

  SpoolLane lane() {
    return lane;
  }

  RequestIds requestIds() {
    return requestIds;
  }

  CaptureBuffers captureBuffers() {
    return captureBuffers;
  }

  BodyRedactor redactor() {
    return redactor;
  }

  /// A prediction passed, and nothing of it can be kept: seen and dropped, in the ledger's words.
  void notObserved(Fleet.Match match) {
    int slot = slotOf(match.deployment().model());
    long now = shared.time().epochMillis();
    lane.begun(EntryKind.PREDICTION, slot, now);
    lane.dropped(EntryKind.PREDICTION, slot, DropReason.NOT_OBSERVED, now);
  }

  int slotOf(Model model) {
    return shared.lanes().slotOf(model.id());
  }

  /// What holds for a model's exchanges beside its rate and its limits.
  ObservedRules rulesOf(Model model) {
    Kept kept = model.kept();
    if (kept.isPlain()) {
      return ObservedRules.NONE; // almost always: nothing is looked up
    }
    Compiled compiled = rules.get(model.id());
    if (compiled == null || !compiled.kept().equals(kept)) {
      compiled = new Compiled(kept, ObservedRules.of(kept));
      rules.put(model.id(), compiled);
    }
    return compiled.rules();
  }

  /// Takes room for one more exchange with a head of so many bytes; false when there is none. Given
  /// back by [#giveBack] with the same number.
  boolean takeRoom(int bytes) {
    if (exchanges >= exchangesMax || bytes > headBytesMax - headBytes) {
      return false;
    }
    exchanges++;
    headBytes += bytes;
    return true;
  }

  /// Takes room for more of a head that is followed already.
  boolean takeMoreRoom(int bytes) {
    if (bytes > headBytesMax - headBytes) {
      return false;
    }
    headBytes += bytes;
    return true;
  }

  void giveBack(int bytes) {
    exchanges--;
    headBytes -= bytes;
  }

  void add(ObservedStream stream) {
    streams.add(stream);
    shared.streamsOpen().incrementAndGet();
  }

  void remove(ObservedStream stream) {
    if (streams.remove(stream)) {
      shared.streamsOpen().decrementAndGet();
    }
  }

  void add(StandingStream<?, ?> stream) {
    standing.add(stream);
  }

  void remove(StandingStream<?, ?> stream) {
    standing.remove(stream);
  }

  /// Ends what Envoy has said nothing of for too long, and what it logged the end of.
  void sweep() {
    long now = shared.time().nanos();
    long idle = shared.config().idleMax().toNanos();
    tellEach(streams, stream -> stream.endIfDue(now, idle));
    tellEach(List.of(accessLog), AccessLog::sweep);
    if (leaving && shared.streamsOpen().get() == 0) {
      tellEach(standing, StandingStream::stop); // they have no end of their own
    }
  }

  /// The exchange that Envoy sends elsewhere by itself, with this as the next leg; null when there
  /// is none.
  @Nullable ObservedStream redirectedTo(ObservedRequest next) {
    for (ObservedStream stream : streams) {
      if (stream.isRedirectedTo(next)) {
        return stream;
      }
    }
    return null;
  }

  /// No exchange begins any more. What Envoys log of those that are open, on whatever loop, is
  /// still taken until the next sweep after the last of them.
  void leave() {
    leaving = true;
  }

  /// Ends what is open: the gateway stops. What still comes is not followed.
  void stop() {
    stopped = true;
    tellEach(streams, stream -> stream.over(Ending.GATEWAY_STOPPED));
    tellEach(standing, StandingStream::stop);
    tellEach(List.of(accessLog), AccessLog::stop);
  }

  boolean isStopped() {
    return stopped;
  }

  /// Whether nothing is held any more.
  boolean isEmpty() {
    return streams.isEmpty()
        && exchanges == 0
        && headBytes == 0
        && captureBuffers.bytesInUse() == 0;
  }

  // One that fails must not keep the others from being told.
  private <T> void tellEach(Collection<T> all, Consumer<T> what) {
    for (T each : new ArrayList<>(all)) { // some leave while they are told
      try {
        what.accept(each);
      } catch (RuntimeException | OutOfMemoryError e) {
        shared.events().failed(e);
      }
    }
  }
}
