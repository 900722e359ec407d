package dev.loopgate.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class RequestIdsTest {
  private static final long MILLIS = 1_798_106_400_123L;

  @Test
  void areUuidsOfVersionSevenOfRfc9562() {
    RequestIds ids = RequestIds.from(new Random(1));

    for (int i = 0; i < 10_000; i++) {
      String id = ids.next(MILLIS + i).value();
      assertThat(id).matches("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
      UUID uuid = UUID.fromString(id);
      assertThat(uuid.version()).isEqualTo(7);
      assertThat(uuid.variant()).isEqualTo(2);
      assertThat(uuid.getMostSignificantBits() >>> 16).isEqualTo(MILLIS + i);
      assertThat(uuid).hasToString(id);
    }
  }

  @Test
  void writeTheExampleOfRfc9562() {
    // Appendix A.6: unix_ts_ms 017F22E279B0, rand_a CC3, rand_b 18C4DC0C0C07398F.
    long[] draws = {0xcc3L, 0x18c4dc0c0c07398fL << 2};
    int[] drawn = {0};
    RequestIds ids = RequestIds.from(() -> draws[drawn[0]++]);

    assertThat(ids.next(0x017f22e279b0L).value()).isEqualTo("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  }

  @Test
  void everyBitThatIsNotFixedIsRandom() {
    RequestIds ids = RequestIds.from(new Random(2));
    long high = 0;
    long low = 0;
    long highAlways = -1;
    long lowAlways = -1;
    for (int i = 0; i < 1_000; i++) {
      UUID uuid = UUID.fromString(ids.next(0).value());
      high |= uuid.getMostSignificantBits();
      low |= uuid.getLeastSignificantBits();
      highAlways &= uuid.getMostSignificantBits();
      lowAlways &= uuid.getLeastSignificantBits();
    }

    assertThat(high).isEqualTo(0x7fffL);
    assertThat(highAlways).isEqualTo(0x7000L);
    assertThat(low).isEqualTo(0xbfff_ffff_ffff_ffffL);
    assertThat(lowAlways).isEqualTo(0x8000_0000_0000_0000L);
  }

  @Test
  void sortByTimeAsText() {
    RequestIds ids = RequestIds.from(new Random(3));
    List<String> made = new ArrayList<>();
    for (long millis = MILLIS; millis < MILLIS + 5_000; millis++) {
      made.add(ids.next(millis).value());
    }

    assertThat(made).isSorted();
  }

  @Test
  void areUniqueWithinAMillisecondAndOverManyLoops() {
    Set<RequestId> made = new HashSet<>();
    for (int loop = 0; loop < 16; loop++) {
      RequestIds ids = RequestIds.seeded();
      for (int i = 0; i < 10_000; i++) {
        made.add(ids.next(MILLIS));
      }
    }

    assertThat(made).hasSize(160_000);
  }
}
