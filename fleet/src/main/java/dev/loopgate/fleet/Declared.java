package dev.loopgate.fleet;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// One thing that a user declared, and what was last observed of it. Immutable; its changes are new
/// ones, with a version that the store gives.
///
/// @param <S> what was declared
/// @param <T> what is observed
/// @param kind what it is
/// @param id unique in its kind, [Model#ID]
/// @param spec what was declared, defaults filled in
/// @param status what was last observed; [Kind#fresh] after each change of the spec
/// @param createdAt in microseconds
/// @param updatedAt when the spec was last written, in microseconds; later with each write
/// @param deletionMark whether it is to go as soon as nothing of it is left
/// @param version grows with each write of any of this, and never comes again; the ETag
/// @param isDefault whether it is the route that came with a deployment and goes with it
public record Declared<S, T>(
    Kind<S, T> kind,
    String id,
    S spec,
    T status,
    Instant createdAt,
    Instant updatedAt,
    boolean deletionMark,
    long version,
    boolean isDefault) {
  /// The weight of a route's only target.
  private static final int WHOLE = ModelRoute.WEIGHTS;

  public Declared {
    if (!Model.ID.matcher(id).matches()) {
      throw new IllegalArgumentException("ID is not valid"); // it may become a path: nothing of it
    }
    if (version < 1) {
      throw new IllegalArgumentException("version: value=" + version + ", allowed=1 or more");
    }
    createdAt = createdAt.truncatedTo(ChronoUnit.MICROS);
    updatedAt = updatedAt.truncatedTo(ChronoUnit.MICROS);
  }

  /// A new one.
  public static <S, T> Declared<S, T> created(
      Kind<S, T> kind, String id, S spec, Instant now, long version) {
    return new Declared<>(kind, id, spec, kind.fresh(), now, now, false, version, false);
  }

  /// The route that comes with a deployment: `/model/<deployment>`, all of its requests.
  public static Declared<RouteSpec, RouteStatus> defaultRoute(
      String id, String deployment, Instant now, long version) {
    RouteSpec spec = RouteSpec.toOne("/model/" + deployment, deployment, WHOLE);
    return new Declared<>(Kind.ROUTE, id, spec, RouteStatus.NEW, now, now, false, version, true);
  }

  /// The same with another spec: nothing is observed of it yet, and it is to stay.
  public Declared<S, T> replaced(S by, Instant now, long nextVersion) {
    Instant after = updatedAt.plus(1, ChronoUnit.MICROS);
    Instant written = now.isBefore(after) ? after : now; // also when the clock went back
    return new Declared<>(
        kind, id, by, kind.fresh(), createdAt, written, false, nextVersion, isDefault);
  }

  /// The same, to go.
  public Declared<S, T> marked(long nextVersion) {
    return new Declared<>(
        kind, id, spec, status, createdAt, updatedAt, true, nextVersion, isDefault);
  }

  /// What its status is once `observed` was: what one learns once is not lost by a later look.
  public T statusAfter(T observed) {
    return kind.following(status, observed);
  }

  /// The same with what was observed, as [#statusAfter] says.
  public Declared<S, T> observed(T observed, long nextVersion) {
    return new Declared<>(
        kind,
        id,
        spec,
        statusAfter(observed),
        createdAt,
        updatedAt,
        deletionMark,
        nextVersion,
        isDefault);
  }
}
