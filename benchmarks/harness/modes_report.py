"""The tables of `./benchmarks/modes`, from its figures as JSON. Pure."""

from collections.abc import Sequence
from typing import Any

from harness import bars, envoys, record, report
from harness.problems import Problem

BEGIN, END = "<!-- modes: begin -->", "<!-- modes: end -->"
SIZES = {"small": "257 B up, 45 B down", "large": "64 KiB up and down"}
SINK_BAR, SINK_AIM = 2.0, 1.0

# Key, what it is, and which of the promises that differ between modes hold: P1, P4, P5.
TITLES = {
    "envoy": ("Envoy, nothing kept", ("-", "-", "-")),
    "proxy": ("Loopgate in the path (proxy)", ("yes", "yes", "yes")),
    "sidecar": ("Loopgate in the path, redirected (sidecar)", ("yes", "yes, of what speaks HTTP", "yes, while it lives")),
    "streamed-go": ("Envoy shows all, plainly; a sink that drops it", ("-", "-", "-")),
    "streamed": ("Envoy shows all, plainly; Loopgate keeps it", ("no", "of what was shown", "without the guard: no")),
    "recommended": ("Envoy as recommended, observed", ("no", "a lower bound", "yes")),
    "synchronous": ("the same, Envoy waits (synchronous)", ("as far as it answered", "a lower bound", "one round trip a message")),
    "log-alone": ("Envoy's access log alone, each entry at once", ("no; no bodies", "of what came", "yes")),
    "log-alone-16k": ("the same, gathered: 16 KiB or 1 s", ("no; no bodies", "of what came", "yes")),
}
HEADLINE = ("envoy", "proxy", "sidecar", "recommended", "synchronous", "log-alone")


