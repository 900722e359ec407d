"""The modes: what is void, the ratios, Envoy's configurations, the tables."""

import copy
import json
import unittest

from harness import beside, countback, envoys, measure, modes, modes_figures, modes_report, paths
from harness.problems import Problem


def _sample(peer: str, cpu: dict[str, float], row: str = "small", void: str = "", shipper: float = 0.0) -> measure.Sample:
    threads = {"shipper": shipper} if shipper else {}
    return measure.Sample(row, peer, 0, 1000, 5000.0, cpu, threads, 0, 1.0, 0.0, 1, 0, 0.0, 0.0, 0.0, void=void)


def _found(ids: list[str], cut: int = 0) -> countback.Found:
    return countback.Found(len(ids), set(ids), cut)


class LossTest(unittest.TestCase):
    def loss(self, one: countback.Found, other: countback.Found, dropped: int = 0) -> str:
        return beside.loss_of({"request_response": one, "response_body": other}, 2, dropped)

    def test_all_of_it_is_no_loss(self) -> None:
        self.assertEqual(self.loss(_found(["a", "b"]), _found(["a", "b"])), "")

    def test_one_entry_less_is_a_loss(self) -> None:
        self.assertIn("missing=1", self.loss(_found(["a", "b"]), _found(["a"])))

    def test_one_entry_twice_is_a_loss(self) -> None:
        self.assertIn("different ids=1", self.loss(_found(["a", "b"]), _found(["a", "a"])))

    def test_a_body_in_part_is_a_loss(self) -> None:
        self.assertIn("1 bodies", self.loss(_found(["a", "b"]), _found(["a", "b"], 1)))

    def test_what_the_ledger_dropped_is_a_loss(self) -> None:
        self.assertIn("dropped 3", self.loss(_found(["a", "b"]), _found(["a", "b"]), 3))


class RatiosTest(unittest.TestCase):
    SAMPLES = (
        _sample("envoy", {"envoy": 40.0}),
        _sample("proxy", {"gateway": 20.0}, shipper=8.0),
        _sample("streamed-go", {"envoy": 90.0, "sink": 30.0}),
        _sample("streamed", {"envoy": 100.0, "gateway": 54.0}, shipper=9.0),
        _sample("recommended", {"envoy": 120.0, "gateway": 60.0}, shipper=10.0),
        _sample("recommended", {"envoy": 999.0, "gateway": 999.0}, void="noise"),
        _sample("recommended", {"envoy": 7.0, "gateway": 7.0}, row="large"),
    )

    def middle(self, name: str) -> float:
        return modes_figures.ratios(self.SAMPLES)[name]["middle"]

    def test_a_mode_is_compared_by_all_of_its_cpu(self) -> None:
        self.assertEqual(self.middle("small/recommended/envoy"), 4.5)
        self.assertEqual(self.middle("small/recommended/proxy"), 9.0)
        self.assertEqual(self.middle("small/streamed/streamed-go"), 154 / 120)

    def test_the_sink_is_compared_without_envoy(self) -> None:
        self.assertEqual(self.middle("small/sink/streamed/files"), 1.8)
        self.assertEqual(self.middle("small/sink/streamed/durable"), 1.5)

    def test_envoy_is_compared_without_the_sink(self) -> None:
        self.assertEqual(self.middle("small/own/recommended"), 1.2)

    def test_sizes_are_not_mixed_and_nothing_is_compared_with_what_is_not_there(self) -> None:
        ratios = modes_figures.ratios(self.SAMPLES)
        self.assertEqual({name for name in ratios if name.startswith("large/")}, {"large/recommended/recommended"})


