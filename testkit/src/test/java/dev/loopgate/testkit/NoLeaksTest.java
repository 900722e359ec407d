package dev.loopgate.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;

final class NoLeaksTest {
  @Test
  void aBufferThatIsNotReleasedIsAFailure() {
    NoLeaks watch = NoLeaks.watch();
    leak();

    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(watch::close)
        .withMessageContaining("leaked buffers: count=1")
        .withMessageContaining("NoLeaksTest");
  }

  @Test
  void buffersThatAreReleasedAreNone() {
    NoLeaks watch = NoLeaks.watch();
    for (int i = 0; i < 1_000; i++) {
      PooledByteBufAllocator.DEFAULT.directBuffer(64).release();
    }

    assertThatCode(watch::close).doesNotThrowAnyException();
  }

  private static void leak() {
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(64);
    buffer.writeByte(1);
  }
}
