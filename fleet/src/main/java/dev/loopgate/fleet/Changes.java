package dev.loopgate.fleet;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/// What changed in a store since one subscriber last looked: which, and not how, so that however
/// often one changes, it stands here once. Any thread.
public final class Changes implements AutoCloseable {
  /// One thing that is declared, or was.
  public record Ref(Kind<?, ?> kind, String id) {}

  /// What changed.
  ///
  /// @param refs which, in the order of their first change
  /// @param everything whether anything may have changed beside these: all has to be looked at
  public record Changed(Set<Ref> refs, boolean everything) {
    /// Whether nothing changed.
    public boolean isEmpty() {
      return refs.isEmpty() && !everything;
    }
  }

  /// Refs that are held; beyond them everything counts as changed.
  static final int REFS_MAX = 65_536;

  private final Runnable wake;
  private final Consumer<Changes> left;
  private final Object lock = new Object();
  private Set<Ref> refs = new LinkedHashSet<>();
  private boolean everything = true; // who begins has seen nothing yet

  /// For stores.
  ///
  /// @param wake called when there is something to [#take] again, on the thread that changed it:
  ///   returns at once; what it throws goes to that thread's handler of what nobody caught
  /// @param left called by [#close]
  public Changes(Runnable wake, Consumer<Changes> left) {
    this.wake = wake;
    this.left = left;
  }

  /// Adds a change, for stores, which hold no lock meanwhile that a subscriber may want.
  public void add(Kind<?, ?> kind, String id) {
    boolean first;
    synchronized (lock) {
      first = refs.isEmpty() && !everything;
      if (!everything) {
        refs.add(new Ref(kind, id));
      }
      if (refs.size() > REFS_MAX) {
        refs = new LinkedHashSet<>();
        everything = true;
      }
    }
    if (first) {
      try {
        wake.run();
      } catch (RuntimeException e) {
        // The write is kept, and others are to be told: neither may end with this one. It is told
        // where the failure of a thread is, and the change stays to be taken.
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      }
    }
  }

  /// What changed since the last call; everything at the first one.
  public Changed take() {
    synchronized (lock) {
      Changed changed = new Changed(refs, everything);
      refs = new LinkedHashSet<>();
      everything = false;
      return changed;
    }
  }

  /// Ends the subscription.
  @Override
  public void close() {
    left.accept(this);
  }
}
