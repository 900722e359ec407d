package dev.loopgate.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Judges tokens. One that was verified before is known at once; any other is judged on threads of
/// this class, since a signature takes long enough to stop an event loop. Any thread.
///
/// At most [#PENDING_MAX] tokens wait, for a thread or for keys; one more is not judged at all. The
/// same token is judged once for all who ask meanwhile.
final class Judgments implements AutoCloseable {
  static final int PENDING_MAX = 256;

  private static final int THREADS =
      2; // a flood of bad tokens takes no more than so many processors
  private static final int TRIES_MAX = 3;

  private final class Judgment implements Runnable {
    private final TokenDigest digest;
    private final String token;
    private final List<Consumer<Verdict>> listeners = new ArrayList<>(); // bounded by the callers
    private @Nullable Verdict verdict;
    private int tries;

    Judgment(TokenDigest digest, String token) {
      this.digest = digest;
      this.token = token;
    }

    @Override
    public void run() {
      KeySet keys = keyring.keys();
      Verdict found = judge(keys);
      while (found instanceof Verdict.KeyMissing) {
        switch (newerKeysThan(keys)) {
          case NEWER -> {
            keys = keyring.keys();
            found = judge(keys);
          }
          case TOLD -> {
            return;
          }
          case NOT_NOW ->
              found =
                  keyring.isTrusted() && !keyring.hasFailed()
                      ? new Verdict.Refused(RefusalReason.UNKNOWN_KEY)
                      : new Verdict.Open(RefusalReason.KEYS_UNAVAILABLE);
        }
      }
      if (found instanceof Verdict.Verified good) {
        cache.add(digest, good);
      }
      finish(this, found);
    }

    private Keyring.Wait newerKeysThan(KeySet keys) {
      return ++tries < TRIES_MAX ? keyring.await(keys, this::again) : Keyring.Wait.NOT_NOW;
    }

    private Verdict judge(KeySet keys) {
      try {
        return keyring.isTrusted()
            ? reader.judge(token, keys, time.epochMillis())
            : new Verdict.KeyMissing();
      } catch (RuntimeException e) {
        events.failed(e);
        return new Verdict.Refused(RefusalReason.MALFORMED);
      }
    }

    private void again() {
      if (!submit(this)) {
        finish(this, new Verdict.Open(RefusalReason.KEYS_UNAVAILABLE)); // closed
      }
    }

    private void listen(Consumer<Verdict> listener) {
      Verdict known;
      synchronized (this) {
        known = verdict;
        if (known == null) {
          listeners.add(listener);
          return;
        }
      }
      tell(listener, known);
    }

    private void tellAll(Verdict known) {
      List<Consumer<Verdict>> told;
      synchronized (this) {
        verdict = known;
        told = List.copyOf(listeners);
        listeners.clear();
      }
      told.forEach(each -> tell(each, known));
    }

    private void tell(Consumer<Verdict> listener, Verdict known) {
      try {
        listener.accept(known);
      } catch (RuntimeException e) {
        events.failed(e); // the others are told all the same
      }
    }
  }

  private final TokenReader reader;
  private final Keyring keyring;
  private final TokenCache cache;
  private final PolicyTime time;
  private final PolicyEvents events;
  private final ConcurrentMap<TokenDigest, Judgment> pending = new ConcurrentHashMap<>();
  private final AtomicInteger count = new AtomicInteger();
  private final ThreadPoolExecutor threads;

  Judgments(
      TokenReader reader, Keyring keyring, TokenCache cache, PolicyTime time, PolicyEvents events) {
    this.reader = reader;
    this.keyring = keyring;
    this.cache = cache;
    this.time = time;
    this.events = events;
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(PENDING_MAX),
            Thread.ofPlatform().name("policy-verify-", 0).daemon().factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /// Judges a token, or tells at once what is known of it.
  ///
  /// @param listener told once, on a thread of this room or this one; must not block
  void judge(TokenDigest digest, String token, Consumer<Verdict> listener) {
    Verdict.Verified known = known(digest);
    if (known != null) {
      listener.accept(known);
      return;
    }
    Judgment mine = new Judgment(digest, token);
    Judgment going = pending.putIfAbsent(digest, mine);
    if (going != null) {
      going.listen(listener);
      return;
    }
    mine.listen(listener);
    known = known(digest);
    if (known != null) { // the judgment before this one ended between the two looks
      pending.remove(digest, mine);
      mine.tellAll(known);
      return;
    }
    if (count.incrementAndGet() > PENDING_MAX || !submit(mine)) {
      finish(mine, new Verdict.Open(RefusalReason.OVERLOADED));
    }
  }

  /// What waits is not judged any more.
  @Override
  public void close() {
    threads.shutdownNow();
    pending
        .values()
        .forEach(each -> finish(each, new Verdict.Open(RefusalReason.KEYS_UNAVAILABLE)));
  }

  private Verdict.@Nullable Verified known(TokenDigest digest) {
    Verdict.Verified known = cache.find(digest, time.epochMillis());
    return known != null && keyring.isTrusted() ? known : null;
  }

  private boolean submit(Judgment judgment) {
    try {
      threads.execute(judgment);
      return true;
    } catch (RejectedExecutionException _) {
      return false; // as much waits as may, or it is closed
    }
  }

  private void finish(Judgment judgment, Verdict verdict) {
    if (pending.remove(judgment.digest, judgment)) {
      count.decrementAndGet();
      events.judged();
      judgment.tellAll(verdict);
    }
  }
}
