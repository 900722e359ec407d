package dev.loopgate.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

final class TokenCacheTest {
  private final KeySet keys = keys();
  private final VerifyingKey key = keys.named(null).getFirst();

  private static KeySet keys() {
    try {
      return KeySet.parse(Issuer.keys(Issuer.edwards("k")).getBytes(UTF_8), "keys", KeySet.NONE);
    } catch (KeysRefusedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Verdict.Verified token(String principal) {
    return new Verdict.Verified(principal, Set.of("r"), 1000, key);
  }

  private static TokenDigest digest(int number) {
    return TokenDigest.of("token " + number);
  }

  @Test
  void isBoundedInBytesAndForgetsTheOldestThatNobodyUsed() {
    long each = token("p").bytes();
    TokenCache cache = new TokenCache(3 * each);
    for (int i = 0; i < 3; i++) {
      cache.add(digest(i), token("p"));
    }
    assertThat(cache.find(digest(0), 0)).isNotNull();

    cache.add(digest(3), token("p"));

    assertThat(cache.bytes()).isEqualTo(3 * each);
    assertThat(cache.find(digest(0), 0)).as("used").isNotNull();
    assertThat(cache.find(digest(1), 0)).as("the oldest").isNull();
    assertThat(cache.find(digest(2), 0)).isNotNull();
    assertThat(cache.find(digest(3), 0)).isNotNull();
    for (int i = 10; i < 10_000; i++) {
      cache.add(digest(i), token("p"));
      cache.find(digest(i), 0);
    }
    assertThat(cache.bytes()).isEqualTo(3 * each);
  }

  @Test
  void keepsNothingThatIsLargerThanAll() {
    TokenCache cache = new TokenCache(token("p").bytes());
    cache.add(digest(1), token("p"));

    cache.add(digest(2), token("p".repeat(200)));

    assertThat(cache.find(digest(1), 0)).isNotNull();
    assertThat(cache.find(digest(2), 0)).isNull();
  }

  @Test
  void aTokenEndsWithItsTimeAndWithItsKey() {
    TokenCache cache = new TokenCache(1 << 20);
    cache.add(digest(1), token("p"));

    assertThat(cache.find(digest(1), 999)).isNotNull();
    assertThat(cache.find(digest(1), 1000)).isNull();
    key.retire();
    assertThat(cache.find(digest(1), 0)).isNull();
  }

  @Test
  void theSameTokenTwiceTakesOnePlace() {
    TokenCache cache = new TokenCache(1 << 20);
    cache.add(digest(1), token("p"));
    cache.add(digest(1), token("p"));

    assertThat(cache.bytes()).isEqualTo(token("p").bytes());
  }
}
