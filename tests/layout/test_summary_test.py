#!/usr/bin/env python3
"""Holds the closing line of scripts/test to what CTest reports: nothing that did not pass may look as if it had."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SUMMARY = Path(__file__).parents[2] / "scripts" / "test_summary.py"


def case(name, status, inside=""):
    return f'<testcase name="{name}" status="{status}">{inside}<system-out>all of this suite skipped: no samples</system-out></testcase>'


PASSED = case("a.ok", "run")
FAILED = case("a.bad", "fail", '<failure message=""/>')
SKIPPED = case("a.samples", "notrun", '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>')
MISSING = case("a.missing", "notrun", '<skipped message="Unable to find executable"/>')
DISABLED = case("a.off", "disabled")


class ClosingLine(unittest.TestCase):
    def total(self, runs, broken=""):
        with tempfile.TemporaryDirectory() as folder:
            for name, cases in runs.items():
                (Path(folder) / f"{name}.xml").write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            if broken:
                (Path(folder) / "broken").write_text(broken)
            done = subprocess.run([sys.executable, str(SUMMARY), "--total", folder], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout.splitlines()

    def test_it_adds_up_all_presets(self):
        self.assertEqual(self.total({"dev": [PASSED, PASSED, SKIPPED], "asan": [PASSED, DISABLED]}), (0, ["3 passed, 0 failed, 2 skipped"]))

    def test_a_failure_anywhere_fails_the_run(self):
        self.assertEqual(self.total({"dev": [PASSED], "asan": [FAILED]}), (1, ["1 passed, 1 failed, 0 skipped"]))

    def test_a_test_without_its_program_is_a_failure_not_a_skip(self):
        self.assertEqual(self.total({"dev": [PASSED, MISSING]}), (1, ["1 passed, 1 failed, 0 skipped"]))

    def test_a_broken_step_is_a_failure_and_is_named(self):
        status, lines = self.total({"dev": [PASSED]}, "asan: build\n")
        self.assertEqual((status, lines), (1, ["test: FAILED: asan: build", "1 passed, 1 failed, 0 skipped"]))

    def test_a_run_of_nothing_is_no_success(self):
        self.assertEqual(self.total({}), (1, ["0 passed, 0 failed, 0 skipped"]))
        self.assertEqual(self.total({"dev": [SKIPPED]})[0], 1)

    def test_a_preset_names_what_failed_and_why_something_was_skipped(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(f"<testsuite>{PASSED}{FAILED}{SKIPPED}</testsuite>")
            file.flush()
            said = subprocess.run([sys.executable, str(SUMMARY), "--preset", "dev", file.name], capture_output=True, text=True, check=True)
        self.assertIn("--- dev: a.bad FAILED", said.stdout)
        self.assertIn("test: dev: a.samples: all of this suite skipped: no samples", said.stdout)
        self.assertTrue(said.stdout.endswith("test: dev: 1 passed, 1 failed, 1 skipped\n"))


if __name__ == "__main__":
    unittest.main()
