package dev.loopgate.capture;

import static dev.loopgate.capture.CaptureBuffers.LARGE_BYTES;
import static dev.loopgate.capture.CaptureBuffers.SMALL_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CaptureBuffersTest {
  @Test
  void allocatesNothingBeforeItIsNeeded() {
    CaptureBuffers buffers = new CaptureBuffers(1 << 20);

    assertThat(buffers.bytesAllocated()).isZero();
    assertThat(buffers.bytesInUse()).isZero();
    assertThat(buffers.bytesMax()).isEqualTo(1 << 20);
  }

  @Test
  void lendsCleanPiecesAndUsesThemAgain() {
    CaptureBuffers buffers = new CaptureBuffers(SMALL_BYTES);
    ByteBuffer first = Objects.requireNonNull(buffers.takeSmall());
    first.put(new byte[100]);
    assertThat(buffers.takeSmall()).isNull();

    buffers.giveBack(first);
    ByteBuffer again = Objects.requireNonNull(buffers.takeSmall());

    assertThat(again).isSameAs(first);
    assertThat(again.position()).isZero();
    assertThat(again.remaining()).isEqualTo(SMALL_BYTES);
    assertThat(again.isDirect()).isTrue();
  }

  @Test
  void idlePiecesOfOneSizeMakeRoomForTheOther() {
    CaptureBuffers buffers = new CaptureBuffers(LARGE_BYTES);
    buffers.giveBack(Objects.requireNonNull(buffers.takeSmall()));

    ByteBuffer large = Objects.requireNonNull(buffers.takeLarge());
    assertThat(buffers.bytesAllocated()).isEqualTo(LARGE_BYTES);
    buffers.giveBack(large);

    assertThat(buffers.takeSmall()).isNotNull();
    assertThat(buffers.bytesAllocated()).isEqualTo(SMALL_BYTES);
  }

  @Test
  void whatCannotBeGivenCostsNothingThatIsIdle() {
    CaptureBuffers buffers = new CaptureBuffers(LARGE_BYTES - 1);
    buffers.giveBack(Objects.requireNonNull(buffers.takeSmall()));

    assertThat(buffers.takeLarge()).isNull();
    assertThat(buffers.bytesAllocated()).isEqualTo(SMALL_BYTES);
  }

  @Test
  void aShareOfZeroLendsNothing() {
    CaptureBuffers buffers = new CaptureBuffers(0);

    assertThat(buffers.takeSmall()).isNull();
    assertThat(buffers.takeLarge()).isNull();
    assertThatIllegalArgumentException().isThrownBy(() -> new CaptureBuffers(-1));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void neverExceedsItsShareWhateverIsTakenAndGivenBack(long seed) {
    Random random = new Random(seed);
    long share = 10L * LARGE_BYTES + random.nextInt(LARGE_BYTES);
    CaptureBuffers buffers = new CaptureBuffers(share);
    List<ByteBuffer> lent = new ArrayList<>();

    for (int step = 0; step < 5_000; step++) {
      if (random.nextInt(100) < 55) {
        boolean small = random.nextBoolean();
        ByteBuffer piece = small ? buffers.takeSmall() : buffers.takeLarge();
        long inUse = lent.stream().mapToLong(ByteBuffer::capacity).sum();
        if (piece == null) {
          assertThat(inUse + (small ? SMALL_BYTES : LARGE_BYTES))
              .as("seed=%d step=%d", seed, step)
              .isGreaterThan(share);
        } else {
          lent.add(piece);
        }
      } else if (!lent.isEmpty()) {
        buffers.giveBack(lent.remove(random.nextInt(lent.size())));
      }
      assertThat(buffers.bytesInUse())
          .as("seed=%d step=%d", seed, step)
          .isEqualTo(lent.stream().mapToLong(ByteBuffer::capacity).sum());
      assertThat(buffers.bytesAllocated())
          .as("seed=%d step=%d", seed, step)
          .isBetween(buffers.bytesInUse(), share);
    }
  }

  @Test
  void roomThatIsTakenIsOfTheShareAndIdlePiecesMakeWayForIt() {
    CaptureBuffers buffers = new CaptureBuffers(CaptureBuffers.LARGE_BYTES);
    ByteBuffer piece = Objects.requireNonNull(buffers.takeLarge());
    assertThat(buffers.takeRoom(1)).isFalse();
    buffers.giveBack(piece);

    assertThat(buffers.takeRoom(CaptureBuffers.LARGE_BYTES)).isTrue();
    assertThat(buffers.bytesAllocated()).isEqualTo(CaptureBuffers.LARGE_BYTES);
    assertThat(buffers.takeSmall()).isNull();

    buffers.giveBack(CaptureBuffers.LARGE_BYTES);
    assertThat(buffers.bytesInUse()).isZero();
    assertThat(buffers.takeSmall()).isNotNull();
  }
}
