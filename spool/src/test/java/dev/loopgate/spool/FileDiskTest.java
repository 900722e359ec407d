package dev.loopgate.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.spool.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileDiskTest {
  private static final int PAGE = SegmentLayout.PAGE_BYTES;
  private static final long SEED = 4;

  private final FileDisk disk = new FileDisk();

  @TempDir Path directory;

  // The second one is a tmpfs where there is one, which may know no way past the cache.
  @ParameterizedTest
  @ValueSource(strings = {"", "/dev/shm"})
  void whateverIsWrittenInWhicheverWayIsRead(String elsewhere) throws IOException {
    Path place = elsewhere.isEmpty() ? directory : Path.of(elsewhere);
    Path file = Files.createTempFile(place, "loopgate-paged", ".seg");
    Files.delete(file);
    Random random = new Random(SEED);
    byte[] expected = new byte[64 * PAGE];
    try (DiskFile paged = disk.createPaged(file)) {
      paged.write(SegmentLayout.pages(expected.length), 0);
      for (int i = 0; i < 300; i++) {
        boolean whole = random.nextInt(3) > 0;
        int unit = whole ? PAGE : 1;
        int from = random.nextInt(expected.length / unit) * unit;
        int length = Math.min(expected.length - from, (1 + random.nextInt(8 * PAGE / unit)) * unit);
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        paged.write(filled(random, bytes), from);
        System.arraycopy(bytes, 0, expected, from, length);
        if (random.nextInt(8) == 0) {
          paged.force();
        }
        byte[] read = new byte[length];
        paged.read(ByteBuffer.wrap(read), from);
        assertThat(read).as("seed=%d, write=%d", SEED, i).isEqualTo(bytes);
      }
      assertThat(paged.size()).isEqualTo(expected.length);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
    try (DiskFile again = disk.openPaged(file)) {
      again.write(SegmentLayout.pages(PAGE), 3L * PAGE);
      Arrays.fill(expected, 3 * PAGE, 4 * PAGE, (byte) 0);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(expected);
    Files.delete(file);
  }

  @Test
  void pagesBeginAtAPageAndAreAsManyBytesAsAsked() {
    for (int bytes : new int[] {1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE + 7}) {
      ByteBuffer pages = SegmentLayout.pages(bytes);

      assertThat(pages.capacity()).isEqualTo(bytes);
      assertThat(pages.alignmentOffset(0, PAGE)).isZero();
    }
  }

  // In a buffer that may go past the cache, or in one that may not.
  private static ByteBuffer filled(Random random, byte[] bytes) {
    int shift = random.nextInt(3) == 0 ? 1 : 0;
    ByteBuffer buffer =
        random.nextInt(4) == 0
            ? ByteBuffer.allocate(bytes.length + shift)
            : SegmentLayout.pages(bytes.length + shift);
    buffer.position(shift);
    buffer.put(bytes).position(shift);
    return buffer;
  }
}
