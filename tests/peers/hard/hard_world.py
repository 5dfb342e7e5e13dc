"""A daemon with one provider whose plugin runs in a child, its ledger, and a peer of the test's own.

Everything is counted at the peer. A debtor has one invoice and one address, so a message is recognized by its addressee
or by the text, which is "STEP INVOICE amount".
"""
import datetime
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "chaos"))
import chaos_world  # noqa: E402
from chaos_world import CLOCK_START, Fault, Skipped, await_fact, expect  # noqa: E402, F401
from node_peer import Silent  # noqa: E402

PEER_PATIENCE_S = 90
PASSING_STEP_S = 0.1  # of real time to a minute of business time
REGION = chaos_world.REGION.replace('email = ["mail"]', '{channel} = ["peer"]')
SCENARIO = """id = "standard"
contact_gap = "0d"
payment_grace = "0d"
attempts_max = 50
[[step]]
id = "pre-due"
before = "7d"
channels = ["{channel}"]
template = "words"
[[step]]
id = "reminder-1"
after = "1d"
channels = ["{channel}"]
template = "words"
"""
COLUMNS = {"email": "email", "sms": "mobile", "fax": "fax", "postal": "street,postal_code,city",
           "lre": "registered_email,registered_email_consent,consumer,contact_name"}


def template(words):
    return f'subject = "{{{{step}}}}"\ntext = "{words}"\nsms = "{words}"\n'


