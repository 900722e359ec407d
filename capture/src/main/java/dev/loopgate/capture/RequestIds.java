package dev.loopgate.capture;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Makes fresh Request-Ids: UUIDv7 (RFC 9562, section 5.7), lower-case hex with dashes; and trace
/// parents.
///
/// Confined to one thread: each event loop has its own, seeded from the system's CSPRNG.
public final class RequestIds {
  // 192 bits of state, so that no two loops of any gateways walk the same orbit.
  private static final RandomGeneratorFactory<RandomGenerator> GENERATORS =
      RandomGeneratorFactory.of("L64X128MixRandom");
  private static final int SEED_BYTES = 24;

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final RandomGenerator random;

  private RequestIds(RandomGenerator random) {
    this.random = random;
  }

  /// A generator of its own, seeded from the system's CSPRNG.
  public static RequestIds seeded() {
    byte[] seed = new byte[SEED_BYTES];
    new SecureRandom().nextBytes(seed);
    return new RequestIds(GENERATORS.create(seed));
  }

  /// A generator whose ids follow from `random`: for tests.
  public static RequestIds from(RandomGenerator random) {
    return new RequestIds(random);
  }

  /// A fresh id that sorts by `epochMillis`, milliseconds since the epoch.
  public RequestId next(long epochMillis) {
    long high = (epochMillis << 16) | 0x7000L | (random.nextLong() & 0x0fffL);
    long low = 0x8000_0000_0000_0000L | (random.nextLong() >>> 2);
    char[] text = new char[36];
    int at = writeHex(text, 0, high, 60, 32);
    text[at++] = '-';
    at = writeHex(text, at, high, 28, 16);
    text[at++] = '-';
    at = writeHex(text, at, high, 12, 0);
    text[at++] = '-';
    at = writeHex(text, at, low, 60, 48);
    text[at++] = '-';
    writeHex(text, at, low, 44, 0);
    return new RequestId(new String(text));
  }

  /// A `traceparent` that begins a trace (W3C Trace Context, version 00): both ids random, never
  /// all zero, and sampled, since the exchange is recorded here.
  public String nextTraceParent() {
    char[] text = "00-00000000000000000000000000000000-0000000000000000-01".toCharArray();
    int at = writeHex(text, 3, random.nextLong(), 60, 0);
    at = writeHex(text, at, nextNotZero(), 60, 0);
    writeHex(text, at + 1, nextNotZero(), 60, 0);
    return new String(text);
  }

  private long nextNotZero() {
    long bits = random.nextLong();
    while (bits == 0) {
      bits = random.nextLong();
    }
    return bits;
  }

  private static int writeHex(char[] text, int from, long bits, int highShift, int lowShift) {
    int at = from;
    for (int shift = highShift; shift >= lowShift; shift -= 4) {
      text[at++] = HEX[(int) (bits >>> shift) & 0xf];
    }
    return at;
  }
}
