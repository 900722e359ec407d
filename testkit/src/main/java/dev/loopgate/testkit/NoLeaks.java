package dev.loopgate.testkit;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Turns a leaked Netty buffer into a failure; Netty itself only writes a log line. One at a time
/// in a JVM; the detection level is paranoid in each test run (the reactor's POM).
///
/// ```java
/// try (NoLeaks _ = NoLeaks.watch()) {
///   // everything that opens and closes channels
/// }
/// ```
public final class NoLeaks implements AutoCloseable {
  private static final int ROUNDS = 3;
  private static final long ROUND_MILLIS_MAX = 5_000;

  private final List<String> leaks = new CopyOnWriteArrayList<>();
  private final Runnable allocate;

  private NoLeaks(Runnable allocate) {
    this.allocate = allocate;
    ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + records));
  }

  /// Watches from here on.
  ///
  /// @throws IllegalStateException when leaks are not looked for at every buffer
  public static NoLeaks watch() {
    return watch(() -> {});
  }

  /// Watches from here on.
  ///
  /// @param allocate makes and releases a few buffers of whatever other allocators are in use
  /// @throws IllegalStateException when leaks are not looked for at every buffer
  public static NoLeaks watch(Runnable allocate) {
    if (ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
      throw new IllegalStateException(
          "leak detection: level=" + ResourceLeakDetector.getLevel() + ", allowed=PARANOID");
    }
    return new NoLeaks(allocate);
  }

  /// Looks for what was left behind, and stops watching.
  ///
  /// @throws AssertionError when a buffer was not released; it says where the buffer was touched
  @Override
  public void close() {
    try {
      for (int round = 0; round < ROUNDS && leaks.isEmpty(); round++) {
        collectGarbage();
        // The detector reports what the collector found when the next buffers are made.
        PooledByteBufAllocator.DEFAULT.heapBuffer(1).release();
        PooledByteBufAllocator.DEFAULT.directBuffer(1).release();
        allocate.run();
      }
    } finally {
      ByteBufUtil.setLeakListener(null);
    }
    if (!leaks.isEmpty()) {
      throw new AssertionError("leaked buffers: count=" + leaks.size() + "\n" + leaks.getFirst());
    }
  }

  /// Returns when the collector has found an object that was garbage when this was called.
  private static void collectGarbage() {
    ReferenceQueue<Object> found = new ReferenceQueue<>();
    Reference<Object> canary = new PhantomReference<>(new Object(), found);
    System.gc();
    try {
      if (found.remove(ROUND_MILLIS_MAX) == null) {
        throw new IllegalStateException(
            "leak detection: the collector did not run: explicit GC off?");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("leak detection: interrupted", e);
    } finally {
      Reference.reachabilityFence(canary);
    }
  }
}
