package dev.loopgate.testkit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.EventLog;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.MalformedException;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.SecretText;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What is declared, in memory, by the contract of the seam: what could not be kept and read back
/// is refused here, too. Any thread.
public final class MemoryDeclaredStore implements DeclaredStore {
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final InstantSource clock;
  private final Map<Kind<?, ?>, Map<String, Declared<?, ?>>> objects = new HashMap<>();
  private final Map<Kind<?, ?>, EventLog> events = new HashMap<>();
  private final CopyOnWriteArrayList<Changes> subscribers = new CopyOnWriteArrayList<>();
  private final List<Declared<?, ?>> told = new ArrayList<>(); // of one write, guarded by this
  private long last;
  private @Nullable StoreException failing;

  /// An empty one.
  public MemoryDeclaredStore(InstantSource clock) {
    this.clock = clock;
    for (Kind<?, ?> kind : Kind.all()) {
      objects.put(kind, new TreeMap<>());
      events.put(kind, new EventLog(EVENTS_MAX, Long.MAX_VALUE, 0));
    }
  }

  /// From now on no write is kept; null to keep them again.
  public synchronized void fail(@Nullable StoreException by) {
    failing = by;
  }

  @Override
  public synchronized <S, T> Optional<Declared<S, T>> get(Kind<S, T> kind, String id) {
    return Optional.ofNullable(of(kind).get(id)).map(kind::cast);
  }

  @Override
  public synchronized <S, T> List<Declared<S, T>> list(Kind<S, T> kind) {
    return of(kind).values().stream().map(kind::cast).toList();
  }

  @Override
  public synchronized Optional<Declared<RouteSpec, RouteStatus>> defaultRoute(String deployment) {
    return list(Kind.ROUTE).stream()
        .filter(Declared::isDefault)
        .filter(route -> route.spec().urlPrefix().equals("/model/" + deployment))
        .findFirst();
  }

  @Override
  public <S, T> Written<S, T> create(Kind<S, T> kind, String id, S spec) throws StoreException {
    return write(() -> {
      Optional<Declared<S, T>> there = get(kind, id);
      if (there.isPresent()) {
        return new Written.Exists<>(there.get());
      }
      if (list(kind).stream().filter(each -> !each.isDefault()).count() >= COUNT_MAX) {
        return new Written.Refused<>(
            Written.Reason.TOO_MANY, "there are " + COUNT_MAX + " entities of " + kind);
      }
      Instant now = clock.instant();
      Written<S, T> written =
          keep(DeclaredEvent.Type.CREATED, Declared.created(kind, id, spec, now, ++last));
      if (kind == Kind.DEPLOYMENT && written instanceof Written.Kept) {
        String route = id.substring(0, Math.min(id.length(), 57)) + "-" + suffix();
        keep(DeclaredEvent.Type.CREATED, Declared.defaultRoute(route, id, now, ++last));
      }
      return written;
    });
  }

  @Override
  public <S, T> Written<S, T> replace(Kind<S, T> kind, String id, S spec, OptionalLong expected)
      throws StoreException {
    return change(
        kind,
        id,
        expected,
        Written::refusalOfUpdate,
        object -> keep(DeclaredEvent.Type.UPDATED, object.replaced(spec, clock.instant(), ++last)));
  }

