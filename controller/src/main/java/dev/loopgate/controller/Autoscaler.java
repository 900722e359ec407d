package dev.loopgate.controller;

import dev.loopgate.fleet.Gateways;
import java.time.Duration;

/// Decides how many replicas of one deployment should run by what callers want of it. Time is told;
/// it is asked about every two seconds. Confined to one thread.
///
/// ```text
/// up        most of  6 s / target, at once, at most tenfold or 10 more
/// down      most of 60 s / target, at most by half
/// to sleep  from one replica, when nobody wanted anything for the idle time
/// ```
///
/// Who has just begun to watch does not know what was wanted before, so it takes nothing away
/// within its first minute.
final class Autoscaler {
  private static final long UP_NANOS = 6_000_000_000L;
  private static final int UP_FACTOR = 10;
  private static final int UP_COUNT = 10;

  /// What holds for a deployment.
  ///
  /// @param floor no fewer; 0 where it may sleep
  /// @param max no more
  /// @param target requests that one replica is to have
  /// @param idle how long nobody has wanted anything before it goes to sleep
  record Limits(int floor, int max, int target, Duration idle) {}

  private final DemandWindow window;
  private final long watchedSince;
  private long activeAt; // when something was last wanted

  Autoscaler(long now) {
    window = new DemandWindow(now);
    watchedSince = now;
    activeAt = now;
  }

  /// Something is going on that no request shows, such as a start: nobody is idle from then on.
  void touch(long now) {
    activeAt = now;
  }

  /// How many should run.
  ///
  /// @param size how many should by now
  /// @param demand what is wanted, and was since the last time
  int decide(long now, int size, Gateways.Demand demand, Limits limits) {
    int present =
        demand.inFlight() + Math.min(demand.held(), Integer.MAX_VALUE - demand.inFlight());
    int most = Math.max(present, demand.peak());
    window.add(now, most);
    if (most > 0) {
      activeAt = now;
    }
    return Math.clamp(wished(now, size, present, limits), limits.floor(), limits.max());
  }

  private int wished(long now, int size, int present, Limits limits) {
    int up = replicas(window.max(now, UP_NANOS), limits);
    if (up > size) {
      // What woke nobody and is gone wakes nobody now.
      boolean asleep = size == 0 && present == 0;
      long step = Math.max((long) size * UP_FACTOR, (long) size + UP_COUNT);
      return asleep ? 0 : (int) Math.min(up, step);
    }
    if (now - watchedSince < DemandWindow.NANOS_MAX || size == 0) {
      return size;
    }
    if (size == 1) {
      return now - activeAt >= limits.idle().toNanos() ? 0 : 1;
    }
    int down = replicas(window.max(now, DemandWindow.NANOS_MAX), limits);
    int half = size - size / 2;
    return Math.min(size, Math.max(1, Math.max(down, half)));
  }

  private static int replicas(int demand, Limits limits) {
    return Math.ceilDiv(demand, limits.target());
  }
}
