"""A daemon that tests may kill, starve and stop, its ledger, and its peer: the private mail host of tests/peers.

What was sent is counted at the peer only. A debtor has one invoice and one address, and a mail's subject is "STEP INVOICE",
so that a mailbox says by itself whether a step of an invoice came twice.
"""
import collections
import datetime
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import mail_servers  # noqa: E402
import mailhost  # noqa: E402
from node_peer import Missing as Skipped  # noqa: E402

CLOCK_START = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.timezone.utc)
PRE_DUE_DAYS = 7
READY_TIMEOUT_S = 60   # a loaded machine; a daemon that is alive and not ready by then is a fault
LIST_MAX = 10000  # rows that one answer of the daemon has at most
CALL_TIMEOUT_S = 120
END_TIMEOUT_S = 10     # from the moment that its socket closed to its end
AWAIT_STEP_S = 0.004   # between two looks at a fact of another process
DOMAIN = "kunden.example"

SCENARIO = """id = "standard"
contact_gap = "0d"
payment_grace = "0d"
attempts_max = 50
[[step]]
id = "pre-due"
before = "7d"
channels = ["email"]
template = "words"
[[step]]
id = "reminder-1"
after = "1d"
channels = ["email"]
template = "words"
[[step]]
id = "reminder-2"
after = "9d"
channels = ["email"]
template = "words"
"""
REGION = """id = "FR"
country = "FR"
language = "en"
time_zone = "Europe/Paris"
[contact]
workdays = "always"
saturday = "always"
sunday = "always"
public_holidays = true
[providers]
email = ["mail"]
"""
TEMPLATE = """subject = "{{step}} {{#items}}{{number}}{{/items}}"
text = "Open: {{total}}"
"""


class Fault(Exception):
    """What the test found."""


def expect(is_so, what):
    if not is_so:
        raise Fault(what)


def build_folder():
    return Path(os.environ.get("RELANCE_BUILD_DIR") or Path(__file__).resolve().parents[2] / "build" / "dev").resolve()


def program(name):
    for found in (build_folder() / "bin" / name, build_folder() / "host" / "app" / name):
        if found.exists():
            return found
    raise Skipped(f"{name} has not been built in {build_folder()}")


def await_fact(holds, timeout_s, what):
    deadline = time.monotonic() + timeout_s
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Fault(f"not within {timeout_s:g} s: {what}")
        time.sleep(AWAIT_STEP_S)


def process_state(pid):
    """R, S, T (stopped), Z …; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return ""


def main(run):
    """Runs one test's `run(world)` on a world of its own and turns its end into an exit status."""
    began = time.monotonic()
    try:
        with World() as world:
            run(world)
    except Skipped as reason:
        print(f"all of this suite skipped: {reason}")
        return 0
    except Fault as fault:
        print(f"FAILED: {fault}")
        return 1
    print(f"passed in {time.monotonic() - began:.0f} s")
    return 0


