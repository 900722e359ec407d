package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loopgate.capture.ModelIdentity;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NumberRangeTest {
  private static final Partition PARTITION =
      Partition.of(LogStream.FEEDBACK, new ModelIdentity("wine", "1"), 498_000);

  @ParameterizedTest
  @ValueSource(strings = {"000000000000", "0123456789ab", "ffffffffffff"})
  void numbersOfOneGatewayAreReadAsAnyOther(String instance) {
    NumberRange own = NumberRange.ownOf(instance);

    for (long n : new long[] {own.first(), own.last()}) {
      assertThat(Long.toString(n)).hasSize(18);
      assertThat(PARTITION.numberOf(PARTITION.key(n, Compression.NONE))).hasValue(n);
      assertThat(PARTITION.key(n, Compression.NONE).path()).matches(".*/[0-9]{10}_[0-9]+\\.json");
      assertThat(NumberRange.SHARED.contains(n)).isFalse();
      assertThat(NumberRange.isOwn(PARTITION.key(n, Compression.NONE), instance)).isTrue();
    }
    assertThat(NumberRange.isOwn(PARTITION.key(own.first() - 1, Compression.NONE), instance))
        .isFalse();
    assertThat(NumberRange.isOwn(PARTITION.key(own.last() + 1, Compression.NONE), instance))
        .isFalse();
    assertThat(NumberRange.isOwn(PARTITION.key(0, Compression.NONE), instance)).isFalse();
  }

  @Test
  void manifestsAreOfTheirInstance() {
    ObjectKey manifest = Manifest.key("0123456789ab", 498_000, 2);

    assertThat(NumberRange.isOwn(manifest, "0123456789ab")).isTrue();
    assertThat(NumberRange.isOwn(manifest, "0123456789ac")).isFalse();
    assertThat(NumberRange.isOwn(new ObjectKey("ready"), "0123456789ab")).isFalse();
  }

  @Test
  void gatewaysOfOnePartitionNeverNameAFileAlike() throws Exception {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    Random random = new Random(7);
    Set<Long> given = new HashSet<>();
    for (int gateway = 0; gateway < 50; gateway++) {
      Numbering numbering =
          new Numbering(
              new MemoryStore(bucket, new FaultyTree(new Random(1)), Path.of("/s"), new Random(1)),
              random,
              NumberRange.ownOf("%012x".formatted(random.nextLong() & 0xffff_ffff_ffffL)));
      for (int i = 0; i < 100; i++) {
        long n = numbering.next(PARTITION);
        assertThat(given.add(n)).as("seed=7, gateway=%d, n=%d", gateway, n).isTrue();
        bucket.objects().put(PARTITION.key(n, Compression.NONE).path(), new byte[0]);
      }
    }
  }

  @Test
  void goesOnBehindItsOwnNumbersWhateverOthersHave() throws Exception {
    MemoryStore.Bucket bucket = new MemoryStore.Bucket();
    MemoryStore store =
        new MemoryStore(bucket, new FaultyTree(new Random(1)), Path.of("/s"), new Random(1));
    NumberRange own = NumberRange.ownOf("0123456789ab");
    bucket.objects().put(PARTITION.key(41, Compression.NONE).path(), new byte[0]);
    bucket.objects().put(PARTITION.key(own.first() + 6, Compression.NONE).path(), new byte[0]);
    bucket
        .objects()
        .put(
            PARTITION.key(NumberRange.ownOf("fedcba987654").first(), Compression.NONE).path(),
            new byte[0]);

    assertThat(new Numbering(store, new Random(1), own).next(PARTITION)).isEqualTo(own.first() + 7);
    assertThat(new Numbering(store, new Random(1), NumberRange.SHARED).next(PARTITION))
        .isEqualTo(42);
  }
}
