#!/usr/bin/env python3
"""Evidence as an operator meets it: a real relanced, a real time-stamping authority (openssl ts) over HTTP, relancectl."""
import hashlib
import json
import os
import random
import subprocess
import sys
import time
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "app"))
from authority import Authority  # noqa: E402
from daemon_world import BUILD, World  # noqa: E402

SETTINGS = """[evidence]
certificate = "{folder}/creditor.pem"
key = {{ file = "{folder}/creditor.key" }}
"""


class ExportTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.authority = Authority(self.world.folder / "authority")
        self.addCleanup(self.authority.close)
        self.ca = self.authority.folder / "ca.pem"
        self.out = self.world.folder / "out.asice"

    def open(self, settings=""):
        """A daemon with these settings of [evidence], and one reminder sent to D-1 about F-1."""
        self.world.edit("relanced.toml", "[limits]", settings + "[limits]")
        self.world.start_on_test_clock()
        self.world.import_ledger()
        self.world.ctl("onboard", "--skip-older-than", "900d")
        self.world.ctl("clock", "advance", "7d", "--settle")
        self.assertEqual(self.world.ask("reminders", "--debtor", "D-1")["reminders"][0]["state"], "sent")

    def signed(self, more=""):
        return SETTINGS.format(folder=self.authority.folder) + more

    def stamped(self, path="/tsr", more=""):
        return self.signed(f'tsa = "{self.authority.url(path)}"\ntsa_ca = "{self.ca}"\n' + more)

    def export(self, *words, code=0):
        return self.world.ctl("evidence", "export", "F-1", "--output", self.out, *words, code=code)

    def verify(self, *words, code=0, file=None):
        """Without any daemon."""
        done = subprocess.run([BUILD / "bin/relancectl", "--socket", "/nonexistent", "evidence", "verify", file or self.out, "--json",
                               *map(str, words)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_an_export_is_signed_time_stamped_and_believed_by_other_programs(self):
        self.open(self.stamped())
        self.assertIn("bytes", self.export())
        found = self.verify("--trust", self.ca)
        self.assertEqual((found["finding"], found["invoice"], found["signed_by"]), ("right", "F-1", "CN=creditor"))
        self.assertTrue({"container", "manifest", "signature", "signer", "time-stamp", "authority", "journal", "documents"}
                        <= {check["what"] for check in found["checks"]}, found)
        folder = self.world.folder / "unpacked"
        subprocess.run(["unzip", "-q", self.out, "-d", folder], check=True)
        self.authority.openssl("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in",
                               folder / "META-INF/signature001.p7s", "-content", folder / "META-INF/ASiCManifest001.xml",
                               "-CAfile", "ca.pem", "-purpose", "any", "-out", os.devnull)
        summary = json.loads((folder / "summary.json").read_text())
        attempt = summary["reminders"][0]["attempts"][0]
        self.assertEqual((attempt["address"], attempt["state"]), ("accept@one.example", "accepted"))
        words = (folder / summary["files"][0]["entry"]).read_bytes()
        self.assertIn("F-1: €120.00", words.decode())
        self.assertEqual(hashlib.sha256(words).hexdigest(), attempt["parts"][0]["sha256"])
        page = (folder / "index.html").read_text()
        self.assertIn("accept@one.example", page)
        self.assertNotIn("<script", page)
        self.assertIn("is there already", (self.export(code=1), self.world.errors)[1])

    def test_flipped_bits_of_the_file_are_found(self):
        self.open(self.stamped())
        self.export()
        whole = bytearray(self.out.read_bytes())
        rng = random.Random(20261122)
        for _ in range(60):
            at, bit = rng.randrange(len(whole)), rng.randrange(8)
            whole[at] ^= 1 << bit
            self.out.write_bytes(whole)
            self.assertEqual(self.verify("--trust", self.ca, "--untrusted-ok", code=1)["finding"], "wrong", (at, bit))
            whole[at] ^= 1 << bit

    def test_without_a_key_it_is_refused_or_unsigned_by_name(self):
        self.open()
        self.export(code=1)
        self.assertIn("[evidence]", self.world.errors)
        self.assertIn("--unsigned", self.world.errors)
        self.assertFalse(self.out.exists())
        self.assertIn("nobody signed it", self.export("--unsigned"))
        self.assertEqual(self.verify(code=1)["finding"], "open")
        self.assertEqual(self.verify("--untrusted-ok")["finding"], "open")
        self.assertIsNone(zipfile.ZipFile(self.out).testzip())
        self.world.ctl("evidence", "export", "F-9", "--unsigned", "--output", self.world.folder / "f9", code=1)
        self.assertIn("there is no invoice F-9", self.world.errors)
        self.assertFalse((self.world.folder / "f9").exists())
        self.assertFalse((self.world.folder / "f9.part").exists())

    def test_a_strangers_signature_is_only_whole_until_it_is_trusted(self):
        self.open(self.signed())
        self.export()
        self.assertEqual(self.verify(code=1)["finding"], "open")
        self.assertEqual(self.verify("--trust", self.ca)["finding"], "right")
        other = Authority(self.world.folder / "other")
        self.addCleanup(other.close)
        self.assertEqual(self.verify("--trust", other.folder / "ca.pem", "--untrusted-ok", code=1)["finding"], "wrong")

    def test_an_authority_that_fails_in_any_way_stops_the_export_and_says_how(self):
        self.open(self.stamped(more='tsa_timeout = "500ms"\n'))
        for path, words in {"/replay": "nonce", "/other-bytes": "other bytes", "/html": "something else", "/error": "500",
                            "/slow": "timed out", "/expired": "expired"}.items():
            with self.subTest(path):
                self.world.edit("relanced.toml", self.authority.url("/tsr"), self.authority.url(path))
                self.world.ctl("reload")
                self.export(code=1)
                self.assertIn(words, self.world.errors.lower())
                self.assertIn(self.authority.url(path), self.world.errors)
                self.assertFalse(self.out.exists())
                self.world.edit("relanced.toml", self.authority.url(path), self.authority.url("/tsr"))

    def test_going_on_without_an_authority_is_said_aloud_and_in_the_container(self):
        self.open(self.stamped(more='without_tsa = "go_on"\n').replace(self.authority.url(), "http://127.0.0.1:1/tsr"))
        self.assertIn("127.0.0.1:1", json.loads(self.export("--json"))["warning"])
        self.assertIn("without a time-stamp", self.world.errors)
        self.assertIn("EVIDENCE_NOT_STAMPED", self.world.logged())
        found = self.verify("--trust", self.ca)
        self.assertEqual(found["finding"], "right")
        self.assertIn("127.0.0.1:1", next(check["words"] for check in found["checks"] if check["what"] == "time-stamp"))

    def test_days_are_sealed_and_time_stamped_as_they_end_and_vouch_for_the_journal(self):
        self.open(self.stamped())
        self.assertNotEqual(self.world.ask("evidence", "list", "F-1")["sealed_day"], None)
        self.assertGreater(self.world.ask("journal", "verify")["days_sealed"], 0)
        self.await_log("JOURNAL_DAY_STAMPED", "2026-03-08")
        self.export()
        found = self.verify("--trust", self.ca)
        self.assertEqual(found["finding"], "right", found)
        sealed = next(check["words"] for check in found["checks"] if check["what"] == "sealed day")
        self.assertIn("by CN=tsa", sealed)

    def test_seals_wait_for_an_authority_that_is_away(self):
        self.open(self.stamped("/error", more='without_tsa = "go_on"\n'))
        self.await_log("JOURNAL_DAY_NOT_STAMPED", "500")
        self.export()
        words = {check["what"]: check["words"] for check in self.verify("--trust", self.ca)["checks"]}
        self.assertIn("nobody time-stamped", words["sealed day"])
        self.world.stop()
        self.world.edit("relanced.toml", self.authority.url("/error"), self.authority.url("/tsr"))
        self.world.start("--test-clock")
        self.await_log("JOURNAL_DAY_STAMPED", "2026-03-")

    def await_log(self, message, text):
        deadline = time.monotonic() + 30
        while not any(message in line and text in line for line in self.world.logged().splitlines()):
            self.assertLess(time.monotonic(), deadline, self.world.logged())
            time.sleep(0.02)

    def test_documents_are_listed_and_shown_by_their_hash(self):
        self.open()
        files = self.world.ask("evidence", "list", "F-1")["files"]
        self.assertEqual([file["origin"] for file in files], ["message"])
        shown = self.world.ctl("evidence", "show", files[0]["sha256"])
        self.assertEqual(hashlib.sha256(shown.encode()).hexdigest(), files[0]["sha256"])
        self.world.ctl("evidence", "show", files[0]["sha256"], "--output", self.out)
        self.assertEqual(self.out.read_text(), shown)
        self.assertIn(files[0]["sha256"], self.world.ctl("evidence", "list", "F-1"))
        self.world.ctl("evidence", "show", "0" * 64, code=1)
        self.world.ctl("evidence", "show", "nothing", code=1)
        self.world.ctl("evidence", "list", "F-9", code=1)

    def test_an_expired_key_is_refused_with_what_to_do(self):
        self.authority.issue("late", "signer", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
        self.open(self.signed().replace("creditor.", "late."))
        self.export(code=1)
        self.assertIn("expired: renew it", self.world.errors)

    def test_settings_that_do_not_fit_are_refused_with_their_place(self):
        folder = self.authority.folder
        for settings, words in {
            f'certificate = "{folder}/creditor.pem"\n': "go together",
            f'certificate = "{folder}/nothing.pem"\n': "there is no file",
            'key = "-----BEGIN"\n': "is a secret",
            'tsa = "ftp://x"\n': "this is no authority",
            'tsa = "http://x"\n': "tsa_ca",
            'without_tsa = "maybe"\n': "without_tsa",
        }.items():
            with self.subTest(settings):
                self.world.edit("relanced.toml", "[limits]", "[evidence]\n" + settings + "[limits]")
                code, said = self.world.run_daemon("--check-config")
                self.assertEqual(code, 78, said)
                self.assertRegex(said, r"relanced.toml:\d+:\d+: error: .*" + words)
                self.world.edit("relanced.toml", "[evidence]\n" + settings + "[limits]", "[limits]")


if __name__ == "__main__":
    unittest.main()
