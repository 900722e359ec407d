package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ChangesTest {
  private final AtomicInteger wakes = new AtomicInteger();
  private final List<Changes> left = new ArrayList<>();
  private final Changes changes = new Changes(wakes::incrementAndGet, left::add);

  @Test
  void whoBeginsLooksAtEverything() {
    assertThat(changes.take().everything()).isTrue();
    assertThat(changes.take().isEmpty()).isTrue();
    assertThat(wakes).hasValue(0);
  }

  @Test
  void whatChangesOftenStandsThereOnce() {
    changes.take();
    changes.add(Kind.DEPLOYMENT, "b");
    changes.add(Kind.DEPLOYMENT, "a");
    changes.add(Kind.DEPLOYMENT, "b");
    changes.add(Kind.ROUTE, "b");

    assertThat(wakes).hasValue(1);
    Changes.Changed changed = changes.take();
    assertThat(changed.everything()).isFalse();
    assertThat(changed.refs())
        .containsExactly(
            new Changes.Ref(Kind.DEPLOYMENT, "b"),
            new Changes.Ref(Kind.DEPLOYMENT, "a"),
            new Changes.Ref(Kind.ROUTE, "b"));
    changes.add(Kind.ROUTE, "b");
    assertThat(wakes).hasValue(2);
  }

  @Test
  void tooManyAreEverything() {
    changes.take();
    for (int i = 0; i <= Changes.REFS_MAX; i++) {
      changes.add(Kind.DEPLOYMENT, "d" + i);
    }
    changes.add(Kind.DEPLOYMENT, "more");

    assertThat(wakes).hasValue(1);
    Changes.Changed changed = changes.take();
    assertThat(changed.everything()).isTrue();
    assertThat(changed.refs()).isEmpty();
  }

  @Test
  void whoThrowsWhenWokenFindsTheChangeAllTheSame() {
    Changes bad =
        new Changes(
            () -> {
              throw new IllegalStateException("bad");
            },
            left::add);
    bad.take();
    Thread thread = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
    List<Throwable> told = new ArrayList<>();
    thread.setUncaughtExceptionHandler((_, thrown) -> told.add(thrown));
    try {
      bad.add(Kind.ROUTE, "a");
      bad.add(Kind.ROUTE, "b");
    } finally {
      thread.setUncaughtExceptionHandler(before);
    }

    assertThat(told).singleElement().isInstanceOf(IllegalStateException.class);
    assertThat(bad.take().refs()).hasSize(2);
  }

  @Test
  void whoLeavesIsToldToTheStore() {
    changes.close();

    assertThat(left).containsExactly(changes);
  }
}
