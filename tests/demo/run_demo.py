#!/usr/bin/env python3
"""Plays sixty days of an invented ledger on real mail servers, a real SMS gateway and a real printer, and holds the daemon to what happened.

    run_demo.py --build DIR [--days 60] [--keep]

Everything is private and lies in one temporary folder: Postfix and Dovecot (tests/peers/mailhost.py) and Kannel with a message
centre (tests/peers/kannel.py), ippeveprinter (demo_printer.py) and a provider of certified e-mail (demo_certified.py) on loopback, the ledger (make_ledger.py), the configuration (the examples of config/), the store. Each business day the bank's file is
imported, a person approves what waits for approval, and the test clock walks a day; then the day's bounces and receipts
are waited for, so that they change what the next day does. At the end demo_figures.py compares the daemon's figures with
the mail host's and the ledger's. Exit 0 when all of it adds up, 1 when something does not, 130 after Ctrl-C.
"""
import argparse
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "peers")]
import demo_figures  # noqa: E402
import demo_table  # noqa: E402
import mail_records  # noqa: E402
import kannel  # noqa: E402
import mailhost  # noqa: E402
from demo_certified import CertifiedMail  # noqa: E402
from demo_daemon import (Daemon, DemoError, add_certified_mail, add_kannel, add_printer, programs_of,  # noqa: E402
                         write_configuration)
from demo_phones import Phones  # noqa: E402
from demo_printer import Printer  # noqa: E402
from mail_servers import MailHostError  # noqa: E402
from make_ledger import bank_day  # noqa: E402

DAYS_MAX = 60
# Before any contact hour of any region, so that the morning's payments are read before the day's reminders leave.
MORNING = "04:00:00Z"
# How long one day's bounces may take. The slowest is a mail that expires at the mail host.
ANSWERS_TIMEOUT_S = 30
QUEUE_LIFETIME_S, DELAY_WARNING_S = 8, 3
# Greylisted only once: on the test clock five minutes pass in no time.
GREY_S = 0.01
# A printed letter is on its way, and nobody tells more.
FATES_KNOWN = {"sms": ("delivered", "failed"), "postal": ("dispatched",), "lre": ("delivered",)}
# Of the journal, at a look: more than any day writes.
ENTRIES_LOOKED_AT = 2_000
PAYMENT_HEADER = "payment_id,invoice_number,date,amount,currency,kind,reference\n"


def say(text):
    print(f"demo: {text}", flush=True)


class Progress:
    """One line that is written over on a terminal; every tenth day elsewhere."""

    def __init__(self, days):
        self.days, self.is_terminal = days, sys.stdout.isatty()

    def show(self, day, text):
        if self.is_terminal:
            filled = 24 * day // self.days
            print(f"\r\033[Kdemo: [{'#' * filled}{'.' * (24 - filled)}] day {day} of {self.days}: {text}", end="", flush=True)
            if day == self.days:
                print()
        elif day % 10 == 0 or day == self.days:
            say(f"day {day} of {self.days}: {text}")


