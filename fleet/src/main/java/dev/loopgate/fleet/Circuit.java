package dev.loopgate.fleet;

import java.util.concurrent.atomic.AtomicInteger;

/// What breaks before a model does: at most so many requests in flight and so many that wait for a
/// connection; the next one is refused at once instead of making it worse for all. Any thread;
/// takes no lock. Without a bound nothing is counted.
public final class Circuit {
  private final int requestsMax;
  private final int waitingMax;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();

  Circuit(Bounds bounds) {
    requestsMax = bounds.requestsMax();
    waitingMax = bounds.waitingMax();
  }

  /// One request more, if it may be; who got in calls [#leave] once.
  public boolean enter() {
    return requestsMax == Bounds.UNBOUNDED || BoundedCount.take(requests, requestsMax);
  }

  /// The request that entered is over.
  public void leave() {
    if (requestsMax != Bounds.UNBOUNDED) {
      requests.decrementAndGet();
    }
  }

  /// One request more waits for a connection, if it may; who may calls [#waited] once.
  public boolean await() {
    return waitingMax == Bounds.UNBOUNDED || BoundedCount.take(waiting, waitingMax);
  }

  /// The request waits no more.
  public void waited() {
    if (waitingMax != Bounds.UNBOUNDED) {
      waiting.decrementAndGet();
    }
  }
}
