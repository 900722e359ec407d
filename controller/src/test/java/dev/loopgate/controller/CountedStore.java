package dev.loopgate.controller;

import dev.loopgate.fleet.Changes;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.RouteSpec;
import dev.loopgate.fleet.RouteStatus;
import dev.loopgate.fleet.StoreException;
import dev.loopgate.fleet.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A store, and which writes of a controller reached it. Something can be done just before one. Any
/// thread.
final class CountedStore implements DeclaredStore {
  /// What is done before a write.
  interface Before {
    void run() throws StoreException;
  }

  private final DeclaredStore store;
  private final List<String> writes = new ArrayList<>();
  private @Nullable Before before;
  private int attempts;

  CountedStore(DeclaredStore store) {
    this.store = store;
  }

  /// Such as `ModelDeployment wine Ready 1/1` or `delete wine`, since this was last asked.
  synchronized List<String> writes() {
    List<String> copy = List.copyOf(writes);
    writes.clear();
    return copy;
  }

  /// How many writes of a controller began since this was last asked.
  synchronized int attempts() {
    int count = attempts;
    attempts = 0;
    return count;
  }

  /// This is done once, before the next write of a controller.
  synchronized void beforeNext(Before work) {
    before = work;
  }

  @Override
  public <S, T> Optional<Declared<S, T>> get(Kind<S, T> kind, String id) {
    return store.get(kind, id);
  }

  @Override
  public <S, T> List<Declared<S, T>> list(Kind<S, T> kind) {
    return store.list(kind);
  }

  @Override
  public Optional<Declared<RouteSpec, RouteStatus>> defaultRoute(String deployment) {
    return store.defaultRoute(deployment);
  }

  @Override
  public <S, T> Written<S, T> create(Kind<S, T> kind, String id, S spec) throws StoreException {
    return store.create(kind, id, spec);
  }

  @Override
  public <S, T> Written<S, T> replace(Kind<S, T> kind, String id, S spec, OptionalLong expected)
      throws StoreException {
    return store.replace(kind, id, spec, expected);
  }

  @Override
  public <S, T> Written<S, T> mark(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException {
    return store.mark(kind, id, expected);
  }

  @Override
  public <S, T> Written<S, T> delete(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException {
    runBefore();
    Written<S, T> written = store.delete(kind, id, expected);
    note("delete " + id, written);
    return written;
  }

  @Override
  public <S, T> Written<S, T> updateStatus(
      Kind<S, T> kind, String id, T status, OptionalLong expected) throws StoreException {
    if (expected.isEmpty()) {
      throw new IllegalArgumentException("expected: allowed=the version that was looked at");
    }
    runBefore();
    Written<S, T> written = store.updateStatus(kind, id, status, expected);
    note(kind + " " + id + " " + Scene.shown(status), written);
    return written;
  }

  @Override
  public EventPage events(Kind<?, ?> kind, long cursor, int limit) {
    return store.events(kind, cursor, limit);
  }

  @Override
  public Changes subscribe(Runnable wake) {
    return store.subscribe(wake);
  }

  private synchronized void note(String write, Written<?, ?> written) {
    writes.add(
        written instanceof Written.Kept ? write : written.getClass().getSimpleName() + " " + write);
  }

  private void runBefore() throws StoreException {
    Before work;
    synchronized (this) {
      attempts++;
      work = before;
      before = null;
    }
    if (work != null) {
      work.run();
    }
  }
}
