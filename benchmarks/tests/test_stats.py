"""Intervals, percentiles, histograms."""

import random
import unittest

from harness import stats


class IntervalsTest(unittest.TestCase):
    def test_the_same_values_give_a_point(self) -> None:
        found = stats.median_interval([3.0] * 9)
        self.assertEqual((found.middle, found.low, found.high, found.count), (3.0, 3.0, 3.0, 9))

    def test_an_interval_holds_the_true_median_about_as_often_as_it_says(self) -> None:
        source = random.Random(1)
        held = 0
        for _ in range(30):
            one = stats.median_interval([source.gauss(10, 1) for _ in range(15)])
            held += one.low <= 10 <= one.high
        self.assertGreater(held, 24)

    def test_a_ratio_is_of_the_medians_and_shrinks_with_more_rounds(self) -> None:
        source = random.Random(2)

        def drawn(count: int) -> stats.Interval:
            return stats.ratio(
                [source.gauss(20, 1) for _ in range(count)], [source.gauss(10, 0.5) for _ in range(count)]
            )

        few, many = drawn(5), drawn(60)
        self.assertAlmostEqual(many.middle, 2.0, delta=0.1)
        self.assertLess(many.high - many.low, few.high - few.low)

    def test_one_value_is_an_interval_of_no_width(self) -> None:
        self.assertEqual(stats.ratio([4.0], [2.0]), stats.Interval(2.0, 2.0, 2.0, 1))

    def test_the_same_values_give_the_same_interval_each_time(self) -> None:
        values = [number**1.5 for number in range(40)]
        self.assertEqual(stats.median_interval(values), stats.median_interval(values))
        first = stats.ratio(values, list(reversed(values[5:])))
        self.assertEqual(first, stats.ratio(values, list(reversed(values[5:]))))


class PercentilesTest(unittest.TestCase):
    def test_a_percentile_is_a_value_that_was_seen(self) -> None:
        values = [float(number) for number in range(1, 101)]
        self.assertEqual(stats.percentile(values, 0.5), 50.0)
        self.assertEqual(stats.percentile(values, 0.99), 99.0)
        self.assertEqual(stats.percentile(values, 0.999), 100.0)
        self.assertEqual(stats.percentile(values, 1.0), 100.0)

    def test_a_histogram_counts_each_value_once_below_its_bound(self) -> None:
        values = [0.001, 0.001, 0.0011, 0.02, 5.0]
        counted = stats.histogram(values)
        self.assertEqual(sum(count for _, count in counted), 5)
        for value in values:
            bound = next(bound for bound, _ in counted if bound >= value * 0.999999)
            self.assertLess(bound, value * 1.13)
        self.assertEqual(counted, sorted(counted))
