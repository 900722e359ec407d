package dev.loopgate.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class FileHandlesTest {
  @Test
  void refusesOneHandleTooFewAndSaysHowManyAreNeeded() {
    assertThatCode(() -> new FileHandles(72).check(2)).doesNotThrowAnyException();
    assertThatThrownBy(() -> new FileHandles(71).check(2))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "file handles: 71 are allowed, the start needs 72, and each connection one more;"
                + " raise ulimit -n");
  }

  @Test
  void knowsTheLimitOfItsOwnProcess() {
    assertThat(FileHandles.ofThisProcess().max()).isPositive();
  }
}