  @Override
  public <S, T> Written<S, T> mark(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException {
    return change(
        kind,
        id,
        expected,
        Written::refusalOfDeletion,
        object ->
            object.deletionMark()
                ? new Written.Kept<>(object)
                : keep(DeclaredEvent.Type.DELETION_MARK_IS_SET, object.marked(++last)));
  }

  @Override
  public <S, T> Written<S, T> delete(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException {
    return change(
        kind,
        id,
        expected,
        Written::refusalOfDeletion,
        object -> {
          if (kind == Kind.DEPLOYMENT) {
            forget(defaultRoute(id).orElseThrow());
          }
          forget(object);
          return new Written.Kept<>(object);
        });
  }

  @Override
  public <S, T> Written<S, T> updateStatus(
      Kind<S, T> kind, String id, T status, OptionalLong expected) throws StoreException {
    return change(
        kind,
        id,
        expected,
        _ -> Optional.empty(),
        object ->
            object.statusAfter(status).equals(object.status())
                ? new Written.Kept<>(object)
                : keep(DeclaredEvent.Type.STATUS_UPDATED, object.observed(status, ++last)));
  }

  @Override
  public synchronized EventPage events(Kind<?, ?> kind, long cursor, int limit) {
    return log(kind).after(cursor, limit);
  }

  @Override
  public Changes subscribe(Runnable wake) {
    Changes changes = new Changes(wake, subscribers::remove);
    subscribers.add(changes);
    return changes;
  }

  private interface Writing<R> {
    R run();
  }

  private <R> R write(Writing<R> work) throws StoreException {
    R result;
    List<Declared<?, ?>> changed;
    synchronized (this) {
      StoreException why = failing;
      if (why != null) {
        throw why;
      }
      result = work.run();
      changed = List.copyOf(told);
      told.clear();
    }
    for (Declared<?, ?> each : changed) {
      subscribers.forEach(subscriber -> subscriber.add(each.kind(), each.id()));
    }
    return result;
  }

  private <S, T> Written<S, T> change(
      Kind<S, T> kind,
      String id,
      OptionalLong expected,
      Function<Declared<S, T>, Optional<Written<S, T>>> refusalOf,
      Function<Declared<S, T>, Written<S, T>> work)
      throws StoreException {
    return write(() -> {
      Optional<Declared<S, T>> there = get(kind, id);
      if (there.isEmpty()) {
        return new Written.Missing<>();
      }
      Declared<S, T> object = there.get();
      if (expected.isPresent() && expected.getAsLong() != object.version()) {
        return new Written.Stale<>(object);
      }
      return refusalOf.apply(object).orElseGet(() -> work.apply(object));
    });
  }

  private <S, T> Written<S, T> keep(DeclaredEvent.Type type, Declared<S, T> object) {
    byte[] kept =
        DeclaredJson.writeKept(object, SecretText.DECRYPTED)
            .toPrettyString()
            .getBytes(StandardCharsets.UTF_8);
    boolean declares = type == DeclaredEvent.Type.CREATED || type == DeclaredEvent.Type.UPDATED;
    int bytesMax = declares ? BYTES_MAX : KEPT_BYTES_MAX;
    if (kept.length > bytesMax) {
      return Written.tooLarge(object.kind(), bytesMax);
    }
    if (!holds(kept, object.kind(), object)) {
      return Written.unreadable(object.kind());
    }
    of(object.kind()).put(object.id(), object);
    happened(object.version(), type, object);
    return new Written.Kept<>(object);
  }

  private void forget(Declared<?, ?> object) {
    of(object.kind()).remove(object.id());
    happened(++last, DeclaredEvent.Type.DELETED, object);
  }

  private void happened(long cursor, DeclaredEvent.Type type, Declared<?, ?> object) {
    log(object.kind()).add(new DeclaredEvent(cursor, type, object, clock.instant()), 0);
    if (type != DeclaredEvent.Type.STATUS_UPDATED) {
      told.add(object);
    }
  }

  private static <S, T> boolean holds(byte[] kept, Kind<S, T> kind, Declared<?, ?> object) {
    try {
      return DeclaredJson.readKept(kind, MAPPER.readTree(kept), SecretText.DECRYPTED)
          .equals(object);
    } catch (IOException | MalformedException _) {
      return false;
    }
  }

  private String suffix() {
    return String.format("%05x", last & 0xfffff);
  }

  private Map<String, Declared<?, ?>> of(Kind<?, ?> kind) {
    return Objects.requireNonNull(objects.get(kind), "all kinds are there");
  }

  private EventLog log(Kind<?, ?> kind) {
    return Objects.requireNonNull(events.get(kind), "all kinds are there");
  }
}