class World:
    """Folder, mail host, configuration, daemon. Everything ends with it, each process by its pid."""

    def __enter__(self):
        self.relanced, self.relancectl = program("relanced"), program("relancectl")
        if not (build_folder() / "plugins" / "relance_smtp.so").exists():
            raise Skipped(f"relance_smtp.so has not been built in {build_folder()}")
        self.folder = Path(tempfile.mkdtemp(prefix="rl-chaos-", dir="/tmp"))
        self.folder.chmod(0o711)
        self.daemon = None
        self.pending = []
        self.watch = lambda: None  # called while relancectl waits for its answer
        self.debtors = {}  # code → address
        try:
            self.mail = mailhost.start(self.folder / "mail", die_with=os.getpid())
        except mail_servers.MailHostError as error:
            shutil.rmtree(self.folder)
            raise Skipped(error) from error
        (self.folder / "state").mkdir()
        self.configure()
        return self

    def __exit__(self, kind, fault, trace):
        self.kill()
        mailhost.stop(self.folder / "mail")
        if kind is None or issubclass(kind, Skipped):
            shutil.rmtree(self.folder)
        else:
            print(f"what happened lies in {self.folder}: daemon.log, mail/log")

    # --- the daemon ---

    def configure(self, limits="", claim_batch=2, provider=""):
        write = {
            "relanced.toml": f"""state = "{self.folder}/state"
control_socket = "{self.socket}"
plugin_folder = "{build_folder()}/plugins"
allow_literal_secrets = true
[log]
target = "stderr"
[limits]
claim_batch = {claim_batch}
volume_guard = 0
{limits}
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.email = {{ name = "Acme", address = "billing@creditor.example" }}
""",
            "regions/FR.toml": REGION, "scenarios/standard.toml": SCENARIO, "templates/words.en.toml": TEMPLATE,
            "providers/mail.toml": f"""id = "mail"
plugin = "relance_smtp"
channel = "email"
placement = "child"
{provider}
[settings]
envelope_sender = "{self.mail['bounce_pattern']}"
[settings.server]
host = "{self.mail['smtp']['host']}"
port = {self.mail['smtp']['port']}
tls = "none"
connections = 2
[settings.bounces]
url = "imaps://{self.mail['imaps']['host']}:{self.mail['imaps']['port']}"
user = "{self.mail['imap']['user']}"
secret = "{self.mail['imap']['password']}"
ca_file = "{self.mail['ca_file']}"
poll_interval_s = 1
"""}
        for name, text in write.items():
            (self.folder / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "config" / name).write_text(text)
        (self.folder / "config" / "providers" / "mail.toml").chmod(0o600)

    @property
    def socket(self):
        return self.folder / "control.sock"

    def command(self):
        return [self.relanced, "--config", self.folder / "config" / "relanced.toml", "--test-clock",
                "--test-clock-start", CLOCK_START.strftime("%Y-%m-%dT%H:%M:%SZ")]

    def launch(self, crash_point=None):
        """Starts the daemon; is_ready() says when it answers."""
        expect(self.daemon is None, "the test started a second daemon")
        environment = {"PATH": os.environ.get("PATH", "")}
        if crash_point:
            environment["RELANCE_CRASH_POINT"] = crash_point
        with open(self.folder / "daemon.log", "ab") as log:
            self.daemon = subprocess.Popen(self.command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self, crash_point=None):
        """True when it answers; False when it died (or stands still) at its crash point before."""
        self.launch(crash_point)
        return await_fact(self.is_up_or_ended, READY_TIMEOUT_S, "the daemon answers") == "up"

    def is_up_or_ended(self):
        if self.daemon.poll() is not None:
            expect(self.daemon.returncode == -signal.SIGKILL, f"the daemon ended with {self.daemon.returncode}: {self.log_tail()}")
            return "ended"
        if process_state(self.daemon.pid) == "T":
            return "stopped"
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                return "up"
            except OSError:
                return None

    def kill(self, number=signal.SIGKILL):
        """Ends the daemon by its pid and waits for it."""
        if self.daemon is None:
            return
        if self.daemon.poll() is None:
            self.daemon.send_signal(number)
            if process_state(self.daemon.pid) == "T":
                self.daemon.send_signal(signal.SIGCONT)
        try:
            self.daemon.wait(60)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            raise Fault(f"the daemon did not end within 60 s of signal {number}: {self.log_tail()}") from None
        self.daemon = None

    def child_pid(self):
        """The daemon's channel child; None while there is none."""
        try:
            pid = int((self.folder / "state" / "mail.lock").read_text())
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return pid if self.daemon and parent == self.daemon.pid else None

    def log_has(self, words):
        return words in (self.folder / "daemon.log").read_text(errors="replace")

    def log_tail(self, lines=6):
        return "\n  ".join([""] + (self.folder / "daemon.log").read_text(errors="replace").splitlines()[-lines:])

    # --- relancectl ---

    def begin(self, *words):
        return subprocess.Popen([self.relancectl, "--socket", self.socket, *words, "--json"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def reminders(self):
        """All of them. One answer has at most LIST_MAX: beyond it each debtor is asked for, one by one."""
        newest = self.call("reminders", "--limit", str(LIST_MAX))["reminders"]
        if len(newest) < LIST_MAX:
            return newest
        return [reminder for code in self.debtors
                for reminder in self.call("reminders", "--debtor", code, "--limit", str(LIST_MAX))["reminders"]]

    def call(self, *words, may_fail=False):
        """The last object that the daemon answered; None when it failed and may."""
        process = self.begin(*words)
        give_up_at = time.monotonic() + CALL_TIMEOUT_S
        while True:
            self.watch()
            try:
                said, complaint = process.communicate(timeout=AWAIT_STEP_S)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() < give_up_at:
                    continue
                process.kill()
                process.communicate()
                raise Fault(f"relancectl {' '.join(map(str, words))} did not end{self.log_tail()}") from None
        if process.returncode != 0:
            if may_fail:
                return None
            raise Fault(f"relancectl {' '.join(map(str, words))}: {process.returncode}: {complaint}{said}{self.log_tail()}")
        try:
            return json.loads(said)
        except ValueError:
            return json.loads(said.splitlines()[-1]) if said.strip() else {}

    def store_counts(self):
        return self.call("status")["store"]

    def advance(self, to, **how):
        return self.call(*self.advance_words(to), **how)

    @staticmethod
    def advance_words(to):
        return "clock", "advance", to.strftime("%Y-%m-%dT%H:%M:%SZ"), "--settle", "--timeout", "60s"

    # --- the ledger ---

    def go_live(self):
        """A creditor that has been looked at once: what comes later starts by itself."""
        self.add_debtors(1, CLOCK_START.date(), ["seed"])
        self.import_pending()
        self.call("onboard", "--start-at", "pre-due")

    def add_debtors(self, count, today, fates=("d",)):
        """New debtors whose first step is due today; imported by import_pending()."""
        debtors, invoices = ["debtor_id,name,country,region,language,email"], [
            "debtor_id,invoice_number,issue_date,due_date,amount,currency"]
        for index in range(count):
            number = len(self.debtors) + 1
            code = f"D{number:05}"
            self.debtors[code] = f"{fates[index % len(fates)]}-{number:05}@{DOMAIN}"
            debtors.append(f"{code},Debtor {number},FR,FR,en,{self.debtors[code]}")
            due = today + datetime.timedelta(days=PRE_DUE_DAYS)
            invoices.append(f"{code},I{number:05},{today},{due},{100 + number}.00,EUR")
        self.pending.append((debtors, invoices))

    def import_pending(self, may_fail=False):
        """Imports what has not been taken yet; after a crash the same rows again, which must change nothing."""
        while self.pending:
            for kind, rows in zip(("debtors", "invoices"), self.pending[0]):
                file = self.folder / f"{kind}.csv"
                file.write_text("\n".join(rows) + "\n")
                if self.call("import", kind, file, may_fail=may_fail) is None:
                    return False
            self.pending.pop(0)
        return True

    # --- the peer ---

    def await_fates(self):
        """Until every mail that the host took has met its fate."""
        expect(mailhost.settle(self.folder / "mail", 60), "the mail host's queue does not become empty")

    def peer(self):
        return Peer(self.folder / "mail")


class Peer:
    """What the mail host took: each key and each (step, invoice) should be there once."""

    def __init__(self, folder):
        self.by_key, self.by_address = collections.Counter(), collections.Counter()
        for mail in mailhost.accepted(folder):
            self.by_key[mail["return_path"]] += 1
            for recipient in mail["recipients"]:
                self.by_address[recipient["recipient"]] += 1
        self.by_item, self.times_ms = collections.Counter(), {}
        for mail in mailhost.received(folder):
            self.by_item[mail["subject"]] += 1
            self.times_ms[mail["subject"]] = mail["time_ms"]

    def doubled(self):
        return sorted(what for seen in (self.by_key, self.by_item) for what, count in seen.items() if count > 1)

    def has(self, reminder):
        return (any(f"{reminder['step']} {invoice}" in self.by_item for invoice in reminder["invoices"])
                or (fate_of(reminder["address"]) == "bounce" and reminder["address"] in self.by_address))


def fate_of(address):
    return address.split("-")[0]
