"""Three minutes before a merge: are we slower than the recorded result allows?"""

from typing import Any

from harness import bars, record, stats

KEYS = (
    "small/cpu/durable/nginx-lua",
    "small/cpu/durable/nginx",
    "small/cpu/files/nginx-lua",
    "small/cpu/files/nginx",
)
PEERS = ("nginx", "nginx-lua", "loopgate-durable", "loopgate")


def is_slower(now: stats.Interval, then: stats.Interval) -> bool:
    """Whether a cost has grown: now's middle is beyond what was recorded as possible, and what was
    recorded in the middle is below all that now is possible."""
    return now.middle > then.high and now.low > then.middle


def compare(figures: dict[str, dict[str, Any]], recorded: dict[str, Any]) -> tuple[list[str], bool]:
    """Lines for people, and whether any figure is slower than it may be."""
    lines, slower = [], False
    for key in KEYS:
        if key not in figures:
            continue
        now = record.of_interval(figures[key])
        goal = bars.goal(key)
        title = goal.title if goal else key
        before = recorded.get("figures", {}).get(key)
        shown = f"{title} ({key}): {now.middle:.3f} [{now.low:.3f}, {now.high:.3f}]"
        if before is None:
            lines.append(f"{shown}; nothing is recorded to compare with")
            continue
        then = record.of_interval(before)
        word = "SLOWER" if is_slower(now, then) else "within"
        slower = slower or word == "SLOWER"
        change = now.middle / then.middle
        lines.append(
            f"{shown}; recorded {then.middle:.3f} [{then.low:.3f}, {then.high:.3f}]: {word}, x {change:.3f}"
        )
    return lines, slower
