package dev.loopgate.fleet;

import dev.loopgate.fleet.Changes.Ref;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Serves what is declared by the [Fleet] of this process.
public final class FleetGateways implements Gateways {
  private static final String MODEL_PREFIX = "/model/";

  private final Fleet fleet;
  private final Kept kept;
  private final Consumer<String> waker;
  private final Consumer<List<Model>> coming;
  private final Runnable changed;
  private final Map<String, Hosted> hosted = new ConcurrentHashMap<>(); // of what is declared
  private final Set<Hosted> gone = ConcurrentHashMap.newKeySet(); // until their last request
  private final Lock lock = new ReentrantLock();
  private final Condition servedAnew = lock.newCondition();
  private @Nullable Set<Ref> served; // as declared, by the lock; null while nothing ever was

  /// Serves nothing yet.
  ///
  /// @param kept what is kept of the exchanges of what is declared
  /// @param waker told the id of a deployment that somebody waits for; returns at once
  /// @param coming told the models before they are served
  /// @param changed told when the fleet has changed
  public FleetGateways(
      Fleet fleet,
      Kept kept,
      Consumer<String> waker,
      Consumer<List<Model>> coming,
      Runnable changed) {
    this.fleet = fleet;
    this.kept = kept;
    this.waker = waker;
    this.coming = coming;
    this.changed = changed;
  }

  @Override
  public Set<String> serve(
      List<Served> deployments, List<Declared<RouteSpec, RouteStatus>> routes) {
    Map<String, String> defaults = defaultRoutes(routes);
    List<Fleet.Declaring> declaring = new ArrayList<>();
    for (Served served : deployments) {
      Declared<DeploymentSpec, DeploymentStatus> declared = served.declared();
      Hosted servers =
          hosted.computeIfAbsent(
              declared.id(),
              id -> new Hosted(id, Hosted.Terms.of(declared.spec().serving()), waker));
      declaring.add(
          new Fleet.Declaring(
              model(declared), servers, defaults.getOrDefault(declared.id(), declared.id())));
    }
    coming.accept(declaring.stream().map(Fleet.Declaring::model).toList());
    fleet.declare(declaring, custom(routes));
    for (int i = 0; i < deployments.size(); i++) {
      answer(deployments.get(i), declaring.get(i).hosted());
    }
    retireAllBut(deployments);
    changed.run();
    Set<String> ids = new HashSet<>(fleet.declaredRoutes());
    Set<Ref> refs = new HashSet<>();
    for (Served each : deployments) {
      String id = each.declared().id();
      if (isServed(id)) {
        refs.add(new Ref(Kind.DEPLOYMENT, id));
        Optional.ofNullable(defaults.get(id)).ifPresent(ids::add);
      }
    }
    ids.forEach(id -> refs.add(new Ref(Kind.ROUTE, id)));
    tell(refs);
    return ids;
  }

  private void tell(Set<Ref> refs) {
    lock.lock();
    try {
      served = refs;
      servedAnew.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until something was served for the first time. Any thread.
  ///
  /// @return whether it was
  public boolean awaitFirst(Duration within) throws InterruptedException {
    return await(within, _ -> true);
  }

  /// Waits until requests reach a deployment, or go by a route. Any thread.
  ///
  /// @return whether they do
  public boolean awaitServed(Ref ref, Duration within) throws InterruptedException {
    return await(within, refs -> refs.contains(ref));
  }

  private boolean await(Duration within, Predicate<Set<Ref>> so) throws InterruptedException {
    long left = within.toNanos();
    lock.lockInterruptibly();
    try {
      while (served == null || !so.test(served)) {
        if (left <= 0) {
          return false;
        }
        left = servedAnew.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Demand demand(String deployment) {
    Hosted servers = hosted.get(deployment);
    return servers == null ? Demand.NONE : servers.demand();
  }

  /// Whether no request is at this replica, and none will go there: it is told to callers no more.
  /// Any thread.
  public boolean isDrained(String deployment, Replica at) {
    Hosted servers = hosted.get(deployment);
    gone.removeIf(Hosted::isQuiet);
    return (servers == null || servers.isQuiet(at))
        && gone.stream().allMatch(each -> each.isQuiet(at));
  }

  private void answer(Served served, Hosted servers) {
    DeploymentStatus status = served.declared().status();
    fleet
        .deployment(served.declared().id())
        .filter(deployment -> deployment.hosted() == servers)
        .ifPresent(deployment -> {
          deployment.discover(status.modelName(), status.modelVersion());
          deployment.ready(!served.ready().isEmpty());
        });
    Hosted.Terms terms = Hosted.Terms.of(served.declared().spec().serving());
    servers.answer(served.ready(), served.problem(), terms);
  }

  private void retireAllBut(List<Served> deployments) {
    Set<String> ids = new HashSet<>(hosted.keySet());
    deployments.forEach(served -> ids.remove(served.declared().id()));
    for (String id : ids) {
      Hosted servers = hosted.get(id);
      if (servers != null) {
        gone.add(servers); // first: whoever asks meanwhile finds it in one of both
        hosted.remove(id);
        servers.retire();
      }
    }
  }

  private boolean isServed(String deployment) {
    Hosted servers = hosted.get(deployment);
    return servers != null
        && fleet.deployment(deployment).map(Deployment::hosted).orElse(null) == servers;
  }

  private Model model(Declared<DeploymentSpec, DeploymentStatus> declared) {
    return new Model(
        declared.id(),
        declared.spec().isGrpc() ? Upstream.HOSTED_GRPC : Upstream.HOSTED,
        Predictor.ofWord(declared.spec().predictor()),
        MODEL_PREFIX + declared.id(),
        null,
        null,
        kept,
        Bounds.NONE,
        declared.spec().roleName());
  }

  private static Map<String, String> defaultRoutes(List<Declared<RouteSpec, RouteStatus>> routes) {
    Map<String, String> ids = new HashMap<>();
    for (Declared<RouteSpec, RouteStatus> route : routes) {
      if (route.isDefault()) {
        ids.put(route.spec().modelDeployments().getFirst().mdName(), route.id());
      }
    }
    return ids;
  }

  private static List<ModelRoute> custom(List<Declared<RouteSpec, RouteStatus>> routes) {
    List<ModelRoute> custom = new ArrayList<>();
    for (Declared<RouteSpec, RouteStatus> route : routes) {
      if (!route.isDefault()) {
        RouteSpec spec = route.spec();
        List<ModelRoute.Target> targets =
            spec.modelDeployments().stream()
                .map(target -> new ModelRoute.Target(target.mdName(), target.weight()))
                .toList();
        custom.add(new ModelRoute(route.id(), spec.urlPrefix(), targets, spec.mirror()));
      }
    }
    return custom;
  }
}
