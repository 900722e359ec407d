package dev.loopgate.logshipper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Row 16 of the fault matrix: hours and paths against `java.time`, wherever the JVM thinks it is.
final class PartitionTest {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("'year='uuuu'/month='MM'/day='dd", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter WORD =
      DateTimeFormatter.ofPattern("uuuuMMddHH", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final TimeZone zone = TimeZone.getDefault();
  private final Locale locale = Locale.getDefault();

  @AfterEach
  void goHome() {
    TimeZone.setDefault(zone);
    Locale.setDefault(locale);
  }

  /// Edges of hours, years, Februaries and the epoch, and any other moment up to the year 9999.
  private static List<Long> moments() {
    List<Long> moments = new ArrayList<>();
    for (String edge :
        List.of(
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:00:00Z",
            "1999-12-31T23:00:00Z",
            "2000-02-29T23:00:00Z",
            "2016-12-31T23:59:59Z", // a leap second followed
            "2026-12-31T23:00:00Z",
            "2028-02-28T23:00:00Z",
            "2028-02-29T23:00:00Z",
            "2038-01-19T03:14:07Z",
            "2100-02-28T23:00:00Z",
            "9999-12-31T22:00:00Z")) {
      long at = Instant.parse(edge).toEpochMilli();
      moments.addAll(List.of(at - 1, at, at + 1, at + 3_599_999, at + 3_600_000));
    }
    long day = Instant.parse("2026-03-29T00:00:00Z").toEpochMilli(); // Berlin has 23 hours
    for (int hour = 0; hour < 24; hour++) {
      moments.add(day + hour * 3_600_000L);
    }
    Random random = new Random(1);
    long last = Instant.parse("9999-12-31T23:59:59Z").toEpochMilli();
    for (int i = 0; i < 20_000; i++) {
      moments.add(random.nextLong(last));
    }
    return moments;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "Europe/Berlin"})
  void hoursAreThoseOfUtcInAnyZone(String here) {
    TimeZone.setDefault(TimeZone.getTimeZone(here));
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab")); // with digits of its own
    for (long millis : moments()) {
      Instant moment = Instant.ofEpochMilli(millis);
      long hour = Partition.hourOf(millis);

      assertThat(Partition.hourPath(hour))
          .as("%s", moment)
          .isEqualTo(DAY.format(moment) + "/" + WORD.format(moment));
      assertThat(Partition.hourWord(hour)).as("%s", moment).isEqualTo(WORD.format(moment));
      assertThat(Partition.startOf(hour)).as("%s", moment).isBetween(millis - 3_599_999, millis);
    }
  }
}
