package dev.loopgate.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EventLogTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");

  @Test
  void givesWhatHappenedSince() {
    EventLog log = log(10, 1000, 0, 1, 3, 4);

    assertThat(log.after(0, 100)).isEqualTo(page(4, false, 1, 3, 4));
    assertThat(log.after(1, 100)).isEqualTo(page(4, false, 3, 4));
    assertThat(log.after(2, 100)).isEqualTo(page(4, false, 3, 4));
    assertThat(log.after(4, 100)).isEqualTo(page(4, false));
  }

  @Test
  void givesPages() {
    EventLog log = log(10, 1000, 0, 1, 3, 4);

    assertThat(log.after(0, 2)).isEqualTo(page(3, false, 1, 3));
    assertThat(log.after(3, 2)).isEqualTo(page(4, false, 4));
  }

  @Test
  void tellsWhatWasCutOff() {
    EventLog log = log(2, 1000, 0, 1, 3, 4);

    assertThat(log.after(0, 100)).isEqualTo(page(4, true, 3, 4));
    assertThat(log.after(1, 100)).isEqualTo(page(4, false, 3, 4));
  }

  @Test
  void isBoundedInBytes() {
    EventLog log = log(10, 20, 0, 1, 3, 4);

    assertThat(log.after(0, 100)).isEqualTo(page(4, true, 3, 4));
  }

  @Test
  void knowsNothingOfWhatWasBeforeIt() {
    EventLog log = new EventLog(10, 1000, 50);

    assertThat(log.after(0, 100)).isEqualTo(page(50, true));
    assertThat(log.after(49, 100)).isEqualTo(page(50, true));
    assertThat(log.after(50, 100)).isEqualTo(page(50, false));
    assertThat(new EventLog(10, 1000, 0).after(0, 100)).isEqualTo(page(0, false));
  }

  @Test
  void aCursorThatWasNeverGivenIsOfAnotherStore() {
    assertThat(log(10, 1000, 0, 1).after(2, 100)).isEqualTo(page(1, true));
  }

  @Test
  void itsCursorNeverFalls() {
    EventLog log = log(10, 1000, 5, 6);

    assertThatThrownBy(() -> log.add(event(6), 10)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void noPageIsOfNone(int limit) {
    EventLog log = log(10, 1000, 0, 1);

    assertThatThrownBy(() -> log.after(0, limit))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit: value=" + limit + ", allowed=1 or more");
  }

  private static EventLog log(int countMax, long bytesMax, long from, long... cursors) {
    EventLog log = new EventLog(countMax, bytesMax, from);
    for (long cursor : cursors) {
      log.add(event(cursor), 10);
    }
    return log;
  }

  private static EventPage page(long cursor, boolean cutOff, long... events) {
    List<DeclaredEvent> all = Arrays.stream(events).mapToObj(EventLogTest::event).toList();
    return new EventPage(all, cursor, cutOff);
  }

  private static DeclaredEvent event(long cursor) {
    return new DeclaredEvent(
        cursor,
        DeclaredEvent.Type.CREATED,
        Declared.defaultRoute("wine-0a1b2", "wine", NOW, cursor),
        NOW);
  }
}
