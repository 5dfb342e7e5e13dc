#!/usr/bin/env python3
"""Good plugins are not accused: the e-mail channel, the examples in three languages, the test plugin that does nothing."""
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import kit

# (plugin, or plugin:driver; profile or None; tests that must have run on it and passed)
GOOD = [
    ("examples/sms_http.so", "examples.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "parse.sample", "memory.borrowed"}),
    ("examples/sms_http_c.so", "examples.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "parse.sample", "memory.borrowed"}),
    ("examples/sms_http_rust.so", "examples.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "parse.sample"}),
    ("plugins/relance_smtp.so", "smtp.json", {"provider.reset", "provider.silent", "deadline.past", "tokens.once", "memory.borrowed"}),
    ("plugins/relance_smtp.so", "smtp_relays.json", {"provider.silent", "deadline.past", "tokens.once", "memory.borrowed"}),
    ("plugins/relance_sms.so:kannel", "sms.json", {"provider.reset", "provider.silent", "deadline.past", "tokens.once", "memory.borrowed"}),
    ("plugins/relance_sms.so:http", "sms.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_sms.so:smpp", "sms.json", {"provider.reset", "provider.silent", "deadline.past", "tokens.once", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_fax.so:hylafax", "fax.json", {"calls.faults", "parse.sample", "parse.garbage", "memory.borrowed", "kill.restart"}),
    ("plugins/relance_fax.so:http", "fax.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_esp.so", "esp.json", {"provider.reset", "webhook.genuine", "webhook.forgery", "webhook.replay", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_lre.so:pec", "lre.json", {"provider.reset", "provider.silent", "deadline.past", "tokens.once", "query.ends", "poll.ends", "memory.borrowed"}),
    ("plugins/relance_lre.so:ar24", "lre.json", {"provider.reset", "provider.rejected", "deadline.past", "tokens.once", "query.ends", "poll.ends", "webhook.genuine", "webhook.forgery", "evidence.ends", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_postal.so:sftp", "postal.json", {"calls.faults", "parse.sample", "parse.garbage"}),
    ("plugins/relance_postal.so:ipp", "postal.json", {"calls.faults", "parse.sample", "parse.garbage"}),
    ("plugins/relance_postal.so:maileva", "postal.json", {"calls.faults", "parse.sample", "parse.garbage", "settings.secrets"}),
    ("plugins/relance_postal.so:pingen", "postal.json", {"provider.reset", "tokens.once", "webhook.genuine", "webhook.forgery", "parse.sample", "memory.borrowed"}),
    ("plugins/relance_postal.so:lob", "postal.json", {"provider.reset", "tokens.once", "webhook.genuine", "webhook.forgery", "webhook.replay", "parse.sample", "memory.borrowed"}),
    ("test-plugins/noop.so", None, {"calls.faults", "lifecycle.leaks", "parse.garbage"}),
]
SLOWEST_S = 180  # a run on a good plugin: the manual promises a minute, which is that of a machine with nothing else to do


def looked_at(entry):
    """(the entry, its report, the tests in it, seconds); no report where the plugin was not built."""
    name, profile, _ = entry
    file, _, driver = name.partition(":")
    if name.endswith("rust.so") and not (kit.BUILD / file).exists():
        return entry, None, None, 0
    began = time.monotonic()
    found, tests = kit.report(kit.BUILD / file, *(["--driver", driver] if driver else []), profile=profile)
    return entry, found, tests, time.monotonic() - began


class GoodPlugins(unittest.TestCase):
    def test_none_is_accused(self):
        with ThreadPoolExecutor(max_workers=3) as workers:  # a run waits for its provider's time-outs most of its time
            for (name, _, expected), found, tests, took in workers.map(looked_at, GOOD):
                if found is None:
                    print(f"{name} was not built (no cargo): not looked at")
                    continue
                with self.subTest(plugin=name):
                    print(f"{name}: {found['passed']} passed, {found['skipped']} skipped in {took:.1f} s")
                    self.assertEqual(kit.complaints(found), "")
                    self.assertEqual(found["exit"], 0)
                    self.assertEqual({test for test in expected if tests[test]["status"] != "pass"}, set())
                    self.assertLess(took, SLOWEST_S)


if __name__ == "__main__":
    unittest.main()
