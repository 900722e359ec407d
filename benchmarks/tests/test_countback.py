"""What is missing is missed."""

import json
import pathlib
import tempfile
import unittest

from harness import countback, target, vegeta
from harness.problems import Lost


def _files(root: pathlib.Path, stream: str, ids: list[str], **more: object) -> None:
    folder = root / stream / "m" / "1" / "year=2026" / "month=01" / "day=01"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"request_id": name, **more}) for name in ids]
    with open(folder / f"20260101{len(list(folder.iterdir())):02}_0.json", "w") as file:
        file.write("".join(line + "\n" for line in lines))


class CountBackTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def fill(self, requests: list[str], responses: list[str]) -> None:
        _files(self.root, "request_response", requests)
        _files(self.root, "response_body", responses)

    def test_all_there_is_good(self) -> None:
        self.fill(["a", "b"], ["b", "a"])
        _files(self.root, "request_response", ["c"])
        _files(self.root, "response_body", ["c"])
        countback.check_predictions(countback.read(self.root), 3)

    def test_one_missing_in_one_stream_fails(self) -> None:
        self.fill(["a", "b"], ["a"])
        with self.assertRaisesRegex(Lost, "response_body: sent=2.*missing=1"):
            countback.check_predictions(countback.read(self.root), 2)

    def test_one_twice_does_not_stand_for_another(self) -> None:
        self.fill(["a", "a"], ["a", "b"])
        with self.assertRaisesRegex(Lost, "different ids=1"):
            countback.check_predictions(countback.read(self.root), 2)

    def test_one_kept_twice_fails_though_all_are_there(self) -> None:
        self.fill(["a", "b", "b"], ["a", "b"])
        with self.assertRaisesRegex(Lost, "records=3, different ids=2"):
            countback.check_predictions(countback.read(self.root), 2)

    def test_more_than_was_sent_fails_too(self) -> None:
        self.fill(["a", "b"], ["a", "b"])
        with self.assertRaises(Lost):
            countback.check_predictions(countback.read(self.root), 1)

    def test_streams_that_hold_different_ids_fail(self) -> None:
        self.fill(["a", "b"], ["a", "c"])
        with self.assertRaisesRegex(Lost, "same ids"):
            countback.check_predictions(countback.read(self.root), 2)

    def test_what_the_ledger_has_dropped_is_not_missed_but_no_more(self) -> None:
        self.fill(["a"], ["a"])
        countback.check_predictions(countback.read(self.root), 3, dropped=2)
        with self.assertRaises(Lost):
            countback.check_predictions(countback.read(self.root), 3, dropped=1)

    def test_half_a_line_is_not_there(self) -> None:
        self.fill(["a"], ["a"])
        file = next(self.root.glob("response_body/**/*.json"))
        file.write_text(file.read_text()[:-4])
        with self.assertRaises(Lost):
            countback.check_predictions(countback.read(self.root), 1)

    def test_the_planted_loss_is_missed(self) -> None:
        self.fill(["a", "b"], ["a", "b"])
        found = countback.read(self.root, through=countback.without_first)
        with self.assertRaises(Lost):
            countback.check_predictions(found, 2)

    def test_bodies_kept_in_part_are_counted(self) -> None:
        _files(self.root, "request_response", ["a"], truncated=True)
        found = countback.read(self.root, ["request_response"])
        self.assertEqual(found["request_response"].cut, 1)

    def test_feedback_is_counted_by_records(self) -> None:
        _files(self.root, "feedback", ["f", "f", "f"])
        found = countback.read(self.root, ["feedback"])["feedback"]
        countback.check_records(found, "feedback", 3)
        with self.assertRaises(Lost):
            countback.check_records(found, "feedback", 4)

    def test_a_target_misses_what_was_answered_and_is_not_there(self) -> None:
        self.fill(["a", "b"], ["a"])
        found = countback.read(self.root)
        self.assertEqual(target.missing_ids({"a", "b"}, found, "request_response"), set())
        self.assertEqual(target.missing_ids({"a", "b"}, found, "response_body"), {"b"})


class VegetaTest(unittest.TestCase):
    def row(self, number: int, began: int, took: int, status: int = 200) -> list[str]:
        header = "UmVxdWVzdC1JZDogeC03DQo="  # Request-Id: x-7
        return [str(began), str(status), str(took), "1", "1", "", "", "", str(number), "POST", "u", header]

    def test_a_request_counts_from_when_it_was_due(self) -> None:
        # 100/s; the third was sent 30 ms late.
        base, ms = 1_000_000_000, 1_000_000
        rows = [self.row(0, base, ms), self.row(2, base + 50 * ms, ms), self.row(1, base + 10 * ms, ms)]
        attack = vegeta.parse(rows, 100)
        for found, due in zip(attack.latencies(), (0.001, 0.001, 0.031), strict=True):
            self.assertAlmostEqual(found, due, places=6)
        self.assertAlmostEqual(attack.service_p99(), 0.001, places=6)
        self.assertEqual({hit.request_id for hit in attack.hits}, {"x-7"})

    def test_what_was_not_answered_well_has_failed(self) -> None:
        rows = [self.row(0, 0, 5), self.row(1, 10_000_000, 5, 503), self.row(2, 20_000_000, 5, 0)]
        self.assertEqual(vegeta.parse(rows, 100).failed(), 2)

    def test_only_what_was_due_in_the_window_is_looked_at(self) -> None:
        rows = [self.row(number, number * 10_000_000, 1000 * (number + 1)) for number in range(10)]
        whole = vegeta.parse(rows, 100)
        part = vegeta.Attack(whole.hits, (0.02, 0.04))
        self.assertEqual((len(whole.latencies()), len(part.latencies())), (10, 2))

    def test_every_target_has_an_id_of_its_own(self) -> None:
        shot = vegeta.Shot("http://h/", pathlib.Path("b"), 10, 1.0, ("A: b:c",), "run-")
        lines = [json.loads(line) for line in vegeta.targets(shot)]
        self.assertEqual(len({line["header"]["Request-Id"][0] for line in lines}), 10)
        self.assertEqual(lines[0]["header"]["A"], ["b:c"])
