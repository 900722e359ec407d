package dev.loopgate.app;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/// A counter with a series for each constant of an enum, all of them there from the start. Any
/// thread.
final class WordCounters<E extends Enum<E>> {
  private final Map<E, CounterDataPoint> series;

  /// @param counter with one label, whose values are the words
  WordCounters(Counter counter, Class<E> all, Function<E, String> word) {
    series = new EnumMap<>(all);
    for (E each : all.getEnumConstants()) {
      series.put(each, counter.labelValues(word.apply(each)));
    }
  }

  void inc(E of) {
    inc(of, 1);
  }

  void inc(E of, long count) {
    Objects.requireNonNull(series.get(of), "all constants are there").inc(count);
  }
}
