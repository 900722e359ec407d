package dev.loopgate.policy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// Verified tokens, until they expire or their key is retired. Any thread; looking one up takes no
/// lock.
///
/// Bounded in bytes: the oldest that nobody has used since the last round goes first.
final class TokenCache {
  private static final class Place {
    final Verdict.Verified token;
    volatile boolean used;

    Place(Verdict.Verified token) {
      this.token = token;
    }
  }

  private final long bytesMax;
  private final ConcurrentMap<TokenDigest, Place> places = new ConcurrentHashMap<>();
  private final Deque<TokenDigest> order = new ArrayDeque<>(); // as long as `places`
  private long bytes;

  TokenCache(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /// The token, if it is known and still good; never past its end, whatever leeway others give it.
  Verdict.@Nullable Verified find(TokenDigest digest, long nowMillis) {
    Place place = places.get(digest);
    if (place == null || nowMillis >= place.token.untilMillis() || place.token.key().isRetired()) {
      return null;
    }
    if (!place.used) {
      place.used = true;
    }
    return place.token;
  }

  /// Remembers a token, unless it is larger than all there may be.
  synchronized void add(TokenDigest digest, Verdict.Verified token) {
    if (token.bytes() > bytesMax) {
      return;
    }
    Place before = places.put(digest, new Place(token));
    if (before == null) {
      order.add(digest);
    } else {
      bytes -= before.token.bytes();
    }
    bytes += token.bytes();
    while (bytes > bytesMax) {
      forgetOne();
    }
  }

  synchronized long bytes() {
    return bytes;
  }

  // Who was used gets one more round, so this ends: each is asked twice at most.
  private void forgetOne() {
    TokenDigest oldest = order.remove();
    Place place = places.get(oldest);
    if (place != null && place.used && !place.token.key().isRetired()) {
      place.used = false;
      order.add(oldest);
    } else if (place != null) {
      places.remove(oldest);
      bytes -= place.token.bytes();
    }
  }
}
