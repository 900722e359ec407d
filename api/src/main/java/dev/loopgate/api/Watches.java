package dev.loopgate.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loopgate.fleet.DeclaredEvent;
import dev.loopgate.fleet.DeclaredJson;
import dev.loopgate.fleet.DeclaredStore;
import dev.loopgate.fleet.EventPage;
import dev.loopgate.fleet.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Tells callers what happens to what is declared, as server-sent events (the HTML standard's): of
/// each the cursor as `id`, its word as `event`, and as `data` what the lists of events have. The
/// virtual thread `api-watch` looks for all of them; any thread may begin to watch.
///
/// Bounded: so many at a time, each for so long and with one piece that waits.
final class Watches implements AutoCloseable {
  /// Who watches at a time.
  static final int WATCHES_MAX = 64;

  /// Characters of a piece, about: one event more may be in it.
  static final int PIECE_LENGTH_MAX = 256 << 10;

  /// How long one watches; then the stream ends, and clients come again.
  static final Duration LONGEST = Duration.ofHours(1);

  /// After so long without an event a comment tells that both sides are there.
  static final Duration QUIET = Duration.ofSeconds(15);

  /// Where the events begin to be told that come from now on.
  static final long FROM_NOW = -1;

  private static final long LOOK_EVERY_MILLIS = 100;

  private final DeclaredStore store;
  private final ApiEvents events;
  private final LongSupplier nanos;
  private final List<Watch> watches = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread; // guarded by this

  /// @param nanos the monotonic clock
  Watches(DeclaredStore store, ApiEvents events, LongSupplier nanos) {
    this.nanos = nanos;
    this.store = store;
    this.events = events;
  }

  /// Begins to watch.
  ///
  /// @param id of the one thing that is watched; empty for all of the kind
  /// @param cursor after which events are told, or [#FROM_NOW]
  /// @throws ProblemException when as many watch as may
  synchronized ApiStream watch(Kind<?, ?> kind, String id, long cursor) throws ProblemException {
    if (watches.size() >= WATCHES_MAX || closing.getCount() == 0) {
      throw new Problem(503, "too many watch").thrown();
    }
    long from = cursor == FROM_NOW ? newest(kind) : cursor;
    Watch watch = new Watch(kind, id, from, nanos.getAsLong());
    watches.add(watch);
    if (thread == null) {
      thread = Thread.ofVirtual().name("api-watch").start(this::run);
    }
    return watch;
  }

  private long newest(Kind<?, ?> kind) {
    return store.events(kind, Long.MAX_VALUE, 1).cursor(); // none comes after that
  }

  private void run() {
    try {
      while (!closing.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
        watches.forEach(this::look);
      }
      watches.forEach(this::end);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does; to end is what it would mean
    }
  }

  private void look(Watch watch) {
    try {
      watch.look();
    } catch (RuntimeException e) {
      events.failed(e);
      watch.close();
    }
  }

  private void end(Watch watch) {
    try {
      watch.end();
    } catch (RuntimeException e) {
      events.failed(e); // who reads has a bug: the others end all the same
    }
  }

  /// All of them end.
  @Override
  public void close() {
    closing.countDown();
  }

  private final class Watch implements ApiStream {
    private final Kind<?, ?> kind;
    private final String id;
    private final long beganNanos;
    private long cursor; // confined to the thread, as the next
    private long toldNanos;
    private @Nullable ByteBuffer piece; // guarded by this, as all below
    private @Nullable Runnable more;
    private boolean over;

    Watch(Kind<?, ?> kind, String id, long cursor, long nowNanos) {
      this.kind = kind;
      this.id = id;
      this.cursor = cursor;
      this.beganNanos = nowNanos;
      this.toldNanos = nowNanos;
    }

    @Override
    public synchronized void open(Runnable whenMore) {
      more = whenMore;
    }

    @Override
    public synchronized @Nullable ByteBuffer take() {
      ByteBuffer taken = piece;
      piece = null;
      return taken;
    }

    @Override
    public synchronized boolean isOver() {
      return over;
    }

    @Override
    public void close() {
      watches.remove(this);
      synchronized (this) {
        over = true;
        more = null;
      }
    }

    void look() {
      long now = nanos.getAsLong();
      if (now - beganNanos >= LONGEST.toNanos()) {
        end();
        return;
      }
      synchronized (this) {
        if (over || more == null || piece != null) {
          return; // its reader is slower than what happens
        }
      }
      String text = next();
      if (text.isEmpty() && now - toldNanos >= QUIET.toNanos()) {
        text = ":\n\n";
      }
      if (!text.isEmpty()) {
        toldNanos = now;
        tell(ByteBuffer.wrap(text.getBytes(UTF_8)));
      }
    }

    private String next() {
      EventPage page = store.events(kind, cursor, DeclaredEntities.EVENTS_PER_PAGE);
      StringBuilder text = new StringBuilder();
      if (page.cutOff()) { // whoever watches has to list everything once
        text.append("event: CutOff\ndata: {}\n\n");
      }
      for (DeclaredEvent event : page.events()) {
        cursor = event.cursor();
        if (id.isEmpty() || event.object().id().equals(id)) {
          text.append("id: ").append(cursor).append("\nevent: ").append(event.word());
          text.append("\ndata: ").append(DeclaredJson.write(event)).append("\n\n");
        }
        if (text.length() >= PIECE_LENGTH_MAX) {
          return text.toString(); // the others come in the next piece
        }
      }
      cursor = page.cursor();
      return text.toString();
    }

    private void tell(ByteBuffer next) {
      Runnable told;
      synchronized (this) {
        piece = next;
        told = more;
      }
      if (told != null) {
        told.run();
      }
    }

    void end() {
      Runnable told;
      synchronized (this) {
        over = true;
        told = more;
      }
      watches.remove(this);
      if (told != null) {
        told.run();
      }
    }
  }
}