class EnvoysTest(unittest.TestCase):
    BASE = envoys.passing(1, 2, "/model/r00")

    def test_every_change_changes_the_recommended_configuration_and_nothing_else(self) -> None:
        before = copy.deepcopy(self.BASE)
        plain = envoys.recommended(self.BASE, 3)
        texts = {json.dumps(plain, sort_keys=True)}
        for change in (*envoys.SMALL_CHANGES, *envoys.LARGE_CHANGES):
            made = envoys.recommended(self.BASE, 3)
            change.apply(made)
            texts.add(json.dumps(made, sort_keys=True))
        self.assertEqual(len(texts), 1 + len(envoys.SMALL_CHANGES) + len(envoys.LARGE_CHANGES))
        self.assertEqual(envoys.recommended(self.BASE, 3), plain)
        self.assertEqual(self.BASE, before)

    def test_what_is_recommended_stands_in_the_documents(self) -> None:
        page = (paths.ROOT / "docs" / "envoy.md").read_text()
        made = envoys.recommended(self.BASE, 3)
        common = envoys.manager(made)["access_log"][0]["typed_config"]["common_config"]
        http2 = envoys.side_http2(made)
        patterns = envoys.capture(made)["forward_rules"]["disallowed_headers"]["patterns"]
        told = (
            f"response_attributes: [{', '.join(envoys.capture(made)['response_attributes'])}]",
            "patterns: [" + ", ".join(f"{{exact: {one['exact']}}}" for one in patterns) + "]",
            f"buffer_size_bytes: {common['buffer_size_bytes']} ",
            f"max_concurrent_streams: {http2['max_concurrent_streams']},",
            "interval: 10s, timeout: 5s",
            "grpc_side_stream_flow_control: false",
        )
        for words in told:
            self.assertIn(words, page)

    def test_the_capture_filter_stands_before_the_router_and_behind_the_ids(self) -> None:
        names = [one["name"] for one in envoys.manager(envoys.recommended(self.BASE, 3))["http_filters"]]
        self.assertEqual(names, ["loopgate.id", "loopgate.capture", "envoy.filters.http.router"])

    def test_a_synchronous_one_is_no_observer(self) -> None:
        self.assertNotIn("observability_mode", envoys.capture(envoys.recommended(self.BASE, 3, synchronous=True)))
        self.assertTrue(envoys.capture(envoys.recommended(self.BASE, 3))["observability_mode"])

    def test_every_mode_has_a_key_of_its_own_and_a_title(self) -> None:
        keys = [mode.key for mode in modes.MODES]
        changes = {one.key for one in (*envoys.SMALL_CHANGES, *envoys.LARGE_CHANGES)}
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual(set(keys) - changes, set(modes_report.TITLES))


class ReportTest(unittest.TestCase):
    def content(self, lost: dict[str, str]) -> dict:
        samples = [*RatiosTest.SAMPLES[:5], _sample("no-log", {"envoy": 100.0, "gateway": 45.0})]
        for one in samples:
            one.void = lost.get(one.peer, "")
        sent = dict.fromkeys((one.peer for one in samples), 1234)
        return modes_figures.as_json(samples, sent, lost, {"cpu": "a cpu"})

    def test_a_mode_has_its_parts(self) -> None:
        (line,) = [one for one in modes_report.modes(self.content({}), "small") if "as recommended" in one]
        cells = [cell.strip() for cell in line.split("|")]
        self.assertEqual(cells[3:6], ["120", "60", "10"])
        self.assertEqual(cells[-2], "1,234 of 1,234")

    def test_what_has_lost_an_entry_has_no_figure(self) -> None:
        content = self.content({"recommended": "missing=1", "proxy": ""})
        (line,) = [one for one in modes_report.modes(content, "small") if "as recommended" in one]
        self.assertIn("| - | - | - | - | - | - | - | **void**: missing=1 |", line)
        self.assertEqual(modes_report.changes(content, "small"), [])
        self.assertNotIn("small/recommended/envoy", content["ratios"])

    def test_a_change_says_what_it_saves_and_what_it_costs(self) -> None:
        (line,) = [one for one in modes_report.changes(self.content({}), "small") if "no access log" in one]
        self.assertIn("| +20.0 | +15.0 | how cut exchanges ended", line)

    def test_the_sink_is_judged_by_its_bar(self) -> None:
        lines = [one for one in modes_report.compared(self.content({})) if "| 2 | 1 |" in one]
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(line.endswith("| met |") for line in lines))

    def test_the_headline_has_a_line_for_each_mode_though_it_was_not_measured(self) -> None:
        lines = modes_report.headline(self.content({})).splitlines()
        self.assertEqual(len([one for one in lines if one.startswith("|")]), 2 + len(modes_report.HEADLINE))

    def test_only_what_stands_between_the_marks_is_replaced(self) -> None:
        page = f"mine\n{modes_report.BEGIN}\nold\n{modes_report.END}\nmine too\n"
        once = modes_report.into(page, "new")
        self.assertEqual(once, f"mine\n{modes_report.BEGIN}\n\nnew\n{modes_report.END}\nmine too\n")
        self.assertEqual(modes_report.into(once, "new"), once)
        for broken in ("no marks", modes_report.BEGIN, modes_report.END, page + page):
            with self.assertRaises(Problem):
                modes_report.into(broken, "new")

    def test_the_pages_have_their_marks(self) -> None:
        for page in (modes.PAGE, modes.HEADLINE):
            modes_report.into(page.read_text(), "")
