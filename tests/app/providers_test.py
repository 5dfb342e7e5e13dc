#!/usr/bin/env python3
"""Providers as an operator meets them: how they stand, pausing and testing one; and two real mail relays (Postfix's
smtp-sink), of which one refuses for the moment and the other takes everything."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import BUILD, World  # noqa: E402

SMTP_SINK = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
LIMITED = """id = "{name}"
plugin = "scripted"
channel = "email"
{lines}
[sandbox]
data_folders = [{{ path = "{folder}/peer", access = "write" }}]
[settings]
sent_log = "{folder}/peer/{name}"
{settings}
"""
RELAY = """id = "{name}"
plugin = "relance_smtp"
channel = "email"
{lines}
[settings]
envelope_sender = "bounces+KEY@acme.example"
[settings.server]
host = "127.0.0.1"
port = {port}
tls = "none"
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Sink:
    """smtp-sink with these flags; it dumps each mail that it took."""

    def __init__(self, *flags):
        self.folder = tempfile.TemporaryDirectory(prefix="relance-sink-")
        os.chmod(self.folder.name, 0o777)
        self.port = free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([SMTP_SINK, *user, *flags, "-d", f"{self.folder.name}/%M.", f"127.0.0.1:{self.port}", "100"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def mails(self):
        texts = [path.read_text(errors="replace") for path in Path(self.folder.name).iterdir()]
        return [text for text in texts if "Subject:" in text]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class ProvidersTest(unittest.TestCase):
    def world(self):
        world = World()
        self.addCleanup(world.close)
        return world

    def two(self, one="", two="", lines=""):
        """Two scripted providers, each in a process of its own."""
        world = self.world()
        for name, settings, more in (("one", one, lines), ("two", two, "")):
            world.write(f"providers/{name}.toml", LIMITED.format(name=name, folder=world.folder, settings=settings, lines=more))
        world.edit("regions/FR.toml", '["scripted"]', '["one", "two"]')
        world.start_on_test_clock()
        return world

    def sent_by(self, world, name):
        log = world.folder / "peer" / name
        return log.read_text().splitlines() if log.exists() else []

    def test_the_list_says_what_is_left_and_what_to_do(self):
        world = self.two('answer = "not_sent"', lines='[limits]\nper_day = 900\n[price]\nper_month = "800 EUR"\n[breaker]\nin_a_row = 2\ndelay = "1h"\n')
        rows = {row["id"]: row for row in world.ask("providers")["providers"]}
        self.assertEqual(set(rows), {"one", "two", "scripted", "task"})
        self.assertEqual(rows["one"]["limits"]["per_day"], 900)
        self.assertEqual(rows["one"]["limits"]["month_budget"], "800.00 EUR")
        self.assertIsNone(rows["two"]["limits"]["per_day"])
        world.import_ledger()
        world.ctl("onboard", "--skip-older-than", "900d")
        world.ctl("clock", "advance", "4d", "--settle")
        text = world.ctl("providers")
        self.assertRegex(text, r"(?m)^one +email +tripped +0 of 64 +0 of 64 +0 of 900 .* 0\.00 EUR of 800\.00 EUR +not_sent: 451")
        self.assertRegex(text, r"one is tripped: 2 messages in a row .*, the last: 451\n  what to do: .*relancectl providers resume one")
        shown = world.ctl("providers", "show", "one")
        self.assertRegex(shown, r"(?m)^region +FR, place 1$")
        self.assertRegex(shown, r"(?m)^breaker +open$")
        self.assertEqual(world.ask("providers", "show", "one")["regions"][0]["place"], 1)
        world.ctl("providers", "show", "nobody", code=1)
        self.assertIn("no provider nobody", world.errors)
        world.ctl("providers", "resume", "one")
        self.assertEqual(world.ask("providers", "show", "one")["state"], "up")
        self.assertEqual(len(self.sent_by(world, "two")), 1)  # D-1's; the addresses of the others end otherwise

    def test_one_that_is_paused_stays_so_over_a_restart(self):
        world = self.two()
        world.ctl("providers", "pause", "one", "--because", "price talks")
        self.assertEqual(world.stop(), 0)
        world.start("--test-clock")
        row = world.ask("providers", "show", "one")
        self.assertEqual(row["state"], "paused")
        self.assertRegex(row["because"], r"^price talks \(.+\)$")
        world.ctl("providers", "resume", "one")
        self.assertEqual(world.ask("providers", "show", "one")["state"], "up")
        world.ctl("providers", "pause", "nobody", code=1)

    def test_a_test_ends_with_what_became_of_it(self):
        world = self.two('quote = "yes"\nprice = "45000"', 'answer = "not_sent"')
        self.assertIn("the provider took it", world.ctl("providers", "test", "one", "--to", "accept@me.example", "--wait", "0s"))
        taken = world.ask("providers", "test", "one", "--to", "accept@me.example", "--wait", "1s", code=4)["result"]
        self.assertEqual((taken["verdict"], taken["state"]), ("taken", "sent"))
        self.assertGreater(taken["segments"], 0)
        self.assertRegex(taken["price"], r"^\d\.\d+ EUR$")
        self.assertEqual(self.sent_by(world, "one")[-1], taken["key"])
        self.assertIn("it did not arrive", world.ctl("providers", "test", "one", "--to", "reject@me.example", code=1))
        self.assertIn("it was not sent", world.ctl("providers", "test", "two", "--to", "accept@me.example", code=1))
        self.assertIn("nobody knows", world.ctl("providers", "test", "one", "--to", "odd@me.example", "--wait", "0s", code=5))
        world.ctl("providers", "test", "one", "--to", "unfit@me.example", code=1)
        self.assertIn("does not fit", world.errors)
        world.ctl("providers", "test", "nobody", "--to", "accept@me.example", code=1)
        world.ctl("providers", "test", "one", "--to", "accept@me.example", "--wait", "soon", code=2)
        self.assertEqual(world.ask("status")["store"]["reminders"], 0)
        self.assertEqual(world.ask("status")["store"]["suppressed"], 0)
        self.assertIn("intact", world.ctl("journal", "verify"))

    def test_what_is_dearer_than_allowed_goes_to_the_next_provider_and_the_price_is_shown(self):
        """The price is asked of the plugin in its own process, before the message is written down."""
        world = self.two('quote = "yes"\nprice = "45000"', 'quote = "yes"\nprice = "1000"', lines='[price]\nper_message = "0.08 EUR"\n')
        world.import_ledger()
        world.ctl("onboard", "--skip-older-than", "900d")
        world.ctl("clock", "advance", "4d", "--settle")
        self.assertEqual(self.sent_by(world, "one"), [])
        self.assertEqual(len(self.sent_by(world, "two")), 1)
        reminder = next(row for row in world.ask("reminders")["reminders"] if row["debtor"] == "D-1")
        self.assertEqual((reminder["provider"], reminder["price"], reminder["segments"]), ("two", "0.002 EUR", 2))
        self.assertRegex(world.ctl("reminders", "--debtor", "D-1"), r"0\.002 EUR")
        journal = world.ctl("journal", "--invoice", "F-1", "--json")
        self.assertIn("email one: it costs 0.09 EUR, more than price.per_message allows (0.08 EUR)", journal)

    def test_a_plugin_that_does_not_say_what_it_costs_delays_the_first_batch_alone(self):
        world = self.two('quote = "slowly"')
        rows = "".join(f"D-{i},Debtor {i},FR,FR,en,accept@d{i}.example,\n" for i in range(6))
        world.ctl("import", "debtors", world.write("d.csv", "debtor_id,name,country,region,language,email,phone\n" + rows))
        rows = "".join(f"D-{i},F-{i},2026-02-01,2026-02-{26 + i % 2},120.00,EUR\n" for i in range(6))
        world.ctl("import", "invoices", world.write("i.csv", "debtor_id,invoice_number,issue_date,due_date,amount,currency\n" + rows))
        world.ctl("onboard", "--skip-older-than", "900d")
        world.ctl("clock", "advance", "4d", "--settle")  # on two days: two batches
        self.assertEqual(len(self.sent_by(world, "one")), 6)
        self.assertEqual(world.logged().count("PROVIDER_QUOTES_LATE"), 1)

    def on_the_real_clock(self, lines):
        """FR sends by "one", BE by "two"; many in FR are due before the one in BE, and more than are looked at at once."""
        world = self.world()
        world.edit("relanced.toml", "[limits]", "[limits]\nclaim_batch = 20")
        for name, more in (("one", lines), ("two", "")):
            world.write(f"providers/{name}.toml", LIMITED.format(name=name, folder=world.folder, settings="", lines=more))
        region = (world.folder / "regions/FR.toml").read_text().replace('[providers]', 'public_holidays = true\n[providers]')
        world.write("regions/BE.toml", region.replace('"FR"', '"BE"').replace("Europe/Paris", "Europe/Brussels").replace('["scripted"]', '["two"]'))
        world.write("regions/FR.toml", region.replace('["scripted"]', '["one"]'))
        world.start()
        return world

    def owe(self, world, count):
        people = [(f"D-{i:03}", "FR") for i in range(count)] + [("Z-1", "BE")]
        rows = "".join(f"{code},Debtor {code},{region},{region},en,accept@{code.lower()}.example,\n" for code, region in people)
        world.ctl("import", "debtors", world.write("d.csv", "debtor_id,name,country,region,language,email,phone\n" + rows))
        rows = "".join(f"{code},F-{code},2026-01-02,{date.today() - timedelta(days=8)},120.00,EUR\n" for code, _ in people)
        world.ctl("import", "invoices", world.write("i.csv", "debtor_id,invoice_number,issue_date,due_date,amount,currency\n" + rows))
        world.ctl("onboard", "--skip-older-than", "900d")

    def await_sent(self, world, name, count):
        deadline = time.monotonic() + 25
        while len(self.sent_by(world, name)) < count:
            self.assertLess(time.monotonic(), deadline, f"{len(self.sent_by(world, name))} by {name}, {count} wanted: {world.ctl('status')}")
            time.sleep(0.05)

    def test_a_provider_that_is_away_holds_up_nobody_else(self):
        world = self.on_the_real_clock("")
        world.ctl("providers", "pause", "one")
        self.owe(world, 70)
        self.await_sent(world, "two", 1)
        self.assertEqual(self.sent_by(world, "one"), [])
        self.assertEqual(world.ask("tasks", "list")["tasks"], [])

    def test_a_rate_is_kept_on_the_real_clock_and_holds_up_nobody_else(self):
        world = self.on_the_real_clock("[limits]\nper_second = 25\nburst = 1\n")
        began = time.monotonic()
        self.owe(world, 70)
        self.await_sent(world, "two", 1)
        self.assertLess(len(self.sent_by(world, "one")), 70)
        self.await_sent(world, "one", 70)
        self.assertGreaterEqual(time.monotonic() - began, 69 / 25 * 0.9)
        self.assertLess(world.ask("status")["engine"]["decisions"], 71 * 8)  # a backlog is not decided at every token

    def test_a_relay_that_refuses_for_the_moment_is_stood_in_for_by_another(self):
        if not Path(SMTP_SINK).exists():
            self.skipTest("there is no smtp-sink")
        refusing, taking = Sink("-r", "rcpt"), Sink()  # 4xx for each recipient
        self.addCleanup(refusing.close)
        self.addCleanup(taking.close)
        world = self.world()
        world.edit("relanced.toml", f'plugin_folder = "{BUILD}/test-plugins"', f'plugin_folder = "{BUILD}/plugins"')
        world.edit("relanced.toml", "[limits]", 'allow_literal_secrets = true\n[limits]')
        (world.folder / "providers/scripted.toml").unlink()
        world.write("providers/first.toml", RELAY.format(name="first", port=refusing.port, lines='[breaker]\nin_a_row = 3\ndelay = "1h"\n'))
        world.write("providers/second.toml", RELAY.format(name="second", port=taking.port, lines=""))
        world.edit("regions/FR.toml", '["scripted"]', '["first", "second"]')
        world.start_on_test_clock()
        rows = "".join(f"D-{i},Debtor {i},FR,FR,en,d{i}@debtor.example,\n" for i in range(8))
        world.ctl("import", "debtors", world.write("d.csv", "debtor_id,name,country,region,language,email,phone\n" + rows))
        rows = "".join(f"D-{i},F-{i},2026-02-01,2026-02-27,120.00,EUR\n" for i in range(8))
        world.ctl("import", "invoices", world.write("i.csv", "debtor_id,invoice_number,issue_date,due_date,amount,currency\n" + rows))
        world.ctl("onboard", "--skip-older-than", "900d")
        world.ctl("clock", "advance", "4d", "--settle")
        self.assertEqual(len(taking.mails()), 8)
        self.assertEqual(len(refusing.mails()), 0)
        for i in range(8):
            self.assertEqual(sum(f"d{i}@debtor.example" in mail for mail in taking.mails()), 1, f"debtor {i}")
        self.assertEqual({row["provider"] for row in world.ask("reminders")["reminders"]}, {"second"})
        first = world.ask("providers", "show", "first")
        self.assertEqual(first["state"], "tripped")
        self.assertIn("4", first["last_error"])
        intents = [entry for entry in world.ask("journal", "--invoice", "F-0")["entries"] if entry["kind"].startswith("intent")]
        self.assertTrue(intents)
        # The relay that takes is tried out by hand as well, and the one that refuses says so.
        self.assertIn("took it", world.ctl("providers", "test", "second", "--to", "me@operator.example", "--wait", "0s"))
        world.ctl("providers", "test", "first", "--to", "me@operator.example", "--wait", "0s", code=1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