class HardWorld(chaos_world.World):
    """`plugin`, `channel`, `settings` (TOML lines) of the one provider "peer"."""

    def __init__(self, plugin, channel, settings, placement="child", provider=""):
        self.plugin, self.channel, self.settings = plugin, channel, settings
        self.placement, self.provider = placement, provider
        self.text = "{{{{step}}}} {{{{#items}}}}{{{{number}}}}{{{{/items}}}}"

    def __enter__(self):
        self.relanced, self.relancectl = chaos_world.program("relanced"), chaos_world.program("relancectl")
        self.plugins = self.plugin_folder()
        if not (self.plugins / f"{self.plugin}.so").exists():
            raise Skipped(f"{self.plugin}.so has not been built in {chaos_world.build_folder()}")
        self.folder = Path(tempfile.mkdtemp(prefix="rl-hard-", dir="/tmp"))
        self.folder.chmod(0o711)
        self.daemon, self.pending, self.debtors, self.watch = None, [], {}, lambda: None
        self.now = CLOCK_START
        (self.folder / "state").mkdir()
        self.configure()
        return self

    def plugin_folder(self):
        return chaos_world.build_folder() / "hard-plugins"

    def __exit__(self, kind, fault, trace):
        self.kill()
        if kind is None or issubclass(kind, Skipped):
            shutil.rmtree(self.folder)
        else:
            print(f"what happened lies in {self.folder}: daemon.log")

    def configure(self):
        write = {
            "relanced.toml": f"""state = "{self.folder}/state"
control_socket = "{self.socket}"
plugin_folder = "{self.plugins}"
allow_literal_secrets = true
[log]
target = "stderr"
[limits]
volume_guard = 0
hand_over_within = "20s"
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.{self.channel} = {{ name = "Acme", address = "+33140000000" }}
""",
            "regions/FR.toml": REGION.replace("{channel}", self.channel),
            "scenarios/standard.toml": SCENARIO.replace("{channel}", self.channel),
            "templates/words.en.toml": template("{{step}} {{#items}}{{number}}{{/items}} {{total}}"),
            "providers/peer.toml": f"""id = "peer"
plugin = "{self.plugin}"
channel = "{self.channel}"
placement = "{self.placement}"
{self.provider}
[settings]
{self.settings}
"""}
        for name, text in write.items():
            (self.folder / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "config" / name).write_text(text)
        (self.folder / "config" / "providers" / "peer.toml").chmod(0o600)

    def write_words(self, text):
        (self.folder / "config" / "templates" / "words.en.toml").write_text(template(text))

    def child_pid(self):
        try:
            pid = int((self.folder / "state" / "peer.lock").read_text())
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            return None
        return pid if self.daemon and parent == self.daemon.pid else None

    def kill_child(self):
        pid = await_fact(self.child_pid, PEER_PATIENCE_S, "the child is there")
        os.kill(pid, signal.SIGKILL)

    def add_debtors(self, count, today, fates=("d",)):
        columns = COLUMNS[self.channel]
        debtors = [f"debtor_id,name,country,region,language,{columns}"]
        invoices = ["debtor_id,invoice_number,issue_date,due_date,amount,currency"]
        made = []
        for _ in range(count):
            number = len(self.debtors) + 1
            code = f"D{number:05}"
            self.debtors[code] = f"I{number:05}"
            made.append(self.debtors[code])
            debtors.append(f"{code},Debtor {number},FR,FR,en,{self.address_of(number)}")
            due = today + datetime.timedelta(days=chaos_world.PRE_DUE_DAYS)
            invoices.append(f"{code},{self.debtors[code]},{today},{due},{100 + number}.00,EUR")
        self.pending.append((debtors, invoices))
        return made

    def address_of(self, number):
        if self.channel == "email":
            return f"debtor{number}@debtor.example"
        if self.channel == "lre":
            return f"debtor{number}@debtor.example,yes,no,"
        return f"{number} rue du Debiteur,75002,PARIS" if self.channel == "postal" else f"+336{number:08}"

    def pay(self, invoice, amount):
        file = self.folder / "payments.csv"
        file.write_text(f"payment_id,invoice_number,date,amount,currency\np-{invoice},{invoice},{self.now.date()},{amount},EUR\n")
        self.call("import", "payments", file)

    # --- the ledger's way ---

    def live(self, crash_point=None):
        """A running daemon whose creditor was onboarded without anything going out."""
        expect(self.start(crash_point), "the daemon did not start")
        self.go_live()

    def go_live(self):
        self.add_debtors(1, CLOCK_START.date() + datetime.timedelta(days=60))  # far from due
        self.import_pending()
        self.call("onboard", "--start-at", "pre-due")

    def due(self, count=1, may_fail=False, settle=True):
        """New debtors whose first step is due now; returns their invoices."""
        invoices = self.add_debtors(count, self.now.date())
        self.import_pending()
        if settle:
            self.advance_a_little(may_fail=may_fail)
        return invoices

    def advance_a_little(self, may_fail=False, minutes=10):
        self.now += datetime.timedelta(minutes=minutes)
        return self.advance(self.now, may_fail=may_fail)

    def die_at(self, point, count=1):
        """The daemon, running before, dies at this arrow of the way of new debtors' first step."""
        invoices = self.add_debtors(count, self.now.date() + datetime.timedelta(days=1))
        self.import_pending()
        self.advance_a_little()
        self.kill(signal.SIGTERM)
        expect(self.start(point), "the start failed")
        self.advance_a_little(may_fail=True, minutes=24 * 60)
        self.await_death(point)
        return invoices

    def await_death(self, point):
        await_fact(lambda: self.daemon.poll() is not None, PEER_PATIENCE_S, f"the daemon dies at {point}")
        self.kill()

    def again(self):
        """Another start on the same store."""
        expect(self.start(), "the restarted daemon died")

    def counts(self):
        return self.store_counts()

    def await_counts(self, what, holds):
        def look():
            counts = self.counts()
            return counts if holds(counts) else None
        try:
            return await_fact(look, PEER_PATIENCE_S, what)
        except (Fault, Silent) as fault:
            raise Fault(f"{fault}: {self.counts()}{self.log_tail()}") from None

    def counts_as_time_passes(self, what, holds):
        """Waits for counts that need time: a minute of business time a look, so that no machine is slow enough for the next step."""
        def look():
            self.advance_a_little(minutes=1)
            counts = self.counts()
            if not holds(counts):
                time.sleep(PASSING_STEP_S)
                return None
            return counts
        try:
            return await_fact(look, PEER_PATIENCE_S, what)
        except (Fault, Silent) as fault:
            raise Fault(f"{fault}: {self.counts()}{self.log_tail()}") from None

    def await_log(self, words):
        await_fact(lambda: self.log_has(words), PEER_PATIENCE_S, f"the log says {words}")

    def reminders(self):
        return self.call("reminders", "--limit", "1000")["reminders"]


def run(cases, make_world):
    """Each case in a world of its own; prints what passed; returns the exit status."""
    wanted = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a time-out ends what was started, too
    began, failed = time.monotonic(), 0
    for case in cases:
        if wanted and case.__name__ not in wanted:
            continue
        try:
            make_world(case)
            print(f"ok      {case.__name__}", flush=True)
        except Skipped as reason:
            print(f"all of this suite skipped: {reason}")
            return 0
        except (Fault, Silent) as fault:
            failed += 1
            print(f"FAILED  {case.__name__}: {fault}", flush=True)
    print(f"{'FAILED' if failed else 'passed'} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0
