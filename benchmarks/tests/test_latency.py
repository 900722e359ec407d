"""The rate of the latency row."""

import unittest

from harness import latency
from harness.problems import Problem


class HeldTest(unittest.TestCase):
    """Which rate is taken."""

    def test_takes_the_wanted_rate_where_it_is_held(self) -> None:
        self.assertEqual(latency.held(lambda rate: True, 28000.0), 28000.0)

    def test_goes_down_until_it_is_held(self) -> None:
        self.assertEqual(latency.held(lambda rate: rate < 16000, 28000.0), 15750.0)

    def test_gives_up_where_nothing_is_held(self) -> None:
        with self.assertRaisesRegex(Problem, "don't hold"):
            latency.held(lambda rate: False, 28000.0)


if __name__ == "__main__":
    unittest.main()
