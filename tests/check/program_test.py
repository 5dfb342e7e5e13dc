#!/usr/bin/env python3
"""relance-check as a program: exit status, selection, reports, repeatable chance; and its page in the manual."""
import json
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import kit

PAGE = kit.HERE.parents[1] / "docs/for-plugin-authors/relance-check.md"


class Program(unittest.TestCase):
    def usage(self, *arguments):
        done = subprocess.run([kit.PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done)
        return done.stderr

    def test_wrong_usage_is_exit_2_and_says_what_is_wrong(self):
        good = kit.bad_plugin("none")
        self.assertIn("name a plugin", self.usage())
        self.assertIn("cannot be read", self.usage("/nowhere/plugin.so"))
        self.assertIn("no test lifecycle.nothing", self.usage(good, "--only", "lifecycle.nothing"))
        self.assertIn("no driver", self.usage(good, "--driver", "pigeon"))
        self.assertIn("no test nothing.", self.usage(good, "--only", "nothing."))
        self.assertIn("cannot be read", self.usage(good, "--settings", "/nowhere/settings.json"))
        with tempfile.TemporaryDirectory() as folder:
            settings = Path(folder) / "settings.json"
            settings.write_text("{bad")
            self.assertIn("is not JSON", self.usage(good, "--settings", settings))
            settings.write_text("[]")
            self.assertIn("are a JSON object", self.usage(good, "--settings", settings))
            profile = Path(folder) / "profile.json"
            profile.write_text('{"mesage": {}}')
            self.assertIn("/mesage is no key of a profile", self.usage(good, "--profile", profile))
            profile.write_text('{"message": {"subject": 7}}')
            self.assertIn("/message/subject is no text", self.usage(good, "--profile", profile))

    def test_a_call_that_waits_beyond_not_after_is_seen(self):
        _, tests = kit.report(kit.BUILD / "plugins-bad/forgets_not_after.so", "--only", "deadline.past", profile=None)
        self.assertIn("waited for a connection", tests["deadline.past"]["findings"][0]["what"])

    def test_a_hint_is_said_once(self):
        _, text = kit.run(kit.bad_plugin("ends_twice"), "--only", "tokens.", "provider.accepted", "--jobs", "1")
        hints = [line.strip() for line in text.splitlines() if line.startswith(" " * 10)]
        self.assertEqual(len([hint for hint in hints if "end each token in one place" in hint]), 1, text)
        self.assertTrue([hint for hint in hints if hint.startswith("as ")], text)

    def test_what_is_no_plugin_is_a_finding(self):
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            file.write(b"#!/bin/sh\n")
            file.flush()
            found, tests = kit.report(file.name, "--only", "elf.", "load.symbols", profile=None)
            self.assertEqual(found["exit"], 1)
            self.assertIn("is no 64-bit shared object", tests["elf.exports"]["findings"][0]["what"])
            self.assertIn("does not load", tests["load.symbols"]["findings"][0]["what"])

    def test_a_beginning_selects_all_that_begin_so(self):
        _, tests = kit.report(kit.bad_plugin("none"), "--only", "elf.", "load.entry")
        self.assertEqual(set(tests), {"elf.exports", "elf.nodelete", "elf.hardening", "elf.rpath", "load.entry"})

    def test_the_same_seed_gives_the_same_run(self):
        def refused(seed):
            _, tests = kit.report(kit.bad_plugin("none"), "--only", "settings.refusal", "--seed", str(seed))
            return tests["settings.refusal"]["notes"]
        self.assertEqual(refused(7), refused(7))
        self.assertNotEqual({tuple(refused(seed)) for seed in range(8)}, {tuple(refused(7))})

    def test_a_crash_says_where_and_how_to_see_it(self):
        status, text = kit.run(kit.bad_plugin("wake_crashes"), "--only", "wake.unasked")
        self.assertEqual(status, 1)
        self.assertIn("FAIL  wake.unasked", text)
        self.assertIn("while: wake()", text)
        again = re.search(r"relance-check (\S+ --here wake.unasked .*?) \[R5\]", text)
        self.assertTrue(again, text)
        done = subprocess.run([kit.PROGRAM, *again.group(1).split()], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, -6, done)

    def test_junit_holds_what_json_holds(self):
        with tempfile.TemporaryDirectory() as folder:
            junit = Path(folder) / "report.xml"
            found, tests = kit.report(kit.bad_plugin("chatty"), "--only", "log.bounded", "evidence.ends", "load.entry", "--junit", junit)
            suite = ElementTree.parse(junit).getroot()
            self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("skipped")), ("3", "1", "1"))
            failure = suite.find("testcase/failure")
            self.assertEqual(failure.get("message"), tests["log.bounded"]["findings"][0]["what"])
            self.assertEqual(found["failed"], 1)

    def test_a_profile_beside_the_plugin_is_found_and_may_excuse_a_test(self):
        with tempfile.TemporaryDirectory() as folder:
            plugin = Path(folder) / "plugin.so"
            plugin.write_bytes(kit.bad_plugin("chatty").read_bytes())
            profile = json.loads((kit.HERE / "messages.json").read_text())
            profile["not_applicable"] = {"log.bounded": "it is meant to talk"}
            (Path(folder) / "relance-check.json").write_text(json.dumps(profile))
            found, tests = kit.report(plugin, "--only", "log.bounded", profile=None)
            self.assertEqual((found["exit"], tests["log.bounded"]["status"]), (0, "skipped"))
            self.assertIn("it is meant to talk", tests["log.bounded"]["why"])

    def test_the_manual_explains_every_test_and_no_other(self):
        _, listed = kit.run("--list", profile=None)
        names = [line.split()[0] for line in listed.splitlines()]
        explained = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.M)
        self.assertEqual(explained, names)

    def test_the_manual_names_every_key_of_a_profile(self):
        source = (kit.HERE.parents[1] / "sdk/check/profile.cpp").read_text(encoding="utf-8")
        keys = set(re.findall(r'(?:\w+\.(?:text|texts|number|pairs|section|sections|find)|read_answer)\((?:\w+, )?"(\w+)"', source))
        text = PAGE.read_text(encoding="utf-8")
        self.assertGreater(len(keys), 30)
        self.assertEqual({key for key in keys if f"`{key}`" not in text}, set())


if __name__ == "__main__":
    unittest.main()
