package dev.loopgate.proxy;

import dev.loopgate.testkit.NoLeaks;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A test class whose code leaks no buffer.
final class LeakFree implements BeforeAllCallback, AfterAllCallback {
  private @Nullable NoLeaks watching;

  @Override
  public void beforeAll(ExtensionContext context) {
    watching = NoLeaks.watch(LeakFree::allocate);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    Objects.requireNonNull(watching).close();
  }

  private static void allocate() {
    for (int i = 0; i < 256; i++) {
      ByteBufAllocator.DEFAULT.ioBuffer(64).release();
      Unpooled.directBuffer(64).release();
      Unpooled.buffer(64).release();
    }
  }
}
