"""The demo's daemon: its configuration from the shipped examples, its process, and what relancectl answers.

Nothing here knows what is played; run_demo.py does. Every command goes through relancectl as an operator would type it.
"""
import ctypes
import json
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
# Of one relancectl call; a day on the test clock is the longest and ends with its own message long before.
COMMAND_TIMEOUT_S = 180
ROWS_MAX = 10_000  # what one listing of the control interface gives at most
LOG_LINES_SHOWN = 15
CREDITOR_DOMAIN = "creditor.example"
CALLBACK_SECRET = "demo-callbacks-5e1f7c"


class DemoError(Exception):
    """What went wrong, in one line for the person who started the demo."""


def replace_once(text, old, new, where):
    if text.count(old) != 1:
        raise DemoError(f"{where}: expected {old!r} once, found it {text.count(old)} times; the demo sets it")
    return text.replace(old, new)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def write_configuration(examples, folder, plugins, mail):
    """Copies config/ and changes only what this machine needs: folders, addresses of the servers, secrets by file. A second
    scenario is for the segment of debtors that its file names.

    Providers are written anew: most of the examples want credentials of services that are not here."""
    shutil.copytree(examples, folder, ignore=shutil.ignore_patterns("providers"))
    (folder / "providers").mkdir()
    shutil.copy(Path(__file__).parent / "occasional.toml", folder / "scenarios")
    main = folder / "relanced.toml"
    text = main.read_text(encoding="utf-8")
    for old, new in (('state = "/var/lib/relance"', 'state = "../state"'),
                     ('control_socket = "/run/relance/control.sock"', 'control_socket = "../control.sock"'),
                     ('# plugin_folder = "/usr/lib/relance/plugins"', f'plugin_folder = "{plugins}"'),
                     ("[limits]\n", '[limits]\npoll_every = "1s"\n'),
                     ('reply_to = "compta@exemple.example"', f'reply_to = "replies@{CREDITOR_DOMAIN}"'),
                     ('address = "compta@exemple.example"', f'address = "compta@{CREDITOR_DOMAIN}"')):
        text = replace_once(text, old, new, main.name)
    main.write_text(text, encoding="utf-8")

    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    write_secret(folder, "submission", mail["submission"]["password"])
    write_secret(folder, "bounces", mail["imaps"]["password"])
    imaps = mail["imaps"]
    (folder / "providers" / "smtp.toml").write_text(f"""\
id = "smtp"
plugin = "relance_smtp"
channel = "email"
placement = "child"

[settings]
envelope_sender = "{mail["bounce_pattern"]}"

{submission_of(mail)}
[settings.bounces]
url = "imaps://{imaps["host"]}:{imaps["port"]}"
user = "{imaps["user"]}"
secret = {{ file = "../secrets/bounces" }}
ca_file = "{mail["ca_file"]}"
poll_interval_s = 1
""", encoding="utf-8")
    return main


def write_secret(folder, name, secret):
    file = folder / "secrets" / name
    file.touch(mode=0o600)
    file.write_text(secret + "\n")


def submission_of(mail):
    """Where mails are handed over, certified ones too."""
    server = mail["submission"]
    return f"""\
[settings.server]
host = "{server["host"]}"
port = {server["port"]}
tls = "required"
ca_file = "{mail["ca_file"]}"
server_name = "{mail["server_name"]}"

[settings.auth]
user = "{server["user"]}"
secret = {{ file = "../secrets/submission" }}
"""


def add_kannel(folder, kannel):
    """Short messages by this Kannel in four countries, and the listener that it calls with its receipts."""
    write_secret(folder, "kannel", kannel["password"])
    write_secret(folder, "callbacks", CALLBACK_SECRET)
    hooks = f"127.0.0.1:{free_port()}"
    with (folder / "relanced.toml").open("a", encoding="utf-8") as main:
        main.write(f'\n[hooks]\nlisten = ["{hooks}"]\npublic_url = "http://{hooks}"\n')
    host = kannel["url"].split("/")[2]
    (folder / "providers" / "kannel.toml").write_text(f"""\
id = "kannel"
plugin = "relance_sms"
driver = "kannel"
channel = "sms"
placement = "child"

[http]
hosts = ["http://{host}"]

[sandbox]
network = "none"

[settings]
url = "{kannel["url"]}"
user = "{kannel["user"]}"
sender = "Exemple"
secret = {{ file = "../secrets/kannel" }}
callback_secret = {{ file = "../secrets/callbacks" }}
""", encoding="utf-8")
    for country in ("FR", "DE", "GB", "IT"):
        add_provider(folder / "regions" / f"{country}.toml", 'sms = ["kannel"]')


