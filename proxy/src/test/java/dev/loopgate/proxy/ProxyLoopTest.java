package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProxyLoopTest {
  private static final int LINKS = 16;

  /// A connection that can't be looked at, or one that can.
  private static final class Link implements CallerLink {
    private final boolean broken;
    private int looks;
    private boolean closed;

    Link(boolean broken) {
      this.broken = broken;
    }

    @Override
    public void tick(long nowNanos) {
      looks++;
      if (broken) {
        throw new IllegalStateException("broken");
      }
    }

    @Override
    public void drain() {}

    @Override
    public void stop() {}

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void aBugInOneConnectionEndsThatOneAndIsCountedOnce() {
    EmbeddedDoor door = new EmbeddedDoor(EmbeddedDoor.wine());
    Link broken = new Link(true);
    List<Link> others = new ArrayList<>();
    door.loop.add(broken);
    for (int i = 0; i < LINKS; i++) { // before and behind it, as a set has them
      Link other = new Link(false);
      others.add(other);
      door.loop.add(other);
    }

    door.turn(Duration.ofMillis(50));
    door.turn(Duration.ofMillis(50));

    assertThat(door.told.words).containsExactly("failed broken");
    assertThat(broken.looks).isOne();
    assertThat(broken.closed).isTrue();
    assertThat(others).allSatisfy(other -> assertThat(other.looks).isEqualTo(2));
    assertThat(others).noneMatch(other -> other.closed);
  }
}