def _cpu(content: dict[str, Any], row: str, key: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = content["peers"].get(row, {}).get(key)
    return found


def _ratio(content: dict[str, Any], name: str) -> str:
    one = content["ratios"].get(name)
    return report.span(one) if one else "-"


def _short(content: dict[str, Any], name: str) -> str:
    one = content["ratios"].get(name)
    return report.number(one["middle"]) if one else "-"


def parts(one: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
    """Of a mode: Envoy's CPU, that of what stands beside it or in the path, and of this what publishing files takes."""
    by_process = one["cpu_us_by_process"]
    others = [value for name, value in by_process.items() if name != "envoy"]
    return by_process.get("envoy"), sum(others) if others else None, one["cpu_us_by_thread"].get("shipper")


def _kept(content: dict[str, Any], key: str) -> str:
    if key in content["lost"]:
        return "**void**: " + content["lost"][key]
    if key == "envoy":
        return "nothing"
    if key == "streamed-go":
        return f"nothing; {content['sent'][key]:,} seen whole"
    return f"{content['sent'][key]:,} of {content['sent'][key]:,}"


def modes(content: dict[str, Any], row: str) -> list[str]:
    """All modes side by side."""
    lines = []
    for key, (title, _) in TITLES.items():
        one = _cpu(content, row, key)
        if one is None:
            if key in content["lost"] and (row == "small" or key != "log-alone-16k"):
                lines.append([title, *["-"] * 7, _kept(content, key)])
            continue
        numbers = [report.number(part) for part in parts(one)]
        lines.append([
            title, report.span(one["cpu_us"]), *numbers, _ratio(content, f"{row}/{key}/envoy"),
            _ratio(content, f"{row}/{key}/proxy"), report.number(one["per_second"]["middle"]), _kept(content, key),
        ])
    head = ["", "CPU us an exchange", "Envoy", "Loopgate, or the sink", "of it files", "x Envoy, nothing kept", "x proxy",
            "exchanges/s", "kept, both sizes together"]
    return report.as_table(head, lines) if lines else []


def compared(content: dict[str, Any]) -> list[str]:
    """What one wants to know of all this, as ratios."""
    wanted = (
        ("our sink, to the spool, beside the sink in Go that drops: the same messages", "sink/streamed/durable", True),
        ("the same, to the published files", "sink/streamed/files", True),
        ("our sink, to the published files, as recommended (access log too), beside the same", "sink/recommended/files", False),
        ("Envoy's own cost, as recommended, beside plain streaming", "own/recommended", False),
        ("sidecar, beside Envoy as recommended and Loopgate", "sidecar/recommended", False),
        ("sidecar, beside Envoy in plain streaming and the sink that drops", "sidecar/streamed-go", False),
        ("proxy, beside Envoy as recommended and Loopgate", "proxy/recommended", False),
        ("proxy, beside Envoy that keeps nothing", "proxy/envoy", False),
    )
    lines = []
    for title, name, is_goal in wanted:
        cells = [_ratio(content, f"{row}/{name}") for row in SIZES]
        small = content["ratios"].get(f"small/{name}")
        verdict = bars.verdict(record.of_interval(small), SINK_BAR, False, False) if small and is_goal else ""
        goal = [f"{SINK_BAR:g}", f"{SINK_AIM:g}"] if is_goal else ["-", "-"]
        if any(cell != "-" for cell in cells):
            lines.append([title, *cells, *goal, verdict])
    return report.as_table(["CPU of", *SIZES.values(), "bar", "aim", "257 B"], lines) if lines else []


def changes(content: dict[str, Any], row: str) -> list[str]:
    """What each change to the recommended configuration saves by itself."""
    base = _cpu(content, row, "recommended")
    if base is None:
        return []
    envoy, ours, _ = parts(base)
    lines = [["as recommended", report.span(base["cpu_us"]), "-", "-", "-", "-", _kept(content, "recommended")]]
    found = False
    for change in (*envoys.SMALL_CHANGES, *envoys.LARGE_CHANGES):
        one = _cpu(content, row, change.key)
        if one is None:
            continue
        found = True
        other, theirs, _ = parts(one)
        lines.append([
            change.title, report.span(one["cpu_us"]), _ratio(content, f"{row}/{change.key}/recommended"),
            _saved(envoy, other), _saved(ours, theirs), change.costs or "nothing", _kept(content, change.key),
        ])
    head = ["changed", "CPU us an exchange", "x as recommended", "Envoy saves us", "Loopgate saves us", "what it costs", "kept"]
    return report.as_table(head, lines) if found else []


def _saved(before: float | None, after: float | None) -> str:
    return "-" if before is None or after is None else f"{before - after:+.1f}"


def headline(content: dict[str, Any]) -> str:
    """What capture costs in each mode, in one small table."""
    lines = []
    for key in HEADLINE:
        title, promises = TITLES[key]
        cells = []
        for row in SIZES:
            one = _cpu(content, row, key)
            times = _short(content, f"{row}/{key}/envoy")
            cells += [report.number(one["cpu_us"]["middle"]) if one else "-", times]
        lines.append([title, *cells, _short(content, f"small/{key}/proxy"), *promises])
    head = ["mode", "257 B: CPU us", "x Envoy", "64 KiB: CPU us", "x Envoy", "257 B: x proxy", "P1", "P4", "P5"]
    return "\n".join([*report.as_table(head, lines), "", f"Measured {content['date']}, {content['machine']['cpu']}."]) + "\n"


def text(content: dict[str, Any]) -> str:
    """All of it, in Markdown."""
    lines = [f"Measured {content['date']}.", ""]
    lines += [f"- {name}: {value}" for name, value in content["machine"].items()]
    tables: list[tuple[str, Sequence[str]]] = []
    tables += [(f"The modes: {size}", modes(content, row)) for row, size in SIZES.items()]
    tables += [("Beside each other", compared(content))]
    tables += [(f"Changes to the recommended configuration, each by itself: {size}", changes(content, row))
               for row, size in SIZES.items()]
    tables += [(f"Ours by thread: {size}", report.threads(content, row)) for row, size in SIZES.items()]
    for title, part in tables:
        if part:
            lines += ["", f"## {title}", "", *part]
    return "\n".join(lines) + "\n"


def into(page: str, measured: str) -> str:
    """The page with what stands between the marks replaced."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise Problem(f"the page has not the marks {BEGIN} and {END} once each")
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n\n{measured}\n{END}{tail}"
