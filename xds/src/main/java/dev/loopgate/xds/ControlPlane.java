package dev.loopgate.xds;

import com.google.protobuf.ByteString;
import dev.loopgate.fleet.Fleet;
import io.envoyproxy.controlplane.cache.v3.SimpleCache;
import io.envoyproxy.controlplane.server.V3DiscoveryServer;
import io.grpc.BindableService;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Makes configurations of a fleet and serves them to Envoys, state of the world over an aggregated
/// stream. Any thread; the work is done on the thread named `xds`.
///
/// An Envoy that does not take a configuration keeps what it had of it, and is offered the same one
/// again after pauses that grow. The one before is not restored: an Envoy takes the good part of a
/// bad one, others may take all of it, and going back would take from both what is good.
public final class ControlPlane {
  /*
   * One thread for all: java-control-plane locks, and sends to all Envoys while it holds a lock, which an event loop must
   * never wait for. What waits for the thread is bounded: of each stream one message and one event of each kind.
   */
  private static final int LINGERING_MAX = 1024; // clusters that the fleet has no more
  private static final Duration END = Duration.ofSeconds(5);

  /// How long what takes.
  ///
  /// @param warmUp how long clusters that no Envoy was told of are there before routes lead to
  ///   them, so that they are connected to, resolved and checked
  /// @param retryMin until a configuration that was not taken is offered again; twice as long each
  ///   time
  /// @param retryMax the longest of these pauses
  /// @param linger how long clusters stay that the fleet has no more, so that requests by routes
  ///   that still lead there pass
  /// @param sendWithin how long an Envoy may take to read what it is sent
  public record Pace(
      Duration warmUp, Duration retryMin, Duration retryMax, Duration linger, Duration sendWithin) {
    /// As it is served.
    public static final Pace DEFAULT =
        new Pace(
            Duration.ofSeconds(3),
            Duration.ofSeconds(2),
            Duration.ofMinutes(5),
            Duration.ofSeconds(15),
            Duration.ofSeconds(20));
  }

  private record Source(Fleet fleet, XdsConfig config, Function<String, ByteString> authorities) {}

  private final String group;
  private final Pace pace;
  private final XdsEvents events;
  private final ScheduledThreadPoolExecutor thread;
  private final Tasks tasks;
  private final SimpleCache<String> cache;
  private final DiscoveryService service;
  private final AtomicBoolean asked = new AtomicBoolean();
  private @Nullable Source source; // confined to the thread, as the next
  private @Nullable FleetResources offered;
  private @Nullable Future<?> tidying;
  private @Nullable Future<?> warming; // what is new is offered, and no route to it yet
  private boolean overtaken; // there is something newer than what warms up

  private ControlPlane(String group, Pace pace, XdsEvents events) {
    this.group = group;
    this.pace = pace;
    this.events = events;
    this.cache = new SimpleCache<>(_ -> group); // streams of others never come so far
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            Thread.ofPlatform().name("xds").daemon(true).factory(),
            new ThreadPoolExecutor.DiscardPolicy()); // closed: nobody listens any more
    thread.setRemoveOnCancelPolicy(true);
    this.tasks = new Tasks(thread, events);
    this.service = new DiscoveryService(group, new V3DiscoveryServer(cache), tasks, pace, events);
  }

  /// A control plane that has nothing to serve yet.
  ///
  /// @param group the `node.cluster` of the Envoys that are served; others are refused
  public static ControlPlane open(String group, XdsEvents events) {
    return open(group, Pace.DEFAULT, events);
  }

  /// The same at another pace.
  static ControlPlane open(String group, Pace pace, XdsEvents events) {
    return new ControlPlane(group, pace, events);
  }

  /// `envoy.service.discovery.v3.AggregatedDiscoveryService`, for a gRPC server that may call it on
  /// event loops.
  public BindableService service() {
    return service;
  }

  /// Serves this fleet from now on.
  ///
  /// @param authorities what stands in a PEM file of a model's authorities; throws
  ///   [IllegalArgumentException] with one line when it can't be read
  public void serve(Fleet fleet, XdsConfig config, Function<String, ByteString> authorities) {
    tasks.run(() -> {
      source = new Source(fleet, config, authorities);
      publish();
    });
  }

  /// The fleet may have changed: looks at it soon, once for all that is told until then.
  public void changed() {
    if (asked.compareAndSet(false, true)) {
      tasks.run(() -> {
        asked.set(false); // first: what changes from now on asks again
        publish();
      });
    }
  }

  // An Envoy takes routes at once, and answers 503 while the cluster they lead to is not warm.
  private void publish() {
    Source from = source;
    if (from == null) {
      return;
    }
    if (warming != null) {
      overtaken = true;
      return;
    }
    try {
      FleetResources next = FleetView.of(from.fleet().routes(), from.config(), from.authorities());
      FleetResources before = offered;
      if (before == null || before.clusters().keySet().containsAll(next.clusters().keySet())) {
        offerWhole(next);
      } else {
        stopTidying();
        offer(before.withMissingOf(next));
        warming = tasks.after(pace.warmUp(), () -> warmedUp(next));
      }
    } catch (IllegalArgumentException e) {
      events.unpublished(String.valueOf(e.getMessage()));
    }
  }

  private void warmedUp(FleetResources next) {
    warming = null;
    offerWhole(next);
    if (overtaken) {
      overtaken = false;
      publish();
    }
  }

  // What is gone stays for a while after the last change.
  private void offerWhole(FleetResources next) {
    FleetResources all = offered == null ? next : next.withMissingOf(offered);
    offer(all.clusters().size() - next.clusters().size() > LINGERING_MAX ? next : all);
    stopTidying();
    tidying = tasks.after(pace.linger(), () -> offer(next));
    events.published(next.clusters().size(), next.routes().getVirtualHosts(0).getRoutesCount());
  }

  private void stopTidying() {
    if (tidying != null) {
      tidying.cancel(false);
      tidying = null;
    }
  }

  private void offer(FleetResources resources) {
    if (!resources.equals(offered)) {
      offered = resources;
      cache.setSnapshot(group, resources.snapshot());
    }
  }

  /// Serves no more: streams are ended, further ones are refused, the thread ends.
  public void close() throws InterruptedException {
    tasks.run(service::end);
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    thread.shutdown();
    if (!thread.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS)) {
      thread.shutdownNow(); // it ends without being waited for
    }
  }
}
