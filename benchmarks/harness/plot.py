"""Plots as SVG text; nothing but strings."""

import math
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, BAR, GAP = 760, 170, 20, 8
COLORS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b83280", "#4a5568", "#b7791f")


def _svg(height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}"'
    style = ' font-family="sans-serif" font-size="12">'
    return head + style + '<rect width="100%" height="100%" fill="white"/>' + "".join(parts) + "</svg>\n"


def _text(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str = "#444") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def cpu(content: dict[str, Any], titles: dict[str, str]) -> str:
    """CPU a request of each peer, with its interval; a group of bars for each row of load."""
    y, parts = 24.0, []
    for row, table in content["peers"].items():
        parts.append(_text(10, y, f"CPU us per request: {titles.get(row, row)}", more=' font-weight="bold"'))
        y += 12
        longest = max(one["cpu_us"]["high"] for one in table.values()) or 1.0
        scale = (WIDTH - LEFT - 90) / longest
        for number, (name, one) in enumerate(table.items()):
            value = one["cpu_us"]
            color = COLORS[number % len(COLORS)]
            parts.append(_text(LEFT - 8, y + BAR * 0.7, name, "end"))
            parts.append(
                f'<rect x="{LEFT}" y="{y:.1f}" width="{value["middle"] * scale:.1f}" height="{BAR}" fill="{color}"/>'
            )
            middle = y + BAR / 2
            parts.append(_line(LEFT + value["low"] * scale, middle, LEFT + value["high"] * scale, middle))
            parts.append(_text(LEFT + value["high"] * scale + 6, y + BAR * 0.7, f"{value['middle']:.1f}"))
            y += BAR + GAP
        y += 24
    return _svg(y, parts)


def distribution(histograms: dict[str, Sequence[tuple[float, int]]], title: str) -> str:
    """Latency over percentile, both logarithmic: 90 %, 99 %, 99.9 % are equally far apart."""
    top, bottom, right = 40.0, 330.0, WIDTH - 150.0
    bounds = [bound for one in histograms.values() for bound, _ in one]
    if not bounds:
        return _svg(60, [_text(10, 24, title)])
    low, high = math.floor(math.log10(min(bounds))), math.ceil(math.log10(max(bounds)))
    high = max(high, low + 1)
    nines = 4.0

    def at(share: float, seconds: float) -> tuple[float, float]:
        x = LEFT / 2 + (right - LEFT / 2) * min(nines, -math.log10(max(1e-9, 1 - share))) / nines
        return x, bottom - (bottom - top) * (math.log10(seconds) - low) / (high - low)

    parts = [_text(10, 22, title, more=' font-weight="bold"')]
    for decade in range(low, high + 1):
        _, y = at(0, 10.0**decade)
        parts += [_line(LEFT / 2, y, right, y, "#ddd"), _text(LEFT / 2 - 6, y + 4, _seconds(10.0**decade), "end")]
    for share, name in ((0.0, "0"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")):
        x, _ = at(share, 10.0**low)
        parts += [_line(x, top, x, bottom, "#ddd"), _text(x, bottom + 16, name, "middle")]
    for number, (name, one) in enumerate(histograms.items()):
        color = COLORS[number % len(COLORS)]
        total, seen, points = sum(count for _, count in one), 0, []
        for bound, count in one:
            seen += count
            x, y = at((seen - count / 2) / total, bound)
            points.append(f"{x:.1f},{y:.1f}")
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="1.5" points="{" ".join(points)}"/>')
        parts.append(_text(right + 10, top + 18 * number + 10, name, more=f' fill="{color}"'))
    return _svg(bottom + 30, parts)


def _seconds(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size * 0.999:
            return f"{value / size:.0f} {unit}"
    return f"{value:.0e} s"
