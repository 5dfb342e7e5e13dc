#!/usr/bin/env python3
"""A provider that takes a draft first: `kill -9` between the two phases, and between the second and its outcome. The peer
releases each draft once, however often it is told to."""
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import PATIENCE, World  # noqa: E402

DEBTORS = "debtor_id,name,country,region,language,email,phone\n"
INVOICES = "debtor_id,invoice_number,issue_date,due_date,amount,currency\n"


class TwoPhaseTest(unittest.TestCase):
    def released(self, world):
        log = world.folder / "peer/sent"
        return log.read_text().split() if log.exists() else []

    def die_at(self, point, count=1):
        """A world whose daemon died there, was started again and has come to rest."""
        world = World(placement="child")
        self.addCleanup(world.close)
        os.environ["RELANCE_CRASH_POINT"] = point
        try:
            world.start_on_test_clock()
        finally:
            del os.environ["RELANCE_CRASH_POINT"]
        world.ctl("import", "debtors", world.write("debtors.csv", DEBTORS + "".join(
            f"D-{i},Debtor {i},FR,FR,en,draft@d{i}.example,\n" for i in range(count))))
        world.ctl("import", "invoices", world.write("invoices.csv", INVOICES + "".join(
            f"D-{i},F-{i},2026-02-01,2026-02-27,120.00,EUR\n" for i in range(count))))
        world.ctl("onboard", "--skip-older-than", "900d")
        try:
            world.ctl("clock", "advance", "5d", "--settle")
        except AssertionError:
            pass  # it died under the command
        self.assertEqual(world.daemon.wait(PATIENCE), -signal.SIGKILL)
        world.start("--test-clock")
        world.ctl("clock", "advance", "5d", "--settle")
        return world

    def expect_released_once(self, world):
        self.assertEqual(len(self.released(world)), 1)
        counts = world.ask("status")["store"]
        self.assertEqual((counts["sent"], counts["in_doubt"], counts["reminders"]), (1, 0, 1))

    def test_a_draft_that_is_on_record_is_committed_after_the_restart(self):
        self.expect_released_once(self.die_at("outcome_recorded"))

    def test_a_commit_without_outcome_is_repeated_after_the_restart(self):
        self.expect_released_once(self.die_at("outcome_taken:2"))

    def test_of_drafts_that_came_apart_each_is_released_once_or_in_doubt(self):
        """Their outcomes come in one or in several passes; what was not on record yet nobody knows."""
        for point in ("outcome_taken", "outcome_recorded", "outcome_taken:2"):
            with self.subTest(point=point):
                world = self.die_at(point, count=5)
                released = self.released(world)
                counts = world.ask("status")["store"]
                self.assertEqual(len(set(released)), len(released), released)
                self.assertEqual(counts["sent"], len(released))
                self.assertEqual(counts["sent"] + counts["in_doubt"], 5)
                self.assertEqual((counts["attempts_open"], counts["reminders"]), (0, 5))


if __name__ == "__main__":
    unittest.main(verbosity=2)
