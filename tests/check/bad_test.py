#!/usr/bin/env python3
"""Each fault of tests/plugins-bad is caught by the test that is named for it; the table is faults.inc.

    bad_test.py --table     prints what caught each, for a page
"""
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import kit

# These hang, on purpose: the kit's own time-out catches them.
IMPATIENT = {"never_returns": ["--timeout", "4"]}
TWO_PHASES = {"discard_forgets", "discard_boasts", "commit_too_late"}


def caught(fault):
    name, test, _ = fault
    profile = "drafts.json" if name in TWO_PHASES else "messages.json"
    found, tests = kit.report(kit.bad_plugin(name), "--only", test, "--jobs", "1", "--grace", "3", *IMPATIENT.get(name, []), profile=profile)
    return name, test, found, tests


class BadPlugins(unittest.TestCase):
    def test_there_are_enough_of_them_and_each_test_has_one(self):
        faults = kit.faults()
        self.assertGreaterEqual(len(faults), 25)
        _, listed = kit.run("--list", profile=None)
        names = {line.split()[0] for line in listed.splitlines()}
        self.assertEqual(names - {test for _, test, _ in faults}, set(), "tests that nothing shows to bite")
        self.assertEqual({test for _, test, _ in faults} - names, set(), "tests that do not exist")

    def test_each_is_caught_by_the_test_named_for_it(self):
        with ThreadPoolExecutor(max_workers=6) as workers:
            for name, test, found, tests in workers.map(caught, kit.faults()):
                with self.subTest(fault=name, test=test):
                    self.assertEqual(tests[test]["status"], "fail", tests[test])
                    self.assertEqual(found["exit"], 1)
                    for finding in tests[test]["findings"]:
                        self.assertTrue(finding["what"] and finding["fix"] and finding["rule"], finding)

    def test_a_whole_run_accuses_a_bad_plugin_of_its_fault_alone(self):
        for name in ("chatty", "swallows_retry_after"):
            with self.subTest(fault=name):
                found, tests = kit.report(kit.bad_plugin(name))
                failed = {test for test, one in tests.items() if one["status"] == "fail"}
                self.assertEqual(failed, {test for fault, test, _ in kit.faults() if fault == name}, kit.complaints(found))

    def test_the_good_plugin_they_are_made_from_passes_those_tests(self):
        found, tests = kit.report(kit.bad_plugin("none"))
        self.assertEqual(kit.complaints(found), "")
        skipped = {name: one["why"] for name, one in tests.items() if one["status"] == "skipped"}
        self.assertEqual(set(skipped), {"commit.repeat", "evidence.ends"}, skipped)
        found, tests = kit.report(kit.bad_plugin("none"), "--only", "commit.repeat", "provider.accepted", "tokens.once",
                                  profile="drafts.json")
        self.assertEqual(kit.complaints(found), "")
        self.assertEqual(tests["commit.repeat"]["status"], "pass")


def print_table():
    print("| plugin | what it does | caught by | as |\n|---|---|---|---|")
    whats = {name: what for name, _, what in kit.faults()}
    for fault in kit.faults():
        name, test, _, tests = caught(fault)
        said = tests[test]["findings"][0]["what"] if tests[test]["findings"] else "NOT CAUGHT"
        print(f"| bad_{name} | {whats[name]} | {test} | {said[:150].replace('|', '/')} |")


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print_table()
    else:
        unittest.main()
