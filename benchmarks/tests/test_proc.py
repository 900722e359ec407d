"""What is read out of /proc."""

import os
import pathlib
import resource
import subprocess
import time
import unittest

from harness import machine, measure, proc

LINE = (
    "4242 (C2 Compiler) Thr) S 17 4242 1 0 -1 {flags} 100 0 0 0 150 50 30 20 20 0 12 0 9999 1 2 3"
)


def _stat(pid: int, parent: int, own: float, kernel: bool = False) -> proc.Stat:
    return proc.Stat(pid, "x", parent, kernel, own, 0.0)


def _look(seconds: float, busy: float, stolen: float, *stats: proc.Stat) -> proc.Snapshot:
    cores = {0: proc.Core(busy, stolen), 1: proc.Core(0.0, 0.0)}
    return proc.Snapshot(seconds, cores, {stat.pid: stat for stat in stats})


class StatTest(unittest.TestCase):
    def test_a_name_may_hold_blanks_and_brackets(self) -> None:
        found = proc.parse_stat(LINE.format(flags=4194304))
        self.assertEqual((found.pid, found.name, found.parent), (4242, "C2 Compiler) Thr", 17))
        self.assertAlmostEqual(found.own, 200 / proc.TICKS)
        self.assertAlmostEqual(found.children, 50 / proc.TICKS)
        self.assertFalse(found.is_kernel)

    def test_kernel_threads_are_told_by_their_flag(self) -> None:
        self.assertTrue(proc.parse_stat(LINE.format(flags=0x00200040)).is_kernel)

    def test_cores_are_read_and_their_sum_is_not_a_core(self) -> None:
        text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 1 50 7 8 2 3 40 0 0\ncpu1 0 0 0 9 0 0 0 0 0 0\nintr 5\n"
        cores = proc.parse_cores(text)
        self.assertEqual(set(cores), {0, 1})
        self.assertAlmostEqual(cores[0].busy, 156 / proc.TICKS)
        self.assertAlmostEqual(cores[0].stolen, 40 / proc.TICKS)

    def test_threads_belong_to_parts(self) -> None:
        names = {
            "proxy-loop-0": "event loop",
            "envoy-loop-1": "event loop",
            "spool-writer": "spool writer",
            "shipper": "shipper",
            "VM Thread": "GC",
            "C1 CompilerThre": "JIT",
            "C2 CompilerThre": "JIT",
            "proxy-accept-0": "others",
            "main": "others",
        }
        self.assertEqual({name: proc.part_of(name) for name in names}, names)

    def test_a_tree_is_a_process_and_all_below_it(self) -> None:
        look = _look(0, 0, 0, _stat(10, 1, 1.0), _stat(11, 10, 2.0), _stat(12, 11, 4.0), _stat(20, 1, 8.0))
        self.assertEqual(look.tree(10), 7.0)
        self.assertEqual(look.tree(11), 6.0)

    def test_a_real_child_that_was_busy_is_seen_after_it_has_ended(self) -> None:
        before, spent = proc.snapshot(0).tree(os.getpid()), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["sh", "-c", "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"], check=True)
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent.ru_utime
        self.assertGreater(proc.snapshot(0).tree(os.getpid()) - before, 0.8 * child)

    def test_our_own_threads_add_up_to_our_process(self) -> None:
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass
        whole = proc.parse_stat(pathlib.Path(f"/proc/{os.getpid()}/stat").read_text()).own
        self.assertAlmostEqual(sum(proc.thread_times(os.getpid()).values()), whole, delta=0.05)


class MemoryTest(unittest.TestCase):
    TEXT = (
        "7f00-7f10 rw-s 00000000 00:19 5   /dev/shm/loopgate-ab/ring\n"
        "Size: 65536 kB\nRss:  60000 kB\nPss: 60000 kB\n"
        "5600-5700 rw-p 00000000 00:00 0   [heap]\nSize: 9 kB\nRss: 1000 kB\nVmFlags: rd\n"
    )

    def test_the_ring_is_listed_apart(self) -> None:
        found = proc.parse_smaps(self.TEXT, "/dev/shm/")
        self.assertEqual((found.total, found.ring), (61000 * 1024, 60000 * 1024))

    def test_without_a_ring_there_is_only_the_sum(self) -> None:
        self.assertEqual(proc.parse_smaps(self.TEXT, ""), proc.Resident(61000 * 1024, 0))


class NoiseTest(unittest.TestCase):
    def test_others_are_what_neither_we_nor_the_kernel_took(self) -> None:
        before = _look(0, 0, 0, _stat(5, 1, 0.0), _stat(2, 0, 0.0, True))
        after = _look(10, 9.0, 0.1, _stat(5, 1, 6.0), _stat(2, 0, 1.0, True))
        others, stolen = measure.noise(before, after, 5)
        self.assertAlmostEqual(others, 0.2)
        self.assertAlmostEqual(stolen, 0.01)

    def test_a_sample_is_void_beyond_the_limits_and_says_why(self) -> None:
        self.assertEqual(measure.void_by_noise(0.15, 0.05), "")
        self.assertIn("other processes", measure.void_by_noise(0.16, 0.0))
        self.assertIn("stole", measure.void_by_noise(0.0, 0.06))


class DiskTest(unittest.TestCase):
    def test_the_device_is_found_by_its_numbers(self) -> None:
        text = " 254 0 vda 10 0 20 30 40 50 2048 70 0 80 90\n 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n"
        self.assertEqual(machine.parse_diskstats(text, 254, 0), 2048 * 512)
        self.assertEqual(machine.parse_diskstats(text, 9, 9), 0)
