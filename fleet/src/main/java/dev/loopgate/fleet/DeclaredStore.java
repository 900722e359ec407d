package dev.loopgate.fleet;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Keeps what users declare, and what was last observed of it. Any thread; a write returns when it
/// is durable, so never on an event loop. Writes are seen in one order by all, and nothing that is
/// not durable is seen.
///
/// A deployment comes with its default route and goes with it, each in one step; the route is
/// listed with the others, and can't be replaced or deleted by itself.
///
/// What is written was accepted by the rules of its kind; only bounds are checked here, and that
/// the next start will read it. Rules look at other things that are declared, too: who writes for
/// users does so one at a time.
public interface DeclaredStore {
  /// Things of one kind that are kept at most, default routes not counted.
  int COUNT_MAX = 10_000;

  /// Bytes of one thing as it is kept at most, when it is declared.
  int BYTES_MAX = 256 << 10;

  /// Bytes of one thing as it is kept at most, with a mark and whatever may be observed of it: what
  /// could be declared can be observed and can go.
  int KEPT_BYTES_MAX = BYTES_MAX + (16 << 10);

  /// Events of one kind that are kept at most.
  int EVENTS_MAX = 1_000;

  /// The one with this id.
  <S, T> Optional<Declared<S, T>> get(Kind<S, T> kind, String id);

  /// All of a kind, in the order of their ids, of one moment.
  <S, T> List<Declared<S, T>> list(Kind<S, T> kind);

  /// The route that came with the deployment.
  Optional<Declared<RouteSpec, RouteStatus>> defaultRoute(String deployment);

  /// Keeps a new one; of a deployment its default route, too. [Written.Exists] where there is one,
  /// even if it is marked.
  ///
  /// @param id [Model#ID]
  <S, T> Written<S, T> create(Kind<S, T> kind, String id, S spec) throws StoreException;

  /// Exchanges the spec: the status is [Kind#fresh] again, and a deletion mark is taken away.
  ///
  /// @param expected the version that is to be replaced; empty for any
  <S, T> Written<S, T> replace(Kind<S, T> kind, String id, S spec, OptionalLong expected)
      throws StoreException;

  /// Marks it for deletion. Marked already, nothing changes. What is vital is refused.
  ///
  /// @param expected the version that is to be marked; empty for any
  <S, T> Written<S, T> mark(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException;

  /// Takes it away; of a deployment its default route, too. What is vital is refused.
  ///
  /// @param expected the version that is to go; empty for any. Who deletes what is marked says it:
  ///   it may have been declared again
  <S, T> Written<S, T> delete(Kind<S, T> kind, String id, OptionalLong expected)
      throws StoreException;

  /// Keeps what was observed: `updatedAt` stays. Observed already, nothing changes, the version
  /// neither.
  ///
  /// @param expected the version that was looked at; empty for any
  <S, T> Written<S, T> updateStatus(Kind<S, T> kind, String id, T status, OptionalLong expected)
      throws StoreException;

  /// What happened to things of a kind after `cursor`, the oldest first.
  ///
  /// @param cursor as the last page said it; 0 for everything that is known
  /// @param limit events at most, from 1 on
  EventPage events(Kind<?, ?> kind, long cursor, int limit);

  /// Begins to tell what changes: specs, marks, and what comes and goes; not what was observed,
  /// which comes from who subscribes.
  ///
  /// @param wake as [Changes] says; no lock of the store is held meanwhile
  Changes subscribe(Runnable wake);
}
