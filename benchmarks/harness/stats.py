"""Medians, intervals, percentiles, histograms. Pure."""

import math
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

RESAMPLES = 4000
SHARE = 0.95
SEED = 20_250_101


@dataclass(frozen=True)
class Interval:
    """A figure and the bootstrap interval that holds it with 95 %."""

    middle: float
    low: float
    high: float
    count: int

    def scaled(self, factor: float) -> "Interval":
        """The same in another unit."""
        return Interval(self.middle * factor, self.low * factor, self.high * factor, self.count)


def _interval(middle: float, draws: list[float], count: int) -> Interval:
    draws.sort()
    edge = (1 - SHARE) / 2
    low = draws[int(edge * (len(draws) - 1))]
    high = draws[math.ceil((1 - edge) * (len(draws) - 1))]
    return Interval(middle, low, high, count)


def median_interval(values: Sequence[float]) -> Interval:
    """The median of `values`, one or more."""
    source = random.Random(SEED)
    draws = [
        statistics.median(source.choices(values, k=len(values))) for _ in range(RESAMPLES)
    ]
    return _interval(statistics.median(values), draws, len(values))


def combined(
    groups: Sequence[Sequence[float]], combine: Callable[[list[float]], float]
) -> Interval:
    """What `combine` makes of the groups' medians; each group is drawn anew by itself."""
    source = random.Random(SEED)
    draws = []
    for _ in range(RESAMPLES):
        draws.append(
            combine([statistics.median(source.choices(group, k=len(group))) for group in groups])
        )
    middle = combine([statistics.median(group) for group in groups])
    return _interval(middle, draws, min(len(group) for group in groups))


def ratio(values: Sequence[float], of: Sequence[float]) -> Interval:
    """Median over median."""
    return combined([values, of], lambda medians: medians[0] / medians[1])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of `ordered` do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def histogram(values: Iterable[float], per_decade: int = 20) -> list[tuple[float, int]]:
    """Upper bounds and counts of logarithmic classes that are not empty; values are positive."""
    counts: dict[int, int] = {}
    for value in values:
        index = math.ceil(math.log10(max(value, 1e-9)) * per_decade)
        counts[index] = counts.get(index, 0) + 1
    return [(10 ** (index / per_decade), counts[index]) for index in sorted(counts)]
