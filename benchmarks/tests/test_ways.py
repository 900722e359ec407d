"""The rows of other protocols: what is sent, and that each is judged and shown."""

import unittest

from harness import bars, bodies, figures, report, rows, ways


class WaysTest(unittest.TestCase):
    def test_every_way_has_the_same_number_of_exchanges_in_flight(self) -> None:
        for way in (ways.PLAIN, *(way for way, _ in rows.PROTOCOLS.values())):
            self.assertEqual(way.connections * way.streams, 64, way.name)

    def test_h2load_is_told_what_to_speak(self) -> None:
        self.assertEqual(ways.PLAIN.of_h2load(), ["--h1"])
        self.assertEqual(ways.TLS.of_h2load(), ["--h1"])
        self.assertEqual(ways.H2.of_h2load(), ["-m", "8"])
        self.assertEqual(ways.TLS.scheme, "https")

    def test_an_answer_of_events_is_events_of_the_same_size(self) -> None:
        one = bodies.EVENTS
        size = len(one.down) // one.events
        self.assertEqual((len(one.down), one.events, size), (20_000, 200, 100))
        events = [one.down[at : at + size] for at in range(0, len(one.down), size)]
        self.assertTrue(all(event.startswith(b"data: ") and event.endswith(b"\n\n") for event in events))

    def test_a_call_is_one_message_of_the_small_row(self) -> None:
        self.assertEqual(bodies.CALL.up, b"\0\0\0\x01\x01" + bodies.SMALL.up)
        self.assertEqual(bodies.CALL.down, b"\0\0\0\0\x2d" + bodies.SMALL.down)
        self.assertEqual(bodies.CALL.path, "/inference.GRPCInferenceService/ModelInfer")

    def test_every_row_has_a_title_and_a_goal_for_each_peer(self) -> None:
        for row in rows.PROTOCOLS:
            self.assertIn(row, report.TITLES)
            for peer in figures.PROTOCOL_PEERS:
                self.assertIsNotNone(bars.goal(f"{row}/cpu/durable/{peer}"))