class Play:
    def __init__(self, folder, build, days):
        self.folder, self.days = folder, days
        self.programs, self.plugins = programs_of(build)
        self.mail_folder = folder / "mail"
        self.ledger_folder = folder / "ledger"
        self.phones = Phones(folder / "kannel")
        self.printer = Printer(folder / "printer")
        self.certified = None
        self.daemon = None
        self.approved = 0
        self.answered = {}  # messages of a channel whose end the daemon knows
        self.channel_of, self.ended = {}, set()  # attempts

    # --- setting the scene ---

    def prepare(self):
        say("inventing the ledger")
        subprocess.run([sys.executable, str(HERE / "make_ledger.py"), "--out", str(self.ledger_folder), "--quiet"], check=True)
        self.facts = json.loads((self.ledger_folder / "facts.json").read_text(encoding="utf-8"))
        self.start = datetime.date.fromisoformat(self.facts["start"])
        self.ledger = demo_figures.Ledger(self.ledger_folder, self.start + datetime.timedelta(self.days))
        say("starting a private Postfix and Dovecot on loopback")
        mail = mailhost.start(self.mail_folder, QUEUE_LIFETIME_S, DELAY_WARNING_S, GREY_S, die_with=os.getpid())
        say("starting a private Kannel and a message centre behind it")
        self.phones.start()
        say("starting a private printer, and a provider of certified e-mail")
        self.printer.start()
        self.certified = CertifiedMail(self.folder / "certified", mail["replies"]["address"], mail["smtp"],
                                       lambda: mail_records.received(self.mail_folder))
        self.certified.start()
        configuration = write_configuration(ROOT / "config", self.folder / "config", self.plugins, mail)
        add_kannel(self.folder / "config", {"url": self.phones.kannel.url, "user": kannel.USER, "password": kannel.PASSWORD})
        add_certified_mail(self.folder / "config", mail, self.certified)
        add_printer(self.folder / "config", self.printer.url, ("FR", "DE", "GB", "IT"))
        self.daemon = Daemon(self.programs, configuration, self.folder)
        self.daemon.check()
        self.daemon.start(f"{self.start}T{MORNING}")

    def open_books(self):
        for kind in ("debtors", "invoices"):
            result = self.daemon.ask("import", kind, self.ledger_folder / f"{kind}.csv")
            letterless = [warning for warning in result["warnings"] if "no letter can go" in warning]
            if result["rejected"] or letterless or result["added"] != self.facts[kind]:
                raise DemoError(f"import {kind}: {result['added']} of {self.facts[kind]} were added, {result['rejected']} refused; {letterless}")
        self.import_payments(self.start)
        started = self.daemon.ask("onboard", "--start-at", "pre-due")
        say(f"imported {self.facts['invoices']} open invoices of {self.facts['debtors']} debtors; {started['cases']} cases start")

    # --- the days ---

    def walk(self):
        progress = Progress(self.days)
        for number in range(self.days):
            day = self.start + datetime.timedelta(number)
            if number > 0:
                self.import_payments(day)
            self.tell_events(day)
            self.approve()
            self.daemon.ask("clock", "advance", "1d", "--settle")
            store = self.await_answers(day)
            progress.show(number + 1, f"{store['sent']} sent, {store['delivered']} delivered, {store['bounced']} bounced, "
                                      f"{store['receivables_paid']} invoices paid")
        self.import_payments(self.start + datetime.timedelta(self.days))
        self.await_answers(self.start + datetime.timedelta(self.days))

    def import_payments(self, day):
        """The bank's file of the day; without movement it is empty, and still says that nobody has paid."""
        if bank_day(day) != day:
            return
        file = self.ledger_folder / "payments" / f"{day}.csv"
        if not file.exists():
            file.write_text(PAYMENT_HEADER, encoding="utf-8")
        result = self.daemon.ask("import", "payments", file)
        if result["rejected"]:
            raise DemoError(f"import payments of {day}: {result['rejected']} rows were refused")

    def tell_events(self, day):
        for event in self.ledger.events:
            if event["date"] != day:
                continue
            if event["event"] == "dispute":
                self.daemon.ask("dispute", event["invoice_number"], "--because", event["because"])
            else:
                self.daemon.ask("promise", "--invoice", event["invoice_number"], "--date", event["promised_date"])

    def approve(self):
        if self.daemon.ask("approvals", "list")["approvals"]:
            self.approved += self.daemon.ask("approvals", "approve", "--all")["count"]

    def await_answers(self, day):
        """Until the mail host has nothing more to say and the daemon has read and obeyed all of it; returns the counters."""
        deadline = time.monotonic() + ANSWERS_TIMEOUT_S
        while True:
            if not self.mail_under_way():
                store = self.daemon.ask("status")["store"]
                waiting = store["inbound_waiting"] + store["attempts_open"] + store["due_now"]
                if waiting == 0 and not self.mail_under_way():
                    return store
            if time.monotonic() > deadline:
                raise DemoError(f"{day}: after {ANSWERS_TIMEOUT_S} s {mail_records.queued(self.mail_folder)} mails are queued, "
                                f"{len(self.unread_answers())} answers lie unread, the ends of {self.answered} are known; status: {self.daemon.ask('status')['store']}")
            time.sleep(0.05)

    def unread_answers(self):
        return [mail for part in ("new", "cur") for mail in (self.mail_folder / "mail" / "bounces" / part).iterdir()]

    def mail_under_way(self):
        return bool(mail_records.queued(self.mail_folder) or self.unread_answers() or self.answers_under_way())

    def answers_under_way(self):
        """Whether a phone, the printer or the certified mailboxes have a message of which the daemon does not know yet what became of it."""
        taken = {"sms": len(self.phones.texts()), "postal": len(self.printer.letters()), "lre": len(self.certified.answered)}
        if taken == self.answered:
            return False
        for entry in self.daemon.ask("journal", "--limit", ENTRIES_LOOKED_AT)["entries"]:
            payload = entry["payload"] or {}
            if entry["kind"] in ("intent", "intent_again"):
                self.channel_of[payload["attempt"]] = payload["channel"]
            elif entry["kind"] == "receipt" and payload["receipt"] in FATES_KNOWN.get(self.channel_of.get(payload["attempt"]), ()):
                self.ended.add(payload["attempt"])
        known = Counter(self.channel_of[attempt] for attempt in self.ended)
        self.answered = {channel: min(count, known[channel]) for channel, count in taken.items()}
        return self.answered != taken

    # --- the end ---

    def close(self):
        """Prints what happened; returns what does not add up."""
        figures = demo_figures.Figures(self.daemon, mailhost, self.mail_folder, self.phones.texts(), self.printer.letters(),
                                       self.ledger, self.facts, self.days)
        faults = figures.check()
        demo_table.show(figures, self.daemon, self.approved)
        code = self.daemon.stop()
        if code != 0:
            faults.append(f"relanced ended with {code} when it was told to stop")
        return faults

    def clean_up(self):
        if self.daemon is not None:
            self.daemon.stop()
        self.phones.stop()
        self.printer.stop()
        if self.certified is not None:
            self.certified.stop()
        mailhost.stop(self.mail_folder)


