package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvoyDoorBuffersTest {
  private static final int MIB = 1 << 20;

  @Test
  void giveNoMoreAtOnceThanTheyMayAndAgainWhatCameBack() {
    EnvoyDoorBuffers buffers = new EnvoyDoorBuffers(8L * MIB);
    List<ByteBuf> taken = new ArrayList<>();
    try {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 9; i++) {
                  taken.add(buffers.directBuffer(MIB));
                }
              })
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessageContaining("allowed=8388608");
      assertThat(taken).hasSizeBetween(4, 8);

      taken.removeLast().release();
      taken.add(buffers.directBuffer(MIB));
    } finally {
      taken.forEach(ByteBuf::release);
    }
  }
}
