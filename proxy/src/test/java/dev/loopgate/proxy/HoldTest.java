package dev.loopgate.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.fleet.Gateways.Answering;
import dev.loopgate.fleet.Gateways.Demand;
import dev.loopgate.fleet.Hosted;
import dev.loopgate.fleet.Replica;
import dev.loopgate.proxy.Hold.Entry;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class HoldTest {
  private static final Hosted.Terms TERMS = new Hosted.Terms(Duration.ofMinutes(1), 10, 0);

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final AtomicInteger woken = new AtomicInteger();
  private final Holds all = new Holds(0);

  private Hosted hosted(Hosted.Terms terms) {
    return new Hosted("m", terms, _ -> woken.incrementAndGet());
  }

  private Entry enter(Hold hold, List<Entry> told) {
    return hold.enter(channel.eventLoop(), told::add, 0);
  }

  private static Answering at(int port) {
    return new Answering(new Replica(URI.create("http://127.0.0.1:" + port)), "r", "m", "1");
  }

  @Test
  void soManyWaitForOneAndSoManyForAll() {
    List<Hosted> deployments = new ArrayList<>();
    List<Entry> told = new ArrayList<>();
    int waiting = 0;
    while (waiting < Holds.REQUESTS_MAX) {
      Hosted hosted = hosted(TERMS);
      deployments.add(hosted);
      Hold hold = all.of(hosted, 0);
      int places = Math.min(Hold.REQUESTS_MAX, Holds.REQUESTS_MAX - waiting);
      for (int i = 0; i < places; i++) {
        assertThat(enter(hold, told)).isEqualTo(Entry.WAITS);
      }
      waiting += places;
      assertThat(enter(hold, told)).isEqualTo(Entry.FULL);
    }
    assertThat(waiting).isEqualTo(Holds.REQUESTS_MAX);

    deployments.forEach(Hosted::retire);
    channel.runPendingTasks();
    assertThat(told).hasSize(Holds.REQUESTS_MAX).containsOnly(Entry.GONE);
    assertThat(deployments).allSatisfy(each -> assertThat(each.demand().held()).isZero());
    Hosted fresh = hosted(TERMS);
    for (int i = 0; i < Hold.REQUESTS_MAX; i++) {
      assertThat(enter(all.of(fresh, 0), told)).isEqualTo(Entry.WAITS);
    }
  }

  @Test
  void whoForgetsIsNeverTold() {
    Hosted hosted = hosted(TERMS);
    Hold hold = all.of(hosted, 0);
    List<Entry> told = new ArrayList<>();
    Hold.Waiter one = told::add;
    assertThat(hold.enter(channel.eventLoop(), one, 0)).isEqualTo(Entry.WAITS);
    assertThat(enter(hold, told)).isEqualTo(Entry.WAITS);

    assertThat(hold.forget(one)).isTrue();
    assertThat(hold.forget(one)).isFalse();
    hosted.answer(List.of(at(1)), null, TERMS);
    channel.runPendingTasks();

    assertThat(told).containsExactly(Entry.GOES);
    assertThat(hosted.demand().inFlight()).isOne();
  }

  @Test
  void aReplicaJustStartedIsNotAskedByAllAtOnceAndAWarmOneByWhoeverComes() {
    Hosted hosted = hosted(TERMS);
    Hold hold = all.of(hosted, 0);
    List<Entry> told = new ArrayList<>();
    for (int i = 0; i < 35; i++) {
      enter(hold, told);
    }
    hosted.answer(List.of(at(1), at(2)), null, TERMS);
    channel.runPendingTasks();
    assertThat(told).hasSize(20);
    for (int i = 0; i < 15; i++) {
      hold.ended();
    }
    channel.runPendingTasks();
    assertThat(told).hasSize(35);
    for (int i = 0; i < 500; i++) {
      assertThat(enter(hold, told)).isEqualTo(Entry.GOES);
    }
  }

  @Test
  void whoWaitsDoesNotWaitForThoseWhoTakeLong() {
    Hosted hosted = hosted(TERMS);
    Hold hold = all.of(hosted, 0);
    List<Entry> told = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      enter(hold, told);
    }
    hosted.answer(List.of(at(1)), null, TERMS);
    channel.runPendingTasks();
    assertThat(told).hasSize(10);

    all.sweep(TimeUnit.SECONDS.toNanos(1)); // nobody has ended
    channel.runPendingTasks();
    assertThat(told).hasSize(20);
    all.sweep(TimeUnit.SECONDS.toNanos(2));
    channel.runPendingTasks();
    assertThat(told).hasSize(25).containsOnly(Entry.GOES);
  }

  @Test
  void whoCouldNotBeGivenToAReplicaIsFirstWhateverTheBounds() {
    Hosted hosted = hosted(TERMS);
    Hold hold = all.of(hosted, 0);
    List<String> told = new ArrayList<>();
    hosted.answer(List.of(at(1)), null, TERMS);
    assertThat(hold.enter(channel.eventLoop(), _ -> told.add("first"), 0)).isEqualTo(Entry.GOES);
    hosted.answer(List.of(), null, TERMS);
    hold.pause();
    for (int i = 0; i < Hold.REQUESTS_MAX - 1; i++) {
      assertThat(hold.enter(channel.eventLoop(), _ -> told.add("later"), 0)).isEqualTo(Entry.WAITS);
    }
    assertThat(hold.enter(channel.eventLoop(), _ -> told.add("late"), 0)).isEqualTo(Entry.FULL);

    assertThat(hold.again(channel.eventLoop(), _ -> told.add("first"), 0)).isEqualTo(Entry.WAITS);
    hosted.answer(List.of(at(2)), null, TERMS);
    channel.runPendingTasks();
    assertThat(told).first().isEqualTo("first");
    hosted.retire();
    channel.runPendingTasks();
    assertThat(hosted.demand().held()).isZero();
  }

  @Test
  void whatIsOnItsWayOutTakesNoPlaceFromAnother() {
    Hosted.Terms one = new Hosted.Terms(Duration.ofMinutes(1), 10, 1);
    Hosted hosted = hosted(one);
    Hold hold = all.of(hosted, 0);
    List<Entry> told = new ArrayList<>();
    hosted.answer(List.of(at(1)), null, one);
    assertThat(enter(hold, told)).isEqualTo(Entry.GOES);
    hosted.replicas().first().started(); // and takes long
    assertThat(enter(hold, told)).isEqualTo(Entry.WAITS);

    hosted.answer(List.of(at(2)), null, one);
    channel.runPendingTasks();
    assertThat(told).containsExactly(Entry.GOES);
  }

  @Test
  void whatIsGoneIsListenedToByNobody() {
    Hosted hosted = hosted(TERMS);
    hosted.retire();
    List<String> told = new ArrayList<>();
    hosted.listen(() -> told.add("told"));
    hosted.retire();
    assertThat(told).isEmpty();
  }

  /// Many loops, replicas that come and go, waiters that leave: everybody is told once or has left,
  /// never more are placed than may be, and nothing is left over.
  @Test
  void underAllSortsOfRacesEverybodyIsToldOnce() throws Exception {
    Hosted.Terms terms = new Hosted.Terms(Duration.ofMinutes(1), 10, 3);
    Hosted hosted = hosted(terms);
    Hold hold = all.of(hosted, 0);
    List<EventLoop> loops = List.of(new DefaultEventLoop(), new DefaultEventLoop());
    int requests = 20_000;
    CountDownLatch over = new CountDownLatch(requests);
    AtomicInteger placed = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    hosted.answer(List.of(at(1)), null, terms);
    for (int i = 0; i < requests; i++) {
      EventLoop loop = loops.get(i % loops.size());
      loop.execute(() -> new Racer(hold, loop, placed, most, over).begin());
      if (i % 100 == 0) {
        hosted.answer(i % 200 == 0 ? List.of() : List.of(at(1), at(2)), null, terms);
      }
    }
    hosted.answer(List.of(at(1), at(2)), null, terms);

    assertThat(over.await(60, TimeUnit.SECONDS)).isTrue();
    for (EventLoop loop : loops) {
      loop.submit(() -> {}).sync();
      loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
    assertThat(most.get()).isBetween(1, 6);
    Demand left = hosted.demand();
    assertThat(left.inFlight() + left.held()).isZero();
  }

  private static final class Racer implements Hold.Waiter {
    private final Hold hold;
    private final EventLoop loop;
    private final AtomicInteger placed;
    private final AtomicInteger most;
    private final CountDownLatch over;

    Racer(
        Hold hold, EventLoop loop, AtomicInteger placed, AtomicInteger most, CountDownLatch over) {
      this.hold = hold;
      this.loop = loop;
      this.placed = placed;
      this.most = most;
      this.over = over;
    }

    void begin() {
      Entry entry = hold.enter(loop, this, 0);
      if (entry != Entry.WAITS) {
        turn(entry);
      } else if (ThreadLocalRandom.current().nextInt(4) == 0) {
        loop.execute(() -> {
          if (hold.forget(this)) {
            over.countDown();
          }
        });
      }
    }

    @Override
    public void turn(Entry entry) {
      if (entry == Entry.GOES) {
        most.accumulateAndGet(placed.incrementAndGet(), Math::max);
        loop.execute(() -> {
          placed.decrementAndGet();
          hold.ended();
          over.countDown();
        });
      } else {
        over.countDown(); // full: it would have been refused
      }
    }
  }
}
