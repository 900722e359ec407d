package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The ring alone.
final class RingTest {
  private static final int CAPACITY = 1024;

  private final Ring ring = ringOf(CAPACITY);

  static LongStream seeds() {
    return LongStream.range(0, 100);
  }

  @Test
  void showsNothingBeforeTheCommit() {
    long place = ring.claim(1, 24, 24, 0);

    assertThat(ring.peek(0)).isZero();
    ring.commit(place, 24);
    assertThat(ring.peek(0)).isEqualTo(24);
    assertThat(ring.skip(0)).isEqualTo(32);
  }

  @Test
  void hidesWhatIsBehindAnOpenClaimAndStepsOverAnAbortedOne() {
    long open = ring.claim(1, 8, 8, 0);
    long next = ring.claim(1, 8, 8, 0);
    ring.commit(next, 8);

    assertThat(ring.peek(0)).isZero();
    ring.abort(open, 8);
    assertThat(ring.peek(0)).isEqualTo(Ring.TYPE_PADDING);
    assertThat(ring.peek(ring.skip(0))).isEqualTo(8);
  }

  @Test
  void keepsTheReserveForThoseWhoMayUseIt() {
    while (ring.claim(1, 56, 56, CAPACITY / 8) != Ring.FULL) {}

    assertThat(ring.used()).isEqualTo(CAPACITY - CAPACITY / 8);
    assertThat(ring.claim(1, 56, 56, 0)).isNotEqualTo(Ring.FULL);
  }

  @Test
  void claimsAllPartsOrNone() {
    ring.claim(1, 120, 120, 0);
    long before = ring.tail();

    assertThat(ring.claim(9, 100, 4, 0)).isEqualTo(Ring.FULL);
    assertThat(ring.tail()).isEqualTo(before);
    assertThat(ring.claim(8, 100, 4, 0)).isEqualTo(before);
  }

  @Test
  void isFullForGoodOnceSealed() {
    long place = ring.claim(1, 8, 8, 0);
    assertThat(ring.sealEmpty()).isFalse();
    ring.commit(place, 8);
    assertThat(ring.sealEmpty()).isFalse();
    ring.release(ring.skip(0));

    assertThat(ring.sealEmpty()).isTrue();
    assertThat(ring.claim(1, 8, 8, 0)).isEqualTo(Ring.FULL);
    assertThat(ring.used()).isZero();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givesBackWhatWasPutInOrderOverManyLaps(long seed) {
    Random random = new Random(seed);
    ArrayDeque<int[]> expected = new ArrayDeque<>(); // length, value
    long position = 0;
    int value = 0;
    for (int step = 0; step < 2000; step++) {
      if (random.nextBoolean()) {
        int parts = 1 + random.nextInt(3);
        int length = 8 + random.nextInt(Math.min(112, ring.payloadBytesMax() - 8));
        int last = 8 + random.nextInt(length - 7);
        long claimed = ring.claim(parts, length, last, 0);
        if (claimed == Ring.FULL) {
          continue;
        }
        for (int part = 0; part < parts; part++) {
          int bytes = part < parts - 1 ? length : last;
          long place = ring.placeOf(claimed, bytes);
          ring.memory().asSlice(ring.payloadAt(place), bytes).fill((byte) value);
          ring.commit(place, bytes);
          expected.add(new int[] {bytes, value++ & 0xff});
          claimed = ring.endOf(place, bytes);
        }
      } else {
        position = drain(position, expected, seed);
      }
    }
    drain(position, expected, seed);
    assertThat(expected).as("seed=%d", seed).isEmpty();
  }

  @Test
  void losesNothingWithFourProducers() throws InterruptedException {
    Ring shared = ringOf(1 << 16);
    int each = 20_000;
    AtomicInteger running = new AtomicInteger(4);
    for (int producer = 0; producer < 4; producer++) {
      int number = producer;
      Thread.ofPlatform()
          .start(() -> {
            for (int i = 0; i < each; ) {
              long place = shared.claim(1, 8 + i % 64, 8 + i % 64, 0);
              if (place == Ring.FULL) {
                Thread.onSpinWait();
                continue;
              }
              long at = shared.placeOf(place, 8 + i % 64);
              shared.memory().set(INT, shared.payloadAt(at), number);
              shared.memory().set(INT, shared.payloadAt(at) + 4, i);
              shared.commit(at, 8 + i % 64);
              i++;
            }
            running.decrementAndGet();
          });
    }
    int[] next = new int[4];
    long position = 0;
    while (running.get() > 0 || position < shared.tail()) {
      int length = position < shared.tail() ? shared.peek(position) : 0;
      if (length == 0) {
        Thread.onSpinWait();
        continue;
      }
      if (length != Ring.TYPE_PADDING) {
        int number = shared.memory().get(INT, shared.payloadAt(position));
        assertThat(shared.memory().get(INT, shared.payloadAt(position) + 4))
            .isEqualTo(next[number]++);
      }
      position = shared.skip(position);
      shared.release(position);
    }
    assertThat(next).containsOnly(each);
  }

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private long drain(long from, ArrayDeque<int[]> expected, long seed) {
    long position = from;
    while (position < ring.tail()) {
      int length = ring.peek(position);
      if (length != Ring.TYPE_PADDING) {
        int[] next = expected.remove();
        assertThat(length).as("seed=%d", seed).isEqualTo(next[0]);
        MemorySegment payload = ring.memory().asSlice(ring.payloadAt(position), length);
        for (int i = 0; i < length; i++) {
          assertThat(payload.get(ValueLayout.JAVA_BYTE, i) & 0xff).isEqualTo(next[1]);
        }
      }
      position = ring.skip(position);
    }
    ring.release(position);
    return position;
  }

  static Ring ringOf(int capacity) {
    return new Ring(Arena.ofAuto().allocate(capacity + Ring.TRAILER_BYTES, 8));
  }
}
