package dev.loopgate.controller;

import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.ConnectionSpec;
import dev.loopgate.fleet.ConnectionStatus;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.DeploymentSpec;
import dev.loopgate.fleet.DeploymentStatus;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Keeps what is declared in files of a directory, one for each thing; one process has it.
///
/// ```text
/// lock                     held by the process
/// revision                 up to which versions and cursors were given
/// secrets.key              what seals the secrets of connections; made with the first one
/// deployment/<id>.json     with its default route, so that both come and go in one rename
/// route/<id>.json          those that users declared
/// connection/<id>.json
/// ```
///
/// When it is not known whether a write is durable, no other one is taken until the next start,
/// which reads what is there.
public final class FileStore implements DeclaredStore, AutoCloseable {
  private final StoreFiles.Held held;
  private final InstantSource clock;
  private final RouteIds routeIds;
  private final EntryJson json;
  private final Revisions revisions;
  private final DeclaredState state;
  private final ObjectFolder<DeploymentSpec, DeploymentStatus> deployments;
  private final ObjectFolder<RouteSpec, RouteStatus> routes;
  private final ObjectFolder<ConnectionSpec, ConnectionStatus> connections;
  private final Left left;
  private final ReentrantLock writing = new ReentrantLock();
  private final List<DeclaredState.Step> untold = new ArrayList<>(); // guarded by writing
  private @Nullable String refusing; // guarded by writing: why nothing is written any more

  /// What an earlier life and other programs left.
  ///
  /// @param temporaries writes that were never acknowledged; they are gone
  /// @param foreign names that are none of ours; they stay
  public record Left(int temporaries, int foreign) {}

  /// One that is being opened: what it takes, in the order in which it is made.
  private FileStore(
      Path directory,
      StoreFiles files,
      StoreFiles.Held held,
      InstantSource clock,
      RandomGenerator random)
      throws IOException {
    this.held = held;
    this.clock = clock;
    this.json = new EntryJson(SecretSeal.open(files, directory));
    this.deployments = new ObjectFolder<>(Kind.DEPLOYMENT, files, directory);
    this.routes = new ObjectFolder<>(Kind.ROUTE, files, directory);
    this.connections = new ObjectFolder<>(Kind.CONNECTION, files, directory);
    var foundDeployments = deployments.load(json);
    var foundRoutes = routes.load(json);
    var foundConnections = connections.load(json);
    this.left =
        new Left(
            foundDeployments.temporaries()
                + foundRoutes.temporaries()
                + foundConnections.temporaries(),
            foundDeployments.foreign() + foundRoutes.foreign() + foundConnections.foreign());
    List<Declared<?, ?>> all = new ArrayList<>();
    foundDeployments.entries().forEach(entry -> addAll(entry, all));
    foundRoutes.entries().forEach(entry -> addAll(entry, all));
    foundConnections.entries().forEach(entry -> addAll(entry, all));
    long highest = all.stream().mapToLong(Declared::version).max().orElse(0);
    this.revisions = Revisions.open(files, directory, highest);
    this.state = new DeclaredState(revisions.last());
    for (Declared<?, ?> each : all) {
      if (state.add(each).isPresent()) {
        throw new IOException(
            "declared state: two have one id: kind="
                + each.kind()
                + ", id="
                + each.id()
                + ", directory="
                + directory
                + "; allowed: one (nothing was changed)");
      }
    }
    this.routeIds = new RouteIds(random, id -> state.get(Kind.ROUTE, id).isPresent());
    files.forceDirectory(directory);
  }

  /// Reads all that is kept in `directory`, which is made when it is not there.
  ///
  /// @param clock tells when something is declared
  /// @param random what the ids of default routes are made of
  /// @throws IOException when another process has it, or something in it can't be read; the message
  ///   is one line and says what. Nothing was changed then
  public static FileStore open(Path directory, InstantSource clock, RandomGenerator random)
      throws IOException {
    return open(directory, clock, random, new MachineFiles());
  }