def end_by_signal(number, _frame):
    raise KeyboardInterrupt(signal.Signals(number).name)


def play(folder, args):
    """Exit status. Whatever happens, nothing runs afterwards."""
    began = time.monotonic()
    stage = None
    try:
        stage = Play(folder, args.build, args.days)
        stage.prepare()
        stage.open_books()
        stage.walk()
        faults = stage.close()
    except KeyboardInterrupt:
        print()
        say("interrupted; ending what was started")
        return 130
    except (DemoError, MailHostError, kannel.KannelError, kannel.Missing, OSError, subprocess.SubprocessError) as error:
        print(f"\ndemo: FAILED: {error}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the end is short and must be complete
        if stage is not None:
            stage.clean_up()
    for fault in faults:
        print(f"demo: WRONG: {fault}", file=sys.stderr)
    took = f"{time.monotonic() - began:.0f} s"
    say(f"FAILED: {len(faults)} figures are off, after {took}" if faults else
        f"every figure adds up with the mail host and the ledger; {args.days} days in {took}; nothing is left running")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=Path, help="the build folder with relanced, relancectl and the plugin")
    parser.add_argument("--days", type=int, default=DAYS_MAX, choices=range(1, DAYS_MAX + 1), metavar=f"1-{DAYS_MAX}")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the store, the logs and all mails")
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("all of this suite skipped: Postfix and Dovecot need root to start")
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_by_signal)
    folder = Path(tempfile.mkdtemp(prefix="relance-demo."))
    folder.chmod(0o755)  # the mail servers' own users must pass; secrets in it have modes of their own
    say(f"in {folder}{'' if args.keep else ', removed at the end (--keep keeps it)'}")
    try:
        return play(folder, args)
    finally:
        if args.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
