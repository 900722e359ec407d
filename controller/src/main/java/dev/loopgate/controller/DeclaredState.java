package dev.loopgate.controller;

import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.EventLog;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// What is durable, as everybody sees it: one moment at a time. Any thread; no lock is held while a
/// disk is waited for.
final class DeclaredState {
  /// Something that became durable.
  ///
  /// @param event what happened
  /// @param bytes of the file that it stands in
  record Step(DeclaredEvent event, int bytes) {}

  private static final long EVENT_BYTES_MAX = 16L << 20;

  private final Object lock = new Object();
  private final Map<Kind<?, ?>, Map<String, Declared<?, ?>>> objects = new HashMap<>();
  private final Map<Kind<?, ?>, EventLog> events = new HashMap<>();
  private final Map<String, String> defaultRoutes = new HashMap<>(); // by deployment
  private final CopyOnWriteArrayList<Changes> subscribers = new CopyOnWriteArrayList<>();

  /// Nothing yet.
  ///
  /// @param cursor up to which nobody knows what happened
  DeclaredState(long cursor) {
    for (Kind<?, ?> kind : Kind.all()) {
      objects.put(kind, new TreeMap<>());
      events.put(kind, new EventLog(DeclaredStore.EVENTS_MAX, EVENT_BYTES_MAX, cursor));
    }
  }

  /// Adds what a start found: nothing happened.
  ///
  /// @return the one that had this place already; empty when it was free
  Optional<Declared<?, ?>> add(Declared<?, ?> found) {
    synchronized (lock) {
      Declared<?, ?> other = of(found.kind()).get(found.id());
      if (other != null) {
        return Optional.of(other);
      }
      put(found);
      return Optional.empty();
    }
  }

  <S, T> Optional<Declared<S, T>> get(Kind<S, T> kind, String id) {
    synchronized (lock) {
      Declared<?, ?> found = of(kind).get(id);
      return found == null ? Optional.empty() : Optional.of(kind.cast(found));
    }
  }

  <S, T> List<Declared<S, T>> list(Kind<S, T> kind) {
    synchronized (lock) {
      List<Declared<S, T>> all = new ArrayList<>(of(kind).size());
      of(kind).values().forEach(each -> all.add(kind.cast(each)));
      return all;
    }
  }

  Optional<Declared<RouteSpec, RouteStatus>> defaultRoute(String deployment) {
    synchronized (lock) {
      String id = defaultRoutes.get(deployment);
      return id == null ? Optional.empty() : get(Kind.ROUTE, id);
    }
  }

  /// How many of a kind have a file of their own.
  int count(Kind<?, ?> kind) {
    synchronized (lock) {
      return of(kind).size() - (kind == Kind.ROUTE ? defaultRoutes.size() : 0);
    }
  }

  EventPage events(Kind<?, ?> kind, long cursor, int limit) {
    synchronized (lock) {
      return log(kind).after(cursor, limit);
    }
  }

  Changes subscribe(Runnable wake) {
    Changes changes = new Changes(wake, subscribers::remove);
    subscribers.add(changes);
    return changes;
  }

  /// Shows all of these at once. Subscribers are told by [#tell].
  void show(List<Step> steps) {
    synchronized (lock) {
      for (Step step : steps) {
        Declared<?, ?> object = step.event().object();
        if (step.event().type() == DeclaredEvent.Type.DELETED) {
          of(object.kind()).remove(object.id());
          if (object.kind() == Kind.DEPLOYMENT) {
            defaultRoutes.remove(object.id());
          }
        } else {
          put(object);
        }
        log(object.kind()).add(step.event(), step.bytes());
      }
    }
  }

  /// Tells subscribers of what was shown. They may ask and write anything, so that nobody calls
  /// this with a lock.
  void tell(List<Step> steps) {
    for (Step step : steps) {
      if (step.event().type() != DeclaredEvent.Type.STATUS_UPDATED) {
        Declared<?, ?> object = step.event().object();
        subscribers.forEach(each -> each.add(object.kind(), object.id()));
      }
    }
  }

  private void put(Declared<?, ?> object) {
    of(object.kind()).put(object.id(), object);
    if (object.isDefault()) {
      defaultRoutes.put(ownerOf(object), object.id());
    }
  }

  /// The deployment that a default route came with.
  static String ownerOf(Declared<?, ?> route) {
    return Kind.ROUTE.cast(route).spec().modelDeployments().getFirst().mdName();
  }

  private Map<String, Declared<?, ?>> of(Kind<?, ?> kind) {
    return Objects.requireNonNull(objects.get(kind), "all kinds are there");
  }

  private EventLog log(Kind<?, ?> kind) {
    return Objects.requireNonNull(events.get(kind), "all kinds are there");
  }
}