  static FileStore open(
      Path directory, InstantSource clock, RandomGenerator random, StoreFiles files)
      throws IOException {
    List<Path> above = aboveIt(directory, files);
    files.createDirectory(directory);
    for (Path each : above) {
      files.forceDirectory(each);
    }
    StoreFiles.Held held = files.lock(directory.resolve("lock"));
    try {
      return new FileStore(directory, files, held, clock, random);
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  /// Those in which a name may be new once the directory is made: the deepest one that is there
  /// comes first, the one that it stands in last.
  private static List<Path> aboveIt(Path directory, StoreFiles files) throws IOException {
    List<Path> above = new ArrayList<>();
    Path each = directory.toAbsolutePath().getParent();
    while (each != null) {
      above.addFirst(each);
      each = files.exists(each) ? null : each.getParent();
    }
    return above;
  }

  /// What a start found beside what is kept.
  public Left left() {
    return left;
  }

  @Override
  public <S, T> Optional<Declared<S, T>> get(Kind<S, T> kind, String id) {
    return state.get(kind, id);
  }

  @Override
  public <S, T> List<Declared<S, T>> list(Kind<S, T> kind) {
    return state.list(kind);
  }

  @Override
  public Optional<Declared<RouteSpec, RouteStatus>> defaultRoute(String deployment) {
    return state.defaultRoute(deployment);
  }

  @Override
  public EventPage events(Kind<?, ?> kind, long cursor, int limit) {
    return state.events(kind, cursor, limit);
  }

  @Override
  public Changes subscribe(Runnable wake) {
    return state.subscribe(wake);
  }

  @Override
  public <S, T> Written<S, T> create(Kind<S, T> kind, String id, S spec) throws StoreException {
    return write(() -> {
      Optional<Declared<S, T>> there = state.get(kind, id);
      if (there.isPresent()) {
        return new Written.Exists<>(there.get());
      }
      if (state.count(kind) >= COUNT_MAX) {
        return new Written.Refused<>(
            Written.Reason.TOO_MANY,
            "there are " + COUNT_MAX + " entities of " + kind + ", and no more are kept");
      }
      Instant now = clock.instant();
      Declared<S, T> object = Declared.created(kind, id, spec, now, revisions.next());
      Declared<RouteSpec, RouteStatus> route =
          kind == Kind.DEPLOYMENT
              ? Declared.defaultRoute(routeIds.next(id), id, now, revisions.next())
              : null;
      return keep(object, new Entry<>(object, route), DeclaredEvent.Type.CREATED, now);
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
        object -> {
          Instant now = clock.instant();
          return keep(
              object.replaced(spec, now, revisions.next()), DeclaredEvent.Type.UPDATED, now);
        });
  }

  @Override
  public <S, T> Written<S, T> mark(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException {
    return change(
        kind,
        id,
        expected,
        Written::refusalOfDeletion,
        object -> {
          if (object.deletionMark()) {
            return new Written.Kept<>(object);
          }
          return keep(
              object.marked(revisions.next()),
              DeclaredEvent.Type.DELETION_MARK_IS_SET,
              clock.instant());
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
        object -> {
          if (object.statusAfter(status).equals(object.status())) {
            return new Written.Kept<>(object);
          }
          return keep(
              object.observed(status, revisions.next()),
              DeclaredEvent.Type.STATUS_UPDATED,
              clock.instant());
        });
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
          Instant now = clock.instant();
          Entry<S, T> entry = entry(object);
          int bytes = json.write(entry).length; // what its events hold from now on
          List<DeclaredState.Step> steps = new ArrayList<>();
          Declared<RouteSpec, RouteStatus> route = entry.route();
          if (route != null) {
            steps.add(step(revisions.next(), DeclaredEvent.Type.DELETED, route, now, bytes));
          }
          steps.add(step(revisions.next(), DeclaredEvent.Type.DELETED, object, now, bytes));
          folder(kind).remove(id);
          show(steps);
          return new Written.Kept<>(object);
        });
  }

  /// Lets the directory go. Nothing is written after that.
  @Override
  public void close() throws IOException {
    writing.lock();
    try {
      refusing = "the store is closed";
      held.close();
    } finally {
      writing.unlock();
    }
  }

  /// What is done while nobody else writes.
  @FunctionalInterface
  private interface Writing<R> {
    R run() throws StoreException, IOException;
  }

  @FunctionalInterface
  private interface Changing<S, T> {
    Written<S, T> run(Declared<S, T> object) throws StoreException, IOException;
  }

  private <R> R write(Writing<R> work) throws StoreException {
    R result;
    List<DeclaredState.Step> shown;
    writing.lock();
    try {
      String why = refusing;
      if (why != null) {
        throw new StoreException("nothing is written any more: " + why, false, null);
      }
      result = work.run();
      shown = List.copyOf(untold);
    } catch (StoreException e) {
      if (e.isUncertain()) {
        refusing = e.getMessage() + "; the next start reads what is there";
      }
      throw e;
    } catch (IOException e) {
      throw new StoreException("nothing was written: " + e.getMessage(), false, e);
    } finally {
      untold.clear();
      writing.unlock();
    }
    state.tell(shown); // after the lock: who is woken may write, and wait for others who do
    return result;
  }

  private <S, T> Written<S, T> change(
      Kind<S, T> kind,
      String id,
      OptionalLong expected,
      Function<Declared<S, T>, Optional<Written<S, T>>> refusalOf,
      Changing<S, T> work)
      throws StoreException {
    return write(() -> {
      Optional<Declared<S, T>> there = state.get(kind, id);
      if (there.isEmpty()) {
        return new Written.Missing<>();
      }
      Declared<S, T> object = there.get();
      if (expected.isPresent() && expected.getAsLong() != object.version()) {
        return new Written.Stale<>(object);
      }
      Optional<Written<S, T>> refusal = refusalOf.apply(object);
      return refusal.isPresent() ? refusal.get() : work.run(object);
    });
  }

  private <S, T> Written<S, T> keep(Declared<S, T> object, DeclaredEvent.Type type, Instant now)
      throws StoreException, IOException {
    if (object.isDefault()) {
      Declared<DeploymentSpec, DeploymentStatus> owner =
          state.get(Kind.DEPLOYMENT, DeclaredState.ownerOf(object)).orElseThrow();
      return keep(object, new Entry<>(owner, Kind.ROUTE.cast(object)), type, now);
    }
    return keep(object, entry(object), type, now);
  }

  private <S, T> Entry<S, T> entry(Declared<S, T> object) {
    return new Entry<>(
        object,
        object.kind() == Kind.DEPLOYMENT ? state.defaultRoute(object.id()).orElseThrow() : null);
  }

  /// Keeps the entry, of which `object` is what changed; a new one's route is new, too.
  private <S, T> Written<S, T> keep(
      Declared<S, T> object, Entry<?, ?> entry, DeclaredEvent.Type type, Instant now)
      throws StoreException, IOException {
    byte[] bytes = json.write(entry);
    boolean declares = type == DeclaredEvent.Type.CREATED || type == DeclaredEvent.Type.UPDATED;
    int bytesMax = declares ? BYTES_MAX : KEPT_BYTES_MAX;
    if (bytes.length > bytesMax) {
      return Written.tooLarge(object.kind(), bytesMax);
    }
    if (!json.holds(bytes, entry)) {
      return Written.unreadable(object.kind());
    }
    folder(entry.object().kind()).put(entry.object().id(), bytes);
    List<DeclaredState.Step> steps = new ArrayList<>();
    Declared<RouteSpec, RouteStatus> route = entry.route();
    if (route != null && type == DeclaredEvent.Type.CREATED) {
      steps.add(step(route.version(), type, route, now, bytes.length));
    }
    steps.add(step(object.version(), type, object, now, bytes.length));
    show(steps);
    return new Written.Kept<>(object);
  }

  private void show(List<DeclaredState.Step> steps) {
    state.show(steps);
    untold.addAll(steps);
  }

  private static DeclaredState.Step step(
      long cursor, DeclaredEvent.Type type, Declared<?, ?> object, Instant now, int bytes) {
    return new DeclaredState.Step(new DeclaredEvent(cursor, type, object, now), bytes);
  }

  private ObjectFolder<?, ?> folder(Kind<?, ?> kind) {
    if (kind == Kind.DEPLOYMENT) {
      return deployments;
    }
    return kind == Kind.ROUTE ? routes : connections;
  }

  private static void addAll(Entry<?, ?> entry, List<Declared<?, ?>> all) {
    all.add(entry.object());
    Declared<RouteSpec, RouteStatus> route = entry.route();
    if (route != null) {
      all.add(route);
    }
  }
}
