package dev.loopgate.capture;

import static dev.loopgate.capture.CaptureBuffers.LARGE_BYTES;
import static dev.loopgate.capture.CaptureBuffers.SMALL_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BodyCaptureTest {
  private final CaptureBuffers buffers = new CaptureBuffers(1 << 20);

  @Test
  void keepsTheSameWhereverTheBodyIsCut() {
    // Longer than a small piece and the limit inside a large one, so every border is crossed.
    byte[] body = bytes(SMALL_BYTES + 600);
    int keptMax = SMALL_BYTES + 300;

    for (int split = 0; split <= body.length; split++) {
      BodyCapture capture = new BodyCapture(buffers, keptMax);
      capture.copyFrom(ByteBuffer.wrap(body, 0, split));
      capture.copyFrom(ByteBuffer.wrap(body, split, body.length - split));

      Body kept = capture.view(true, "gzip");
      assertThat(kept.copyKept()).as("split=%d", split).isEqualTo(Arrays.copyOf(body, keptMax));
      assertThat(kept.size()).as("split=%d", split).isEqualTo(body.length);
      assertThat(kept.truncated()).as("split=%d", split).isTrue();
      assertThat(kept.contentEncoding()).isEqualTo("gzip");
      assertThat(capture.cut()).as("split=%d", split).isEqualTo(CutReason.LIMIT);
      capture.release();
    }
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void countsWhatPassedElsewhereAndSaysThatLessIsKept() {
    BodyCapture capture = new BodyCapture(buffers, 100);
    capture.copyFrom(ByteBuffer.wrap(bytes(5)));

    capture.passed(5);
    assertThat(capture.view(true, "").truncated()).isFalse();
    capture.passed(3);
    assertThat(capture.view(true, "").size()).isEqualTo(5);
    assertThat(capture.view(true, "").truncated()).isFalse();
    capture.passed(9);
    assertThat(capture.view(true, "").size()).isEqualTo(9);
    assertThat(capture.view(true, "").truncated()).isTrue();
    assertThat(capture.view(true, "").copyKept()).isEqualTo(bytes(5));
    capture.release();
  }

  @Test
  void keepsABodyOfManyPiecesInPiecesOfAnySize() {
    byte[] body = bytes(SMALL_BYTES + 3 * LARGE_BYTES + 17);
    for (int chunk : new int[] {1_000, SMALL_BYTES, 8_192, LARGE_BYTES, body.length}) {
      BodyCapture capture = new BodyCapture(buffers, body.length);
      for (int at = 0; at < body.length; at += chunk) {
        ByteBuffer direct = ByteBuffer.allocateDirect(chunk);
        direct.put(body, at, Math.min(chunk, body.length - at)).flip();
        capture.copyFrom(direct);
      }

      Body kept = capture.view(true, "");

      assertThat(kept.copyKept()).as("chunk=%d", chunk).isEqualTo(body);
      assertThat(kept.truncated()).isFalse();
      assertThat(kept.kept()).hasSize(5);
      capture.release();
    }
  }

  @Test
  void leavesTheChunkAsItWas() {
    ByteBuffer chunk = ByteBuffer.wrap(bytes(50)).position(10).limit(40);

    BodyCapture capture = new BodyCapture(buffers, 100);
    capture.copyFrom(chunk);

    assertThat(chunk.position()).isEqualTo(10);
    assertThat(chunk.limit()).isEqualTo(40);
    assertThat(capture.view(true, "").copyKept()).isEqualTo(Arrays.copyOfRange(bytes(50), 10, 40));
  }

  @Test
  void aBodyExactlyAtTheLimitIsWhole() {
    BodyCapture capture = new BodyCapture(buffers, 100);
    capture.copyFrom(ByteBuffer.wrap(bytes(100)));
    capture.copyFrom(ByteBuffer.allocate(0));

    assertThat(capture.cut()).isNull();
    assertThat(capture.view(true, "").truncated()).isFalse();

    capture.copyFrom(ByteBuffer.allocate(1));
    assertThat(capture.cut()).isEqualTo(CutReason.LIMIT);
    assertThat(capture.view(true, "").truncated()).isTrue();
    assertThat(capture.view(true, "").copyKept()).isEqualTo(bytes(100));
  }

  @Test
  void aBodyThatDidNotArriveWholeIsTruncatedThoughAllOfItIsKept() {
    BodyCapture capture = new BodyCapture(buffers, 100);
    capture.copyFrom(ByteBuffer.wrap(bytes(10)));

    assertThat(capture.view(false, "").truncated()).isTrue();
    assertThat(capture.cut()).isNull();
  }

  @Test
  void aLimitOfZeroKeepsNothingAndTakesNoBuffer() {
    BodyCapture capture = new BodyCapture(buffers, 0);
    capture.copyFrom(ByteBuffer.wrap(bytes(10)));

    assertThat(capture.view(true, "")).isEqualTo(new Body(List.of(), 10, true, ""));
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void pastTheBudgetItKeepsThePrefixItHasAndGoesOnCounting() {
    CaptureBuffers share = new CaptureBuffers(SMALL_BYTES + LARGE_BYTES);
    byte[] body = bytes(SMALL_BYTES + LARGE_BYTES + 5_000);
    BodyCapture capture = new BodyCapture(share, 1 << 20);

    capture.copyFrom(ByteBuffer.wrap(body));
    share.giveBack(
        ByteBuffer.allocateDirect(SMALL_BYTES)); // room again: a hole would not be a prefix
    capture.copyFrom(ByteBuffer.wrap(body));

    assertThat(capture.cut()).isEqualTo(CutReason.BUDGET);
    assertThat(capture.size()).isEqualTo(2L * body.length);
    assertThat(capture.view(true, "").copyKept())
        .isEqualTo(Arrays.copyOf(body, SMALL_BYTES + LARGE_BYTES));
    assertThat(capture.view(true, "").truncated()).isTrue();
  }

  @Test
  void usesSmallPiecesWhereNoLargeOneFits() {
    CaptureBuffers share = new CaptureBuffers(3 * SMALL_BYTES);
    BodyCapture capture = new BodyCapture(share, 1 << 20);

    capture.copyFrom(ByteBuffer.wrap(bytes(3 * SMALL_BYTES + 1)));

    assertThat(capture.view(true, "").keptLength()).isEqualTo(3 * SMALL_BYTES);
    assertThat(capture.cut()).isEqualTo(CutReason.BUDGET);
  }

  @Test
  void afterReleaseItOnlyCounts() {
    BodyCapture capture = new BodyCapture(buffers, 1 << 20);
    capture.copyFrom(ByteBuffer.wrap(bytes(10)));
    capture.release();
    capture.release();
    capture.copyFrom(ByteBuffer.wrap(bytes(5)));

    assertThat(capture.size()).isEqualTo(15);
    assertThat(buffers.bytesInUse()).isZero();
  }

  @Test
  void lendsViewsThatNobodyCanWriteThrough() {
    BodyCapture capture = new BodyCapture(buffers, 100);
    capture.copyFrom(ByteBuffer.wrap(bytes(10)));
    ByteBuffer view = capture.view(true, "").kept().getFirst();

    assertThatExceptionOfType(ReadOnlyBufferException.class)
        .isThrownBy(() -> view.put(0, (byte) 1));

    capture.copyFrom(ByteBuffer.wrap(bytes(10)));
    assertThat(view.remaining()).as("an earlier view").isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16})
  void isAPrefixWithinLimitAndBudgetHoweverExchangesInterleave(long seed) {
    Random random = new Random(seed);
    CaptureBuffers share = new CaptureBuffers(4L * LARGE_BYTES);
    int exchanges = 12;
    byte[][] bodies = new byte[exchanges][];
    BodyCapture[] captures = new BodyCapture[exchanges];
    int[] limits = new int[exchanges];
    int[] sent = new int[exchanges];
    for (int i = 0; i < exchanges; i++) {
      bodies[i] = bytes(random.nextInt(3 * LARGE_BYTES));
      limits[i] = random.nextInt(2 * LARGE_BYTES);
      captures[i] = new BodyCapture(share, limits[i]);
    }

    for (int step = 0; step < 400; step++) {
      int i = random.nextInt(exchanges);
      int length = Math.min(bodies[i].length - sent[i], random.nextInt(20_000));
      captures[i].copyFrom(ByteBuffer.wrap(bodies[i], sent[i], length));
      sent[i] += length;
      assertThat(share.bytesAllocated()).as("seed=%d", seed).isLessThanOrEqualTo(share.bytesMax());
    }

    for (int i = 0; i < exchanges; i++) {
      Body body = captures[i].view(true, "");
      byte[] kept = body.copyKept();
      assertThat(kept.length).as("seed=%d", seed).isLessThanOrEqualTo(limits[i]);
      assertThat(kept).as("seed=%d", seed).isEqualTo(Arrays.copyOf(bodies[i], kept.length));
      assertThat(body.size()).as("seed=%d", seed).isEqualTo(sent[i]);
      assertThat(body.truncated()).as("seed=%d", seed).isEqualTo(kept.length < sent[i]);
      captures[i].release();
    }
    assertThat(share.bytesInUse()).as("seed=%d", seed).isZero();
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >>> 8));
    }
    return bytes;
  }
}
