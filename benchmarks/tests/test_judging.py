"""Bars, the quick comparison, the load's own words, the page."""

import unittest

from harness import bars, bodies, figures, load, quick, record, report
from harness.problems import Problem
from harness.stats import Interval


def _figure(middle: float, low: float, high: float) -> dict:
    return record.interval(Interval(middle, low, high, 5))


class QuickTest(unittest.TestCase):
    KEY = quick.KEYS[0]

    def compare(self, now: tuple[float, float, float], then: tuple[float, float, float]) -> bool:
        recorded = {"figures": {self.KEY: _figure(*then)}}
        return quick.compare({self.KEY: _figure(*now)}, recorded)[1]

    def test_the_same_is_not_slower(self) -> None:
        self.assertFalse(self.compare((0.60, 0.58, 0.62), (0.60, 0.58, 0.62)))

    def test_a_quarter_more_is_slower(self) -> None:
        self.assertTrue(self.compare((0.75, 0.72, 0.78), (0.60, 0.58, 0.62)))

    def test_faster_is_not_slower(self) -> None:
        self.assertFalse(self.compare((0.40, 0.38, 0.42), (0.60, 0.58, 0.62)))

    def test_more_within_a_wide_interval_proves_nothing(self) -> None:
        self.assertFalse(self.compare((0.70, 0.55, 0.90), (0.60, 0.58, 0.62)))

    def test_without_a_record_nothing_is_slower_and_it_says_so(self) -> None:
        lines, slower = quick.compare({self.KEY: _figure(1, 1, 1)}, {})
        self.assertFalse(slower)
        self.assertIn("nothing is recorded", lines[0])


class VerdictTest(unittest.TestCase):
    def test_less_is_better(self) -> None:
        self.assertEqual(bars.verdict(Interval(0.7, 0.6, 0.8, 9), 0.8, False, False), "met")
        self.assertEqual(bars.verdict(Interval(0.9, 0.85, 1.0, 9), 0.8, False, False), "missed")
        self.assertIn("met (", bars.verdict(Interval(0.7, 0.6, 0.9, 9), 0.8, False, False))
        self.assertIn("missed (", bars.verdict(Interval(0.85, 0.6, 0.9, 9), 0.8, False, False))

    def test_more_is_better(self) -> None:
        self.assertEqual(bars.verdict(Interval(40, 35, 45, 9), 30, True, False), "met")
        self.assertEqual(bars.verdict(Interval(20, 15, 25, 9), 30, True, False), "missed")

    def test_a_strict_goal_is_met_only_by_all_of_the_interval(self) -> None:
        self.assertEqual(bars.verdict(Interval(0.2, 0.1, 0.6, 9), 0.5, False, True), "not resolved")
        self.assertEqual(bars.verdict(Interval(0.2, 0.1, 0.4, 9), 0.5, False, True), "met")

    def test_every_goal_has_a_key_of_its_own(self) -> None:
        self.assertEqual(len({goal.key for goal in bars.GOALS}), len(bars.GOALS))

    def test_without_a_bar_there_is_no_verdict(self) -> None:
        self.assertEqual(figures.judged("large/cpu/files/nginx-lua", Interval(9, 9, 9, 1)).verdict, "")


class LoadTest(unittest.TestCase):
    TEXT = (
        "finished in {took}, 2849.11 req/s, 536.99KB/s\n"
        "requests: 100 total, 100 started, 100 done, {good} succeeded, 0 failed, 0 errored, 0 timeout\n"
        "status codes: {good} 2xx, 0 3xx, 0 4xx, 0 5xx\n"
    )

    def test_reads_time_in_every_unit(self) -> None:
        for took, seconds in (("35.10s", 35.1), ("250.00ms", 0.25), ("900us", 0.0009)):
            self.assertAlmostEqual(load.parse(self.TEXT.format(took=took, good=100), 100, 0).seconds, seconds)

    def test_an_answer_that_is_not_good_is_a_problem(self) -> None:
        with self.assertRaises(Problem):
            load.parse(self.TEXT.format(took="1s", good=99), 100, 0)
        with self.assertRaises(Problem):
            load.parse("no route", 100, 0)

    def test_bodies_have_their_sizes(self) -> None:
        sizes = [(len(one.up), len(one.down)) for one in bodies.ALL]
        self.assertEqual(sizes, [(257, 45), (1024, 1024), (65536, 65536), (257, 20_000), (262, 50)])


class PageTest(unittest.TestCase):
    def test_what_people_wrote_stays(self) -> None:
        first = report.into_page("", "one")
        mine = first + "- io_uring: nothing gained\n"
        second = report.into_page(mine, "two")
        self.assertIn("two", second)
        self.assertNotIn("one\n", second.split(report.END)[0].split(report.BEGIN)[1])
        self.assertTrue(second.endswith("- io_uring: nothing gained\n"))

    def test_a_run_replaces_only_what_it_has_measured(self) -> None:
        empty = {"peers": {}, "latency": {}, "faults": [], "date": "d1", "machine": {}}
        old = empty | {"figures": {"a": 1, "b": 2}, "latency": {"x": 1}}
        merged = record.merge(old, empty | {"figures": {"b": 3}, "date": "d2"})
        self.assertEqual((merged["figures"], merged["latency"], merged["date"]), ({"a": 1, "b": 3}, {"x": 1}, "d2"))
