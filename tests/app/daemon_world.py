"""A relanced of the test's own: its configuration in a temporary folder, its process, and relancectl to speak with it.

Providers are the scripted test plugin, whose messages say in their address what becomes of them ("accept@…", "odd@…")."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ["RELANCE_BUILD_DIR"])
PATIENCE = 60  # seconds for what takes milliseconds on an idle machine

CONFIG = """state = "{folder}/state"
control_socket = "{folder}/c.sock"
plugin_folder = "{build}/test-plugins"
[limits]
volume_guard = 0
stop_grace = "2s"
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.email = {{ name = "Acme", address = "billing@acme.example" }}
"""
REGION = """id = "FR"
name = "France"
country = "FR"
language = "en"
time_zone = "Europe/Paris"
[contact]
workdays = "00:00-24:00"
saturday = "00:00-24:00"
sunday = "00:00-24:00"
[providers]
email = ["scripted"]
"""
PROVIDER = """id = "scripted"
plugin = "scripted"
channel = "email"
placement = "{placement}"
[sandbox]
data_folders = [{{ path = "{folder}/peer", access = "write" }}]
[settings]
sent_log = "{folder}/peer/sent"
"""
SCENARIO = """id = "standard"
contact_gap = "1d"
payment_grace = "1bd"
[[step]]
id = "reminder-1"
after = "5d"
channels = ["email"]
template = "words"
[[step]]
id = "call"
after = "12d"
channels = ["task"]
[[step]]
id = "formal-notice"
after = "20d"
channels = ["email"]
template = "words"
approval = "required"
"""
TEMPLATE = 'subject = "{{total}} to pay"\ntext = "{{#items}}{{number}}: {{balance}}\\n{{/items}}"\n'


def await_words(notify, wanted, daemon, logged):
    """The next words on the notification socket that hold `wanted`; fails when the daemon ends before."""
    deadline = time.monotonic() + PATIENCE
    notify.settimeout(0.5)
    while time.monotonic() < deadline:
        try:
            words = notify.recv(4096).decode()
        except socket.timeout:
            if daemon.poll() is not None:
                raise AssertionError(f"relanced ended with {daemon.returncode}: {logged()}") from None
            continue
        if wanted in words:
            return words
    raise AssertionError(f"no {wanted} from relanced: {logged()}")


class World:
    def __init__(self, placement="inproc"):
        self.holder = tempfile.TemporaryDirectory(prefix="relance-app-")
        self.folder = Path(self.holder.name)
        self.daemon = None
        self.program = BUILD / "bin/relanced"
        for name in ("regions", "providers", "scenarios", "templates", "mappings", "peer"):
            (self.folder / name).mkdir()
        self.write("relanced.toml", CONFIG.format(folder=self.folder, build=BUILD))
        self.write("regions/FR.toml", REGION)
        self.write("providers/scripted.toml", PROVIDER.format(folder=self.folder, placement=placement))
        self.write("scenarios/standard.toml", SCENARIO)
        self.write("templates/words.en.toml", TEMPLATE)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def edit(self, name, old, new):
        self.write(name, (self.folder / name).read_text().replace(old, new))

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if self.daemon:
            self.log.close()
            self.notify.close()
        self.holder.cleanup()

    # --- the daemon
    @property
    def socket(self):
        return self.folder / "c.sock"

    def run_daemon(self, *arguments):
        """Runs to its end; (exit code, output)."""
        done = subprocess.run([self.program, "--config", self.folder / "relanced.toml", *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
        return done.returncode, done.stdout

    def start(self, *arguments):
        """Starts and waits for READY=1 as systemd would; the milliseconds it took."""
        if self.daemon:
            self.log.close()
            self.notify.close()
        address = self.folder / "notify"
        address.unlink(missing_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(address))
        self.log = open(self.folder / "log", "a")
        began = time.monotonic()
        self.daemon = subprocess.Popen([self.program, "--config", self.folder / "relanced.toml", *arguments],
                                       stdout=self.log, stderr=self.log, env={**os.environ, "NOTIFY_SOCKET": str(address)})
        self.await_notice("READY=1")
        return (time.monotonic() - began) * 1000

    def start_on_test_clock(self):
        return self.start("--test-clock", "--test-clock-start", "2026-03-02T08:00:00Z")

    def await_notice(self, wanted):
        """The daemon's next words to systemd that hold `wanted`."""
        return await_words(self.notify, wanted, self.daemon, self.logged)

    def logged(self):
        return (self.folder / "log").read_text() if (self.folder / "log").exists() else ""

    def stop(self, how=signal.SIGTERM):
        self.daemon.send_signal(how)
        return self.daemon.wait(PATIENCE)

    # --- relancectl
    def ctl(self, *words, code=0, stdin=None):
        """Runs relancectl; its standard output. Fails unless it exits with `code`."""
        done = subprocess.run([BUILD / "bin/relancectl", "--socket", self.socket, *map(str, words)], text=True, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        self.errors = done.stderr
        if done.returncode != code:
            raise AssertionError(f"relancectl {' '.join(map(str, words))}: exit {done.returncode}, not {code}\n"
                                 f"{done.stdout}{done.stderr}\n--- log\n{self.logged()}")
        return done.stdout

    def ask(self, *words, code=0):
        """The same with --json; the last line of the answer as an object."""
        return json.loads(self.ctl(*words, "--json", code=code).strip().splitlines()[-1])

    def import_ledger(self):
        self.ctl("import", "debtors", self.write("debtors.csv", DEBTORS))
        self.ctl("import", "invoices", self.write("invoices.csv", INVOICES))


DEBTORS = """debtor_id,name,country,region,language,email,phone
D-1,Société Générale des Œufs,FR,FR,en,accept@one.example,+33 1 23 45 67 89
D-2,株式会社サンプル,FR,FR,en,odd@two.example,
D-3,Trois SARL,FR,FR,en,reject@three.example,
"""
INVOICES = """debtor_id,invoice_number,issue_date,due_date,amount,currency
D-1,F-1,2026-02-01,2026-02-27,120.00,EUR
D-1,F-2,2026-02-01,2026-03-27,80.50,EUR
D-2,F-3,2026-02-01,2026-02-27,1000.00,EUR
D-3,F-4,2026-02-01,2026-02-27,55.00,EUR
"""
