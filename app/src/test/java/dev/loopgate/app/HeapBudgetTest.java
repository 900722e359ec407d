package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class HeapBudgetTest {
  private static final long MIB = 1L << 20;

  private final HeapBudget budget =
      new HeapBudget()
          .onHeap("base", 40 * MIB)
          .offHeap("capture.bytes-max", 64 * MIB)
          .offHeap("proxy.connections-max", 100 * MIB);

  @Test
  void takesWhatFitsExactly() {
    assertThatCode(() -> budget.check(40 * MIB, 164 * MIB)).doesNotThrowAnyException();
  }

  @Test
  void refusesOneByteLessAndNamesTheLargestHolder() {
    assertThatThrownBy(() -> budget.check(40 * MIB, 164 * MIB - 1))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith(
            "direct memory: the settings need 164MiB (most of it proxy.connections-max=100MiB)")
        .hasMessageEndingWith("raise -XX:MaxDirectMemorySize in LOOPGATE_JAVA_OPTS");
    assertThatThrownBy(() -> budget.check(40 * MIB - 1, 164 * MIB))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("-Xmx");
  }
}
