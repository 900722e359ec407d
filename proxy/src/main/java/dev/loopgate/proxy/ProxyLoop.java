package dev.loopgate.proxy;

import dev.loopgate.capture.BodyRedactor;
import dev.loopgate.capture.CaptureBuffers;
import dev.loopgate.capture.Redaction;
import dev.loopgate.capture.RequestIds;
import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Kept;
import dev.loopgate.fleet.Model;
import dev.loopgate.policy.Policy;
import dev.loopgate.spool.SpoolLane;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// What one event loop has of its own: lane, ids, capture buffers, connections. Confined to that
/// event loop, but for [#isLeaving] and [#isDraining].
final class ProxyLoop {
  /// What all loops share, each part of it for any thread.
  record Shared(
      ProxyConfig config,
      Redaction redaction,
      TimeSource time,
      ProxyEvents events,
      ModelSlots modelSlots,
      Holds holds,
      ModelConnector connector,
      ModelResolver resolver,
      ModelTls modelTls,
      LocalBytes localBytes,
      @Nullable Policy policy,
      ToIntFunction<String> slots) {}

  private record Compiled(Kept kept, CaptureRules rules) {}

  private final EventLoop eventLoop;
  private final Shared shared;
  private final SpoolLane lane;
  private final RequestIds requestIds = RequestIds.seeded();
  private final CaptureBuffers captureBuffers;
  private final BodyRedactor redactor = new BodyRedactor();
  private final Map<String, Compiled> captureRules = new HashMap<>(); // models of the fleet
  private final byte[] headScratch;
  private final Names names = new Names();
  private final KnownHeaders knownHeaders;
  private final ModelPool models;
  private final Mirrors mirrors;
  private final Set<CallerLink> callers = new HashSet<>();
  private volatile boolean leaving;
  private volatile boolean draining;

  /// Called on the event loop, since the lane belongs to the thread that opened it.
  ProxyLoop(EventLoop eventLoop, Shared shared, SpoolLane lane) {
    this.eventLoop = eventLoop;
    this.shared = shared;
    this.lane = lane;
    ProxyConfig config = shared.config();
    this.captureBuffers = new CaptureBuffers(config.captureBytesMax() / config.loops());
    this.headScratch = new byte[config.headBytesMax()];
    this.knownHeaders = new KnownHeaders(shared.redaction()::touches);
    this.models =
        new ModelPool(
            this,
            new ModelPool.Means(
                shared.modelSlots(), shared.connector(), shared.resolver(), shared.modelTls()));
    this.mirrors = new Mirrors(this);
  }

  EventLoop eventLoop() {
    return eventLoop;
  }

  ProxyConfig config() {
    return shared.config();
  }

  Redaction redaction() {
    return shared.redaction();
  }

  TimeSource time() {
    return shared.time();
  }

  ProxyEvents events() {
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

  /// What holds for a model's exchanges beside its rate and its limits.
  CaptureRules captureRulesOf(Model model) {
    Kept kept = model.kept();
    if (kept.isPlain()) {
      return CaptureRules.NONE; // almost always: nothing is looked up
    }
    Compiled compiled = captureRules.get(model.id());
    if (compiled == null || !compiled.kept().equals(kept)) {
      compiled = new Compiled(kept, CaptureRules.of(kept));
      captureRules.put(model.id(), compiled);
    }
    return compiled.rules();
  }

  /// A reader of heads, one for each connection; of this loop, as they share what they work with.
  HeadReader newHeadReader() {
    return new HeadReader(headScratch, names, knownHeaders);
  }

  KnownHeaders knownHeaders() {
    return knownHeaders;
  }

  ByteBufAllocator buffers() {
    return ByteBufAllocator.DEFAULT; // as all channels of this room
  }

  ModelPool models() {
    return models;
  }

  /// Who waits for replicas, on whatever loop.
  Holds holds() {
    return shared.holds();
  }

  Mirrors mirrors() {
    return mirrors;
  }

  /// Who may pass; null for everybody.
  @Nullable Policy policy() {
    return shared.policy();
  }

  LocalBytes localBytes() {
    return shared.localBytes();
  }

  /// The ledger's slot of a deployment.
  int slotOf(String deployment) {
    return shared.slots().applyAsInt(deployment);
  }

  void add(CallerLink caller) {
    callers.add(caller);
    if (draining) {
      caller.drain();
    }
  }

  void remove(CallerLink caller) {
    callers.remove(caller);
  }

  /// Looks at every deadline of this loop.
  void sweep() {
    long nowNanos = shared.time().nanos();
    for (CallerLink caller : snapshot()) {
      tick(caller, nowNanos);
    }
    mirrors.sweep(nowNanos);
    shared.holds().sweep(nowNanos);
    models.sweep(nowNanos);
  }

  // A bug in one connection ends that one; the deadlines of those behind it hold all the same.
  private void tick(CallerLink caller, long nowNanos) {
    try {
      caller.tick(nowNanos);
    } catch (RuntimeException e) {
      shared.events().failed(e);
      callers.remove(caller); // first: it is looked at no more, even if it can't be closed
      caller.stop(); // what goes on ends as our doing, not as its caller's
      caller.close();
    }
  }

  /// Whether each answer is to be its connection's last. Any thread.
  boolean isLeaving() {
    return leaving;
  }

  /// Any thread.
  boolean isDraining() {
    return draining;
  }

  /// Answers say `connection: close` from now on; whoever comes is served.
  void leave() {
    leaving = true;
    for (CallerLink caller : snapshot()) {
      caller.leave();
    }
  }

  /// The same, and idle connections end.
  void drain() {
    leaving = true;
    draining = true;
    models.closeIdle();
    for (CallerLink caller : snapshot()) {
      caller.drain();
    }
  }

  /// What still goes on ends now.
  void stop() {
    for (CallerLink caller : snapshot()) {
      caller.stop();
    }
  }

  void closeAll() {
    mirrors.stop();
    models.closeIdle();
    for (CallerLink caller : snapshot()) {
      caller.close();
    }
  }

  // Connections come off the set while they are told something.
  private List<CallerLink> snapshot() {
    return new ArrayList<>(callers);
  }
}
