package dev.loopgate.controller;

import dev.loopgate.fleet.Changes.Ref;
import dev.loopgate.fleet.Declared;
import dev.loopgate.fleet.Kind;
import dev.loopgate.fleet.Shown;
import dev.loopgate.fleet.Written;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/// Writes what was observed of one thing that is declared, one write at a time. Whatever comes of a
/// write, the thing is looked at again: so nothing here waits, and what is old is never written.
/// Confined to one thread.
final class Writes<S, T> {
  private final Kind<S, T> kind;
  private final Ref ref;
  private final Shared shared;
  private final BackOff backOff;
  private boolean underWay;

  Writes(Kind<S, T> kind, String id, Shared shared) {
    this.kind = kind;
    this.ref = new Ref(kind, id);
    this.shared = shared;
    this.backOff = shared.backOff();
  }

  /// Keeps what is observed, if it is something else than what is kept.
  ///
  /// @param looked what was looked at; a newer one is left alone
  /// @param kept is told when it is kept
  void observed(Declared<S, T> looked, T status, Consumer<Declared<S, T>> kept) {
    if (!looked.statusAfter(status).equals(looked.status())) {
      OptionalLong expected = OptionalLong.of(looked.version());
      start(() -> shared.store().updateStatus(kind, looked.id(), status, expected), kept);
    }
  }

  /// Takes away what was looked at, and nothing newer.
  void delete(Declared<S, T> looked) {
    OptionalLong expected = OptionalLong.of(looked.version());
    start(() -> shared.store().delete(kind, looked.id(), expected), _ -> {});
  }

  private void start(Callable<Written<S, T>> write, Consumer<Declared<S, T>> kept) {
    if (underWay) {
      return;
    }
    if (!backOff.isOpen(shared.now())) {
      shared.queue().add(ref, backOff.openAt());
      return;
    }
    underWay = true;
    shared.writes().call(write, new Ended(kept));
  }

  private final class Ended implements Calls.Then<Written<S, T>> {
    private final Consumer<Declared<S, T>> kept;

    Ended(Consumer<Declared<S, T>> kept) {
      this.kept = kept;
    }

    @Override
    public void done(Written<S, T> written) {
      underWay = false;
      switch (written) {
        case Written.Refused<S, T> refused -> notWritten(refused.message());
        case Written.Kept<S, T> now -> {
          backOff.succeeded();
          kept.accept(now.declared());
          shared.queue().add(ref, shared.now());
        }
        case Written.Exists<S, T> _, Written.Missing<S, T> _, Written.Stale<S, T> _ -> {
          backOff.succeeded();
          shared.queue().add(ref, shared.now());
        }
      }
    }

    @Override
    public void failed(Throwable cause) {
      underWay = false;
      notWritten(String.valueOf(cause.getMessage()));
    }

    private void notWritten(String problem) {
      if (backOff.failures() == 0) {
        shared.events().writeFailed(kind.folder(), ref.id(), Shown.of(problem));
      }
      backOff.failed(shared.now());
      shared.queue().add(ref, backOff.openAt());
    }
  }
}
