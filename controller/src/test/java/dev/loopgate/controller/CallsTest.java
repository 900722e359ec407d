package dev.loopgate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Calls on other threads, and what is told of them.
final class CallsTest {
  private final Queue<Runnable> started = new ArrayDeque<>();
  private final AtomicInteger woken = new AtomicInteger();
  private final List<String> told = new ArrayList<>();
  private final Calls calls = new Calls(2, started::add, woken::incrementAndGet);

  @Test
  void soManyRunAtATimeAndTheirEndsAreToldWhenAskedFor() {
    call(() -> "a");
    call(() -> {
      throw new IllegalStateException("b");
    });
    call(() -> "c");
    assertThat(started).hasSize(2);

    started.remove().run();
    assertThat(woken).hasValue(1);
    assertThat(told).isEmpty();
    calls.deliver();
    assertThat(told).containsExactly("a");
    assertThat(started).as("the next one has room").hasSize(2);
    started.remove().run();
    started.remove().run();
    calls.deliver();

    assertThat(told).containsExactly("a", "failed: b", "c");
    calls.deliver();
    assertThat(told).hasSize(3);
  }

  @Test
  void anErrorEndsACallToo() {
    call(() -> {
      throw new StackOverflowError("deep");
    });
    started.remove().run();
    calls.deliver();

    assertThat(told).containsExactly("failed: deep");
  }

  private void call(Callable<String> work) {
    calls.call(
        work,
        new Calls.Then<>() {
          @Override
          public void done(String result) {
            told.add(result);
          }

          @Override
          public void failed(Throwable cause) {
            told.add("failed: " + cause.getMessage());
          }
        });
  }
}
