package dev.loopgate.app;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/// Buffers of the door for Envoys, bounded together: what Envoys send can't take the memory that
/// the proxy serves from. Any thread.
final class EnvoyDoorBuffers extends PooledByteBufAllocator {
  private static final int PAGE_BYTES = 8 << 10;
  private static final int CHUNK_ORDER = 8; // chunks of 2 MiB: little lies idle

  private final long bytesMax;

  /// @param bytesMax in use at once, off the heap
  EnvoyDoorBuffers(long bytesMax) {
    super(
        true,
        0,
        Math.max(1, Runtime.getRuntime().availableProcessors()),
        PAGE_BYTES,
        CHUNK_ORDER,
        defaultSmallCacheSize(),
        defaultNormalCacheSize(),
        defaultUseCacheForAllThreads());
    this.bytesMax = bytesMax;
  }

  /// @throws OutOfMemoryError when there would be more: Netty closes the connection that asked
  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    if (pinnedDirectMemory() + initialCapacity > bytesMax) {
      throw new OutOfMemoryError(
          "buffers of the door for Envoys: in use="
              + pinnedDirectMemory()
              + ", asked="
              + initialCapacity
              + ", allowed="
              + bytesMax);
    }
    return super.newDirectBuffer(initialCapacity, maxCapacity);
  }
}
