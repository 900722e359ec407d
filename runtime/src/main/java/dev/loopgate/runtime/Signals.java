package dev.loopgate.runtime;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Which deployments are to be looked at: each stands here once, however often it changed, so that
/// there are never more than deployments. Any thread adds, one takes.
final class Signals {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition some = lock.newCondition();
  private Set<String> due = new LinkedHashSet<>(); // guarded by the lock

  void add(String deployment) {
    addAll(Set.of(deployment));
  }

  void addAll(Set<String> deployments) {
    lock.lock();
    try {
      due.addAll(deployments);
      some.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Those that were added since the last call, in their order; waits until there is one.
  Set<String> take() throws InterruptedException {
    lock.lock();
    try {
      while (due.isEmpty()) {
        some.await();
      }
      Set<String> taken = due;
      due = new LinkedHashSet<>();
      return taken;
    } finally {
      lock.unlock();
    }
  }
}
