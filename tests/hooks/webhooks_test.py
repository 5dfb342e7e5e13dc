#!/usr/bin/env python3
"""Webhooks against the real daemon, with the plugin in a child: what is genuine is stored before it is answered, what is not
is refused, and a plugin or a disk that is away loses nothing that was answered with 2xx."""
import contextlib
import hashlib
import os
import signal
import sqlite3
import sys
import threading
import time
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from hook_world import HOOKED, PATIENCE, SECRET, HookWorld, await_that, crash_at, signature  # noqa: E402


def stored_bytes(world):
    """Of every call on disk: (bytes, the hash that the journal names)."""
    with contextlib.closing(sqlite3.connect(f"file:{world.folder}/state/relance.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT bytes, hash FROM inbound").fetchall()


class GenuineTest(unittest.TestCase):
    """One daemon; each test its own reminder."""

    @classmethod
    def setUpClass(cls):
        cls.world = HookWorld()
        cls.addClassCleanup(cls.world.close)
        cls.world.start_on_test_clock()
        cls.number = 0

    def remind(self):
        type(self).number += 1
        return self.number, self.world.due_reminder(self.number)

    def test_a_genuine_webhook_moves_its_reminder(self):
        number, key = self.remind()
        self.assertEqual(self.world.post(f"{key} delivered"), 200)
        self.world.await_delivery("delivered", number)

    def test_the_plugin_knows_its_public_url_and_sees_what_was_signed(self):
        self.remind()
        sent = (self.world.folder / "peer/sent").read_text().splitlines()[-1]
        self.assertEqual(sent.split()[1], self.world.public + self.world.path)
        status, body, _ = self.world.call("", headers={"X-Do": "answer", "X-Two": "b"}, path=self.world.path + "?a=1&b=%20")
        self.assertEqual(status, 200)
        lines = body.decode().splitlines()
        self.assertEqual(lines[:3], ["POST", f"{self.world.public}{self.world.path}?a=1&b=%20", "127.0.0.1"])
        self.assertLess(abs(time.time() * 1000 - int(lines[3])), 60_000, "the time of its arrival")
        self.assertIn("x-two=b", lines)

    def test_order_and_repeats_change_nothing(self):
        number, key = self.remind()
        before = self.world.counts()["repeats"]
        for status in ("delivered", "interim", "delivered", "interim"):
            self.assertEqual(self.world.post(f"{key} {status}"), 200)
        self.world.await_delivery("delivered", number)
        self.world.ctl("clock", "advance", "1s", "--settle")
        self.assertEqual(self.world.delivery(number), ["delivered"])
        self.assertEqual(self.world.counts()["repeats"], before + 2)

    def test_a_receipt_before_its_message_waits_for_it(self):
        # The key of a message that is not sent yet is unknown to us as well: its receipt waits, and is told so.
        before = self.world.ask("status")["store"]["receipts_unmatched"]
        self.assertEqual(self.world.post("01NOBODYKNOWSTHISKEYYET00001 delivered"), 200)
        await_that("it waits", lambda: self.world.ask("status")["store"]["receipts_unmatched"] == before + 1)

    def test_a_forged_one_is_401_counted_sampled_and_not_stored(self):
        _, key = self.remind()
        stored, forged = len(self.world.inbound()), self.world.counts()["forged"]
        for headers in ({}, {"X-Signature": "00"}, {"X-Signature": signature(b"other"), "Authorization": "Bearer hush"}):
            self.assertEqual(self.world.post(f"{key} delivered", headers=headers, is_signed=False), 401)
        self.assertEqual(len(self.world.inbound()), stored)
        self.assertEqual(self.world.counts()["forged"], forged + 3)
        shown = self.world.ctl("providers", "hook", "hooked", "--json")
        self.assertIn("authorization", shown)
        self.assertNotIn("hush", shown + self.world.logged())
        for _ in range(40):
            self.world.post("x", is_signed=False)
        self.assertEqual(len(self.world.ask("providers", "hook", "hooked")["forged"]), 16)

    def test_a_challenge_is_answered_in_the_plugins_words_and_not_stored(self):
        stored = len(self.world.inbound())
        status, body, headers = self.world.call("", headers={"X-Do": "challenge", "X-Challenge": "abc"}, is_signed=False)
        self.assertEqual((status, body, headers["x-twice"]), (202, b"echo abc", "1"))
        self.assertNotIn("bad name", headers)
        self.assertEqual(headers["content-length"], "8")
        self.assertEqual(len(self.world.inbound()), stored)

    def test_of_a_poke_nothing_is_believed_but_its_source_is_read(self):
        number, key = self.remind()
        (self.world.folder / "peer/source").write_text(f"{key} failed")
        self.assertEqual(self.world.post(f"{key} delivered", headers={"X-Do": "poke"}, is_signed=False), 200)
        self.world.await_delivery("failed", number)
        self.assertEqual(self.world.inbound()[0]["kind"], "poke")

    def test_get_head_and_put_are_callbacks_too(self):
        for method in ("GET", "HEAD", "PUT"):
            status, body, _ = self.world.call(method=method, headers={"X-Do": "answer"})
            self.assertEqual(status, 200, method)
            self.assertEqual(body == b"", method == "HEAD")
        status, _, headers = self.world.call(method="DELETE")
        self.assertEqual((status, headers["allow"]), (405, "POST, PUT, GET, HEAD"))

    def test_what_was_stored_can_be_looked_at_without_its_secrets(self):
        _, key = self.remind()
        self.world.call(f"{key} delivered\n{key} interim", headers={"Authorization": "Basic aHVzaA==", "X-Note": "é".encode()})
        newest = self.world.inbound()[0]
        self.assertEqual((newest["provider"], newest["kind"]), ("hooked", "webhook"))
        shown = await_that("its receipts", lambda: (got := self.world.ask("receipts", "show", newest["id"]))["receipts"] and got)
        self.assertTrue(shown["text"].startswith(f"POST {self.world.public}/hooks/hooked/***\r\n"))
        self.assertTrue(shown["text"].endswith(f"\r\n\r\n{key} delivered\n{key} interim"))
        self.assertIn("authorization: ***", shown["text"])
        self.assertEqual(sorted(row["kind"] for row in shown["receipts"]), ["delivered", "interim"])

    def test_who_holds_the_evidence_does_not_learn_the_path(self):
        number, key = self.remind()
        body = f"{key} delivered"
        self.assertEqual(self.world.post(body, path=self.world.path + "?a=1"), 200)
        self.world.await_delivery("delivered", number)
        out = self.world.folder / "evidence.zip"
        self.world.ctl("evidence", "export", f"F-{number}", "--output", out, "--unsigned")
        with zipfile.ZipFile(out) as container:
            files = {name: container.read(name) for name in container.namelist()}
        raw = [(name, content) for name, content in files.items() if content.startswith(b"POST ") and content.endswith(body.encode())]
        self.assertEqual([content.split(b"\r\n")[0].decode() for _, content in raw], [f"POST {self.world.public}/hooks/hooked/***?a=1"])
        self.assertIn(hashlib.sha256(raw[0][1]).hexdigest(), raw[0][0])
        token = self.world.path.rsplit("/", 1)[1].encode()
        self.assertEqual([raw for raw, _ in stored_bytes(self.world) if token in raw], [])

    def test_one_call_about_several_debtors_shows_each_its_own_and_one_is_erased_alone(self):
        numbers, keys = zip(*(self.remind() for _ in range(3)))
        body = "\n".join(f"{key} delivered" for key in keys)
        self.assertEqual(self.world.post(body), 200)
        for number in numbers:
            self.world.await_delivery("delivered", number)
        whole = next(digest for raw, digest in stored_bytes(self.world) if raw.endswith(body.encode()))

        def exported(number):
            out = self.world.folder / f"evidence-{number}-{time.monotonic_ns()}.zip"
            self.world.ctl("evidence", "export", f"F-{number}", "--output", out, "--unsigned")
            self.world.ctl("evidence", "verify", out, "--untrusted-ok")
            with zipfile.ZipFile(out) as container:
                return b"\n".join(container.read(name) for name in container.namelist())

        def check_own_only(own):
            found = exported(numbers[own])
            self.assertIn(whole.hex().encode(), found)
            self.assertEqual([key.encode() in found for key in keys], [i == own for i in range(3)])

        for own in range(3):
            check_own_only(own)
        code = f"D-{numbers[1]}"
        self.assertIn("would be erased; nothing was", self.world.ctl("erase", code, "--dry-run"))
        check_own_only(1)
        erased = self.world.ask("erase", code)
        self.assertEqual((erased["dry_run"], erased["messages"], erased["raws"], erased["raws_kept_for_others"]), (False, 1, 0, 1))
        self.world.ctl("erase", code, code=1)
        self.assertIn('"erased":{', exported(numbers[1]).decode(errors="replace"))
        self.world.ctl("receipts", "reparse", "--provider", "hooked")
        self.world.ctl("clock", "advance", "1s", "--settle")
        for own in (0, 2):
            check_own_only(own)
        self.world.ctl("journal", "verify")

    def test_a_secret_in_the_query_is_judged_by_and_not_stored(self):
        number, key = self.remind()
        self.assertEqual(self.world.post(f"{key} delivered", path=f"{self.world.path}?a=1&token={SECRET}&b=2"), 200)
        self.world.await_delivery("delivered", number)
        self.assertEqual([raw for raw, _ in stored_bytes(self.world) if SECRET.encode() in raw], [])
        self.assertTrue(any(b"?a=1&token=***&b=2" in raw for raw, _ in stored_bytes(self.world)))

    def test_the_status_has_a_line_about_webhooks(self):
        self.assertRegex(self.world.ctl("status"), r"webhooks: 127\.0\.0\.1:\d+; \d+ requests, \d+ accepted, \d+ refused")

    def test_bytes_that_say_nothing_are_kept_and_can_be_read_again(self):
        self.assertEqual(self.world.post("nonsense"), 200)
        failed = await_that("given up", lambda: self.world.inbound(state="failed"))[0]
        self.assertEqual(failed["error"], "a line is KEY STATUS")
        self.assertEqual(self.world.ask("receipts", "reparse", "--inbound", failed["id"])["count"], 1)
        await_that("given up again", lambda: self.world.inbound(state="failed"))

    def test_a_wrong_path_and_an_unknown_provider_look_alike(self):
        right, wrong = self.world.path, self.world.path[:-1] + ("A" if self.world.path[-1] != "A" else "B")
        answers = {self.world.call("x", path=path)[:2] for path in
                   (wrong, "/hooks/hooked/x", "/hooks/nobody/" + right.rsplit("/", 1)[1], "/hooks/task/x", "/", "/hooks/", "/v1/status",
                    right + "/more", right.replace("hooked", "%68ooked"))}
        self.assertEqual(answers, {(404, b"")})

    def test_a_new_path_leaves_the_one_before_good_for_a_while(self):
        first = self.world.path
        rotated = self.world.ask("providers", "rotate-hook", "hooked", "--overlap", "1h")
        second = rotated["url"].removeprefix(self.world.public)
        self.assertNotEqual(first, second)
        self.assertNotEqual(rotated["former_until"], "")
        self.assertEqual([self.world.post("", path=path) for path in (first, second)], [200, 200])
        third = self.world.ask("providers", "rotate-hook", "hooked", "--overlap", "0d")["url"].removeprefix(self.world.public)
        self.assertEqual([self.world.post("", path=path) for path in (first, second, third)], [404, 404, 200])
        type(self).world.path = third
        self.remind()
        self.assertTrue((self.world.folder / "peer/sent").read_text().splitlines()[-1].endswith(third))


class AwayTest(unittest.TestCase):
    def world(self, **more):
        world = HookWorld(**more)
        self.addCleanup(world.close)
        return world

    def test_while_the_plugin_is_down_webhooks_are_kept_and_judged_when_it_is_back(self):
        world = self.world()
        world.start_on_test_clock()
        key = world.due_reminder()
        child = int((world.folder / "state/hooked.lock").read_text().split()[0])
        os.kill(child, signal.SIGSTOP)
        self.assertEqual(world.post(f"{key} delivered"), 503)
        self.assertEqual(world.post("forged delivered", headers={"X-Signature": "00"}), 503)
        self.assertEqual(world.counts()["unverified_waiting"], 2)
        self.assertEqual({row["kind"] for row in world.inbound(state="waiting")}, {"unverified"})
        world.stop(signal.SIGKILL)  # they wait on disk, not in memory
        os.kill(child, signal.SIGCONT)
        world.start("--test-clock")
        world.await_delivery("delivered")
        await_that("the forged one is dropped", lambda: world.counts()["dropped"] == 1)
        self.assertEqual([row["kind"] for row in world.inbound()], ["webhook"])
        self.assertEqual(world.counts()["unverified_waiting"], 0)

    def test_what_is_kept_while_the_plugin_is_down_has_a_bound(self):
        world = self.world(hooks="rate_max = 0", settings=HOOKED.replace("[sandbox]", "quarantine_after = 1\n[sandbox]"))
        world.start()
        self.assertEqual(world.post(headers={"X-Do": "crash"}), 503)  # the first that is kept
        await_that("it is in quarantine", lambda: "quarantined" in world.ctl("providers", "--json"))
        connection = world.connection()

        def kept_of(count, body):
            before = world.counts()["unverified_waiting"]
            self.assertEqual({world.post(body, connection=connection) for _ in range(count)}, {503})
            return world.counts()["unverified_waiting"] - before

        self.assertEqual(kept_of(17, "x" * 1_000_000), 16)  # 16 MiB of one provider
        self.assertEqual(kept_of(1000, ""), 1000 - 17)  # and a thousand
        self.assertEqual(len(world.inbound(state="waiting", limit="1000")), 1000)
        counts = world.counts()
        self.assertEqual(counts["down"] - counts["unverified"], 1 + 17)  # nothing was answered with more than "again"

    def come_while_the_plugin_hangs(self, world, **call):
        """Kept on disk with all that it is judged by; the daemon is down afterwards."""
        child = int((world.folder / "state/hooked.lock").read_text().split()[0])
        os.kill(child, signal.SIGSTOP)
        self.addCleanup(lambda: os.path.exists(f"/proc/{child}") and os.kill(child, signal.SIGCONT))
        self.assertEqual(world.post(**call), 503)
        waiting = world.inbound(state="waiting")
        self.assertEqual([row["kind"] for row in waiting], ["unverified"])
        return child, world.ask("receipts", "show", waiting[0]["id"])["text"]

    def test_what_is_judged_late_is_judged_by_the_url_that_was_called_and_kept_without_its_secrets(self):
        world = self.world()
        world.start_on_test_clock()
        key = world.due_reminder()
        former = world.path
        path = former + "?a=1"
        child, shown = self.come_while_the_plugin_hangs(world, body=f"{key} delivered", path=path, headers={
            "X-Do": "url", "X-Signature": signature((world.public + path).encode()), "Authorization": "Basic aHVzaA=="}, is_signed=False)
        self.assertTrue(shown.startswith(f"POST {world.public}/hooks/hooked/***?a=1\r\n"))
        self.assertNotIn("aHVzaA", shown)
        world.ask("providers", "rotate-hook", "hooked", "--overlap", "0d")
        world.stop(signal.SIGKILL)
        os.kill(child, signal.SIGCONT)
        world.start("--test-clock")
        self.assertNotEqual(world.path, former)
        world.await_delivery("delivered")
        [(raw, digest)] = stored_bytes(world)
        self.assertTrue(raw.startswith(f"POST {world.public}/hooks/hooked/***?a=1\r\n".encode()))
        self.assertIn(b"\r\nauthorization: ***\r\n", raw)
        self.assertEqual(digest, hashlib.sha256(raw).digest())

    def test_what_the_plugin_cannot_judge_yet_when_it_is_back_waits_on(self):
        world = self.world()
        world.start_on_test_clock()
        key = world.due_reminder()
        child, _ = self.come_while_the_plugin_hangs(world, body=f"{key} delivered", headers={"X-Do": "later"})
        world.stop(signal.SIGKILL)
        os.kill(child, signal.SIGCONT)
        world.start("--test-clock")
        await_that("it was asked", lambda: world.inbound(state="waiting") and world.inbound(state="waiting")[0]["tries"] >= 1)
        self.assertEqual((world.counts()["unverified_waiting"], world.counts()["dropped"]), (1, 0))
        (world.folder / "peer/certificate").write_text("")
        world.ctl("clock", "advance", "10m")
        world.await_delivery("delivered")
        self.assertEqual((world.counts()["unverified_waiting"], world.counts()["dropped"]), (0, 0))

    def test_a_plugin_that_crashes_over_a_webhook_is_503_and_goes_on_with_the_next(self):
        world = self.world()
        world.start_on_test_clock()
        key = world.due_reminder()
        status, _, headers = world.call(f"{key} delivered", headers={"X-Do": "crash"})
        self.assertEqual((status, headers["retry-after"]), (503, "30"))
        await_that("the next child", lambda: world.post(f"{key} interim") == 200)
        # It was kept, and is asked about a few times more at the plugin's starts; then later and later, so it cannot keep it down.
        await_that("it is tried again", lambda: world.inbound(state="waiting") and world.inbound(state="waiting")[0]["tries"] >= 1)
        await_that("the plugin is up", lambda: world.post(f"{key} delivered") == 200)
        world.await_delivery("delivered")

    def test_killed_between_durable_and_answer_nothing_is_lost_and_the_repeat_changes_nothing(self):
        for point in ("inbound_taken", "inbound_stored", "parsed", "applied"):
            with self.subTest(point=point):
                world = self.world()
                world.start_on_test_clock()
                key = world.due_reminder()
                world.stop()
                crash_at(point)
                try:
                    world.start("--test-clock")
                finally:
                    del os.environ["RELANCE_CRASH_POINT"]
                try:
                    answered = world.post(f"{key} delivered")
                except OSError:
                    answered = None  # it died before its answer
                self.assertEqual(world.daemon.wait(PATIENCE), -signal.SIGKILL)
                self.assertIn(answered, {"inbound_taken": (None,), "inbound_stored": (None,)}.get(point, (None, 200)))
                world.start("--test-clock")
                if answered is None:
                    self.assertEqual(world.post(f"{key} delivered"), 200)  # as its provider would
                world.await_delivery("delivered")

    def test_killed_under_load_every_answered_webhook_is_there(self):
        world = self.world(hooks="rate_max = 0")
        world.start()
        answered = []
        connection = world.connection()
        for number in range(10_000):
            if number == 300:
                os.kill(world.daemon.pid, signal.SIGKILL)
            try:
                if world.call(f"KEY-{number:020} delivered", connection=connection)[0] == 200:
                    answered.append(number)
            except OSError:
                break
        world.daemon.wait(PATIENCE)
        self.assertGreaterEqual(len(answered), 300)
        world.start()
        kept = set()
        before = None
        while page := world.inbound(limit="1000", **({"before": str(before)} if before else {})):
            kept.update(row["id"] for row in page)
            before = page[-1]["id"]
        self.assertGreaterEqual(len(kept), len(answered))
        await_that("all are read", lambda: world.ask("status")["store"]["receipts_unmatched"] >= len(answered))

    def test_webhooks_without_a_pause_delay_receipts_and_do_not_stop_them(self):
        world = self.world(hooks="rate_max = 0")
        world.start_on_test_clock()
        key = world.due_reminder()
        is_over, posted = threading.Event(), [0, 0, 0]

        def flood(lane):
            connection = world.connection()
            while not is_over.is_set():
                world.call(f"KEY-{lane}-{posted[lane]:020} delivered", connection=connection)
                posted[lane] += 1

        lanes = [threading.Thread(target=flood, args=[lane]) for lane in range(len(posted))]
        for lane in lanes:
            lane.start()
        try:
            await_that("the flood is under way", lambda: min(posted) > 100)
            self.assertEqual(world.post(f"{key} delivered"), 200)
            world.await_delivery("delivered")
            await_that("it goes on", lambda now=min(posted): min(posted) > now)
        finally:
            is_over.set()
            for lane in lanes:
                lane.join()
        await_that("all are read", lambda: world.ask("status")["store"]["receipts_unmatched"] == sum(posted))

    def test_killed_while_it_parses_the_child_is_asked_again(self):
        world = self.world()
        (world.folder / "peer/crash").write_text("")
        world.start_on_test_clock()
        key = world.due_reminder()
        self.assertEqual(world.post(f"{key} delivered"), 200)
        await_that("the child died of it", lambda: not (world.folder / "peer/crash").exists())
        # The clock of the test stands still, and with it the pause before the next try.
        await_that("delivered", lambda: world.ctl("receipts", "reparse", "--provider", "hooked") and "delivered" in world.delivery())

    def test_a_store_that_takes_nothing_is_503_and_takes_them_again(self):
        import sqlite3
        world = self.world()
        world.start()
        self.assertEqual(world.post("KEY-1 interim"), 200)
        with sqlite3.connect(world.folder / "state/relance.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            status, _, headers = world.call("KEY-2 interim")
            self.assertEqual(status, 503)
            self.assertIn("retry-after", headers)
            other.execute("ROLLBACK")
        await_that("it is taken", lambda: world.post("KEY-3 interim") == 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
