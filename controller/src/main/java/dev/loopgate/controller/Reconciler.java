package dev.loopgate.controller;

import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Gateways.Served;
import dev.loopgate.fleet.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Brings everything to what is declared, a round at a time. Whatever was told since the last round
/// is looked at once, however often it was told; every tick all deployments are, so that nothing
/// depends on being told. Confined to one thread.
final class Reconciler implements AutoCloseable {
  private final Shared shared;
  private final Changes declared;
  private final Changes hosted;
  private final Map<String, DeploymentWork> deployments = new TreeMap<>();
  private final Map<String, RouteWork> routes = new TreeMap<>();
  private final Serving serving;
  private long nextTick;
  private long nextResync;

  /// Subscribes to store and host.
  ///
  /// @param wake there is something to do in a [#round]; any thread
  Reconciler(Shared shared, Runnable wake) {
    this.shared = shared;
    this.serving = new Serving(shared);
    this.nextTick = shared.now();
    this.nextResync = shared.now() + shared.pace().resync().toNanos();
    this.hosted = new Changes(wake, _ -> {});
    hosted.take(); // what is there is looked at anyway
    shared.host().listen(id -> hosted.add(Kind.DEPLOYMENT, id));
    this.declared = shared.store().subscribe(wake);
  }

  /// Does what is to be done by now.
  ///
  /// @return how many nanoseconds later there is something to do even if nobody tells; 0 for at
  ///   once
  long round() {
    shared.writes().deliver();
    shared.readings().deliver();
    long now = shared.now();
    takeChanges(now);
    if (now - nextTick >= 0) {
      nextTick = now + shared.pace().tick().toNanos();
      for (DeploymentWork work : List.copyOf(deployments.values())) {
        look(work, true);
      }
    }
    List<Ref> lookedRoutes = new ArrayList<>();
    for (int count = shared.queue().size(); count > 0; count--) {
      Ref ref = shared.queue().poll(now);
      if (ref == null) {
        break;
      }
      if (ref.kind() == Kind.ROUTE) {
        lookedRoutes.add(ref); // once it is known whether they are served
      } else {
        look(work(ref.id()), false);
      }
    }
    serving.serve(deployments);
    lookedRoutes.forEach(this::lookAtRoute);
    return Math.max(0, serving.next(shared.queue().next(nextTick)) - shared.now());
  }

  /// Is not told of anything any more.
  @Override
  public void close() {
    declared.close();
  }

  private void takeChanges(long now) {
    Changes.Changed changed = declared.take();
    boolean isResync = now - nextResync >= 0;
    if (isResync) {
      nextResync = now + shared.pace().resync().toNanos();
      deployments.values().forEach(DeploymentWork::retry);
    }
    for (Ref ref : changed.refs()) {
      if (ref.kind() == Kind.CONNECTION) {
        pulledWith(ref.id());
      } else {
        shared.queue().add(ref, now);
        serving.changed(ref.kind() == Kind.ROUTE);
      }
    }
    Changes.Changed moved = hosted.take();
    moved.refs().forEach(ref -> shared.queue().add(ref, now));
    if (changed.everything() || moved.everything() || isResync) {
      takeEverything(now);
    }
  }

  private void takeEverything(long now) {
    shared
        .store()
        .list(Kind.DEPLOYMENT)
        .forEach(each -> shared.queue().add(new Ref(Kind.DEPLOYMENT, each.id()), now));
    shared
        .store()
        .list(Kind.ROUTE)
        .forEach(each -> shared.queue().add(new Ref(Kind.ROUTE, each.id()), now));
    deployments.keySet().forEach(each -> shared.queue().add(new Ref(Kind.DEPLOYMENT, each), now));
    for (String each : shared.host().deployments()) {
      if (!deployments.containsKey(each) && shared.store().get(Kind.DEPLOYMENT, each).isEmpty()) {
        deployments.put(each, new DeploymentWork(each, true, shared));
        shared.queue().add(new Ref(Kind.DEPLOYMENT, each), now);
      }
    }
    serving.changed(true);
  }

  private void pulledWith(String connection) {
    for (Map.Entry<String, DeploymentWork> each : deployments.entrySet()) {
      if (connection.equals(each.getValue().pulledWith())) {
        shared.queue().add(new Ref(Kind.DEPLOYMENT, each.getKey()), shared.now());
      }
    }
  }

  /// The one with this id; null when nobody declares it and the host was not seen with it.
  private @Nullable DeploymentWork work(String id) {
    DeploymentWork work = deployments.get(id);
    if (work == null && shared.store().get(Kind.DEPLOYMENT, id).isPresent()) {
      work = new DeploymentWork(id, false, shared);
      deployments.put(id, work);
    }
    return work;
  }

  private void look(@Nullable DeploymentWork work, boolean isTick) {
    if (work == null) {
      return;
    }
    Ref ref = work.ref();
    BackOff trouble = work.trouble();
    if (!trouble.isOpen(shared.now())) {
      shared.queue().add(ref, trouble.openAt());
      return;
    }
    Served before = work.served();
    boolean wasReady = work.isTargetReady();
    try {
      work.look(isTick, serving.isServed(ref.id()));
      trouble.succeeded();
    } catch (RuntimeException e) {
      shared.events().failed(e);
      trouble.failed(shared.now());
      shared.queue().add(ref, trouble.openAt());
    }
    if (work.isDone()) {
      deployments.remove(ref.id());
    }
    if (!Objects.equals(before, work.served())) {
      serving.changed(false);
    }
    if (wasReady != work.isTargetReady()) {
      serving.leadingTo(ref.id()).forEach(each -> shared.queue().add(each, shared.now()));
    }
  }

  private void lookAtRoute(Ref ref) {
    var route = shared.store().get(Kind.ROUTE, ref.id());
    if (route.isEmpty()) {
      routes.remove(ref.id());
      return;
    }
    try {
      routes
          .computeIfAbsent(ref.id(), id -> new RouteWork(id, shared))
          .look(route.get(), serving.isServed(route.get()), this::isTargetReady);
    } catch (RuntimeException e) {
      shared.events().failed(e);
      shared.queue().add(ref, shared.now() + shared.pace().retryMax().toNanos());
    }
  }

  private boolean isTargetReady(String deployment) {
    DeploymentWork work = deployments.get(deployment);
    return work != null && work.isTargetReady();
  }
}
