package dev.loopgate.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class HandlerThreadsTest {
  private static final int ALL_MAX = HandlerThreads.RUNNING_MAX + HandlerThreads.WAITING_MAX;

  private final HandlerThreads threads = new HandlerThreads();
  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger handled = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();

  @AfterEach
  void close() {
    released.countDown();
    threads.close();
  }

  private void submit(int bytes) {
    threads.submit(bytes, this::work, refused::incrementAndGet);
  }

  private void work() {
    most.accumulateAndGet(running.incrementAndGet(), Math::max);
    try {
      assertThat(released.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(Thread.currentThread().isVirtual()).isTrue();
    assertThat(Thread.currentThread().getName()).startsWith("api-");
    running.decrementAndGet();
    handled.incrementAndGet();
  }

  @Test
  void whatIsBeyondItsBoundsIsRefusedAtOnceAndTheRestIsHandled() {
    for (int i = 0; i < ALL_MAX + 5; i++) {
      submit(1);
    }
    assertThat(refused).hasValue(5);

    released.countDown();
    threads.close();
    assertThat(handled.get() + refused.get()).isEqualTo(ALL_MAX + 5);
    assertThat(most.get()).isLessThanOrEqualTo(HandlerThreads.RUNNING_MAX);
  }

  @Test
  void bytesAreBoundedAndGivenBack() throws Exception {
    int most = (int) HandlerThreads.BYTES_MAX;
    submit(most - 1);
    submit(1);
    submit(1);
    assertThat(refused).hasValue(1);
    released.countDown();
    CountDownLatch again = new CountDownLatch(1);
    awaitHandled(2);
    threads.submit(most, again::countDown, refused::incrementAndGet);
    assertThat(again.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(refused).hasValue(1);
  }

  // Bytes are given back after the work, by the same thread: a probe that is refused tries again.
  private void awaitHandled(int count) throws InterruptedException {
    CountDownLatch probe = new CountDownLatch(1);
    while (probe.getCount() > 0) {
      CountDownLatch ended = new CountDownLatch(1);
      threads.submit(
          (int) HandlerThreads.BYTES_MAX,
          () -> {
            probe.countDown();
            ended.countDown();
          },
          ended::countDown);
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(handled.get()).isEqualTo(count);
  }

  @Test
  void aCloseRefusesWhatWaitsAndLetsEndWhatRuns() throws Exception {
    for (int i = 0; i < HandlerThreads.RUNNING_MAX + 10; i++) {
      submit(1);
    }
    Thread closing = Thread.ofPlatform().name("closing").start(threads::close);
    while (refused.get() < 10) {
      Thread.onSpinWait();
    }
    released.countDown();
    closing.join();

    assertThat(handled).hasValue(HandlerThreads.RUNNING_MAX);
    assertThat(refused).hasValue(10);
    submit(1);
    assertThat(refused).hasValue(11);
  }
}