def add_certified_mail(folder, mail, certified):
    """Registered e-mail in Italy: sent by the mail host, believed by the provider's signature."""
    write_secret(folder, "certified", mail["replies"]["password"])
    imaps = mail["imaps"]
    (folder / "providers" / "pec.toml").write_text(f"""\
id = "pec"
plugin = "relance_lre"
driver = "pec"
channel = "lre"
placement = "child"

[settings]
address = "{certified.mailbox}"
accepted_within_min = 2880  # the test clock walks a day in less time than a mail takes
message_id_domain = "{CREDITOR_DOMAIN}"

{submission_of(mail)}
[settings.mailbox]
url = "imaps://{imaps["host"]}:{imaps["port"]}"
user = "{mail["replies"]["user"]}"
secret = {{ file = "../secrets/certified" }}
ca_file = "{mail["ca_file"]}"
poll_interval_s = 1

[settings.trust]
authorities_file = "{certified.authority}"
signers = ["{certified.signer}"]
""", encoding="utf-8")
    add_provider(folder / "regions" / "IT.toml", 'lre = ["pec"]')


def add_printer(folder, url, countries):
    """Letters by the office's own printer."""
    (folder / "providers" / "printer.toml").write_text(f"""\
id = "printer"
plugin = "relance_postal"
driver = "ipp"
channel = "postal"
placement = "child"

[http]
hosts = ["http://{url.split("/")[2]}"]

[sandbox]
network = "none"

[settings]
url = "{url}"
busy_pause_s = 1
receipts_within_min = 2880  # the test clock walks a day in less time than it takes to print
""", encoding="utf-8")
    for country in countries:
        add_provider(folder / "regions" / f"{country}.toml", 'postal = ["printer"]')


def add_provider(region, line):
    """As an operator does who gets a gateway."""
    text = region.read_text(encoding="utf-8")
    region.write_text(replace_once(text, "[providers]\n", f"[providers]\n{line}\n", region.name), encoding="utf-8")


def end_with_parent():
    """In the child, before it becomes relanced: a demo that is killed leaves no daemon behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Daemon:
    def __init__(self, programs, configuration, folder):
        self.programs = programs
        self.configuration = configuration
        self.socket = folder / "control.sock"
        self.log = folder / "relanced.log"
        self.process = None

    def check(self):
        done = subprocess.run([self.programs / "relanced", "--config", self.configuration, "--check-config"],
                              capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise DemoError(f"the demo's configuration is refused:\n{done.stdout}{done.stderr}")

    def start(self, clock):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "relanced", "--config", self.configuration, "--test-clock", "--test-clock-start", clock],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent,
                start_new_session=True)  # Ctrl-C is the demo's to answer: it stops the daemon in its own order
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.answers():
            if self.process.poll() is not None:
                raise DemoError(f"relanced ended with {self.process.returncode} before it was ready{self.log_tail()}")
            if time.monotonic() > deadline:
                raise DemoError(f"relanced was not ready within {START_TIMEOUT_S} s{self.log_tail()}")
            time.sleep(0.02)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def stop(self):
        """SIGTERM, as systemd does; returns the exit code, None when it was not running."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        code, self.process = self.process.returncode, None
        return code

    def log_tail(self):
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n--- the end of relanced's log\n" + "\n".join(text.splitlines()[-LOG_LINES_SHOWN:])

    def text(self, *arguments):
        """What relancectl prints for a person."""
        return self.run(arguments).stdout

    def ask(self, *arguments):
        """The daemon's answer as it came: one JSON value, or the last of a stream."""
        lines = self.run([*arguments, "--json"]).stdout.strip().splitlines()
        answer = json.loads(lines[-1]) if lines else {}
        return answer.get("result", answer)

    def rows(self, name, *arguments):
        rows = self.ask(*arguments, "--limit", str(ROWS_MAX))[name]
        if len(rows) >= ROWS_MAX:
            raise DemoError(f"`relancectl {' '.join(arguments)}` has more rows than one answer gives")
        return rows

    def run(self, arguments):
        words = ["relancectl", *map(str, arguments)]
        try:
            done = subprocess.run([self.programs / words[0], *words[1:], "--socket", self.socket],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise DemoError(f"`{' '.join(words)}` was not answered in {COMMAND_TIMEOUT_S} s{self.log_tail()}") from None
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip()
            raise DemoError(f"`{' '.join(words)}` ended with {done.returncode}: {said}{self.log_tail()}")
        return done


def programs_of(build):
    """Where the build put relanced, relancectl and the plugins."""
    build = Path(build).resolve()
    programs, plugins = build / "bin", build / "plugins"
    for file in (programs / "relanced", programs / "relancectl", plugins / "relance_smtp.so", plugins / "relance_sms.so", plugins / "relance_lre.so",
                 plugins / "relance_postal.so"):
        if not file.exists():
            raise DemoError(f"{file} is not there: build the target programs first")
    return programs, plugins
