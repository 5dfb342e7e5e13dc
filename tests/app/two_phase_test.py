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

COUNT = 5
DEBTORS = "debtor_id,name,country,region,language,email,phone\n" + "".join(
    f"D-{i},Debtor {i},FR,FR,en,draft@d{i}.example,\n" for i in range(COUNT))
INVOICES = "debtor_id,invoice_number,issue_date,due_date,amount,currency\n" + "".join(
    f"D-{i},F-{i},2026-02-01,2026-02-27,120.00,EUR\n" for i in range(COUNT))


class TwoPhaseTest(unittest.TestCase):
    def released(self, world):
        log = world.folder / "sent"
        return log.read_text().split() if log.exists() else []

    def die_at(self, point):
        """A world whose daemon died there, was started again and has come to rest."""
        world = World(placement="child")
        self.addCleanup(world.close)
        os.environ["RELANCE_CRASH_POINT"] = point
        try:
            world.start_on_test_clock()
        finally:
            del os.environ["RELANCE_CRASH_POINT"]
        world.ctl("import", "debtors", world.write("debtors.csv", DEBTORS))
        world.ctl("import", "invoices", world.write("invoices.csv", INVOICES))
        world.ctl("onboard", "--skip-older-than", "900d")
        try:
            world.ctl("clock", "advance", "5d", "--settle")
        except AssertionError:
            pass  # it died under the command
        self.assertEqual(world.daemon.wait(PATIENCE), -signal.SIGKILL)
        world.start("--test-clock")
        world.ctl("clock", "advance", "5d", "--settle")
        return world

    def expect_all_released_once(self, world):
        released = self.released(world)
        self.assertEqual(len(released), COUNT, released)
        self.assertEqual(len(set(released)), COUNT, released)
        counts = world.ask("status")["store"]
        self.assertEqual((counts["sent"], counts["in_doubt"], counts["reminders"]), (COUNT, 0, COUNT))

    def test_a_draft_that_is_on_record_is_committed_after_the_restart(self):
        self.expect_all_released_once(self.die_at("outcome_recorded"))

    def test_a_commit_without_outcome_is_repeated_after_the_restart(self):
        # The first pass is of drafts, and there is a second one: of commits, or of drafts that came apart.
        self.expect_all_released_once(self.die_at("outcome_taken:2"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
