"""The figures that the project is held to, each at its size and beside its yard-stick in the same run; scripts/bench builds what
this runs. One line a figure: what, got, asked, ok. Ratios bind wherever there is one, since absolute rates differ from machine
to machine and from hour to hour."""
import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ["RELANCE_BUILD_DIR"])
SOURCE = Path(os.environ["RELANCE_SOURCE_DIR"])
PATIENCE_S = 3600


class Bench:
    def __init__(self, quick):
        self.quick = quick
        self.figures = []

    def size(self, whole, quick):
        return quick if self.quick else whole

    def figure(self, name, got, asked, unit, is_least=True, note=""):
        """`is_least`: more is better. Without `asked` it is told, not held."""
        ok = None if asked is None else (got >= asked if is_least else got <= asked)
        self.figures.append({"figure": name, "got": got, "asked": asked, "unit": unit, "at": "least" if is_least else "most",
                             "ok": ok, "note": note})
        bound = "" if asked is None else f"asked {'>=' if is_least else '<='} {asked:,g}"
        verdict = {None: "", True: "ok", False: "MISSED"}[ok]
        print(f"  {name:<58} {got:>12,.5g} {unit:<14} {bound:<18} {verdict}  {note}", flush=True)

    def run(self, program, *arguments):
        done = subprocess.run([BUILD / "bin" / program, *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                              timeout=PATIENCE_S, check=True)
        return done.stdout

    def engine(self, *arguments, plugins=None):
        out = self.run("engine_bench", "--plugins", plugins or BUILD / "test-plugins", *arguments)
        return {name: float(value) for name, value in (line.split() for line in out.splitlines())}

    # --- one method a group of figures
    def decide(self):
        out = self.run("decide_bench")
        decided = float(re.search(r"decide: ([\d.]+) million", out)[1]) * 1e6
        self.figure("decide(), one core", decided, 2e6, "decisions/s")

    def engine_figures(self):
        debtors, turns = self.size(1_000_000, 20_000), 5
        due = self.size(20_000, 1_000)
        got = self.engine("--debtors", debtors, "--due", due, "--turns", turns, "--naive")
        among = f"{due * turns:,} due among {debtors:,}, no-op channel"
        self.figure("engine, decided, journaled, intended, settled", got["reminders_per_s"], 20_000, "reminders/s", note=among)
        self.figure("engine / naive loop with SQLite's own settings", got["naive_ratio"], 0.9, "x",
                    note=f"naive {got['naive_per_s']:,.0f}/s, claims and completes only")
        self.figure("engine / naive loop with our cache and log size", got["naive_tuned_ratio"], None, "x",
                    note=f"naive {got['naive_tuned_per_s']:,.0f}/s")

    def simulate(self):
        debtors = self.size(100_000, 5_000)
        got = self.engine("--debtors", debtors, "--due", debtors // 100, "--turns", 1, "--simulate")
        self.figure("simulate, 90 days", got["simulate_s"], 3, "s", is_least=False, note=f"{debtors:,} invoices")

    def portfolio(self):
        debtors, due = self.size(1_000_000, 50_000), self.size(1_000, 200)
        got = self.engine("--debtors", debtors, "--beside", due * 10, "--due", due, "--turns", 9)
        self.figure("dispatch in the large store / in the small one", got["portfolio_ratio"], 1.2, "x", is_least=False,
                    note=f"{due:,} due of {debtors:,} and of {due * 10:,}: {got['turn_s'] * 1e3:.0f} and "
                         f"{got['beside_turn_s'] * 1e3:.0f} ms, medians of 9 turns")

    def reminders(self):
        debtors, due = self.size(1_000_000, 20_000), self.size(20_000, 1_000)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        sink = subprocess.Popen([shutil.which("smtp-sink") or "/usr/sbin/smtp-sink", *user, f"127.0.0.1:{port}", "1000"])
        try:
            got = self.engine("--debtors", debtors, "--due", due, "--turns", 3, "--smtp", port, plugins=BUILD / "plugins")
        finally:
            sink.terminate()
            sink.wait()
        self.figure("claim, decide, render, SMTP to a sink, outcome durable", got["reminders_per_s"], 4_000, "reminders/s",
                    note=f"{due * 3:,} due among {debtors:,}")

    def smtp(self):
        arguments = ["--rounds", 5] if not self.quick else ["--rounds", 1, "--messages", 2_000]
        out = self.run("smtp_bench", *arguments)
        found = re.search(r"median ratio to smtp-source -d: client ([\d.]+), plugin ([\d.]+)", out)
        self.figure("SMTP plugin / smtp-source -d", float(found[2]), 1.2, "x", note="20 connections into smtp-sink")

    def mime(self):
        """In turn, each with its process warm: a round of ours, a round of nodemailer's."""
        rounds, round_ms = self.size((7, 1500), (3, 200))
        node_modules = SOURCE / "build" / "deps" / "node" / "node_modules"
        with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
            files = reminder_files(Path(folder))
            for name, pdf in (("text and HTML", "-"), ("text, HTML and a PDF of 40 KB", files[2])):
                words = [*map(str, files[:2]), str(pdf)]
                with asked([BUILD / "bin" / "mime_bench", *words]) as ours, \
                     asked(["node", SOURCE / "tests" / "bench" / "mime_peer.js", node_modules, *words]) as theirs:
                    for one in (ours, theirs):
                        one(500)
                    taken = [(ours(round_ms), theirs(round_ms)) for _ in range(rounds)]
                ratios = sorted(mine[0] / other[0] for mine, other in taken)
                self.figure(f"a reminder's MIME, {name} / nodemailer", ratios[len(ratios) // 2], 10, "x",
                            note=f"{statistics.median(mine[0] for mine, _ in taken):,.0f}/s of {taken[0][0][1]:,.0f} bytes beside "
                                 f"{statistics.median(other[0] for _, other in taken):,.0f}/s of {taken[0][1][1]:,.0f}, "
                                 f"{rounds} rounds, {ratios[0]:.1f} to {ratios[-1]:.1f}")

    def letters(self):
        """Letters, the naive page and faxes in turn, each figure the median of its rounds."""
        out = self.run("letter_bench", SOURCE / "config" / "relanced.toml")
        letters = re.search(r"letters .* ([\d.]+) pages/s +(\d+) bytes", out)
        naive = re.search(r"naively .* ([\d.]+) pages/s", out)
        faxes = re.search(r"faxes .* ([\d.]+) pages/s", out)
        self.figure("letters of one page, one core", float(letters[1]), 150, "letters/s",
                    note=f"with table, fonts and QR code; the words alone by naive Pango and Cairo: {float(naive[1]):.0f}/s")
        self.figure("bytes of such a letter", int(letters[2]), 60_000, "bytes", is_least=False)
        self.figure("faxes of the same letter, one core", float(faxes[1]), 100, "pages/s")

    def kannel(self):
        """Rounds of a load tool and of the driver, in turn, into one Kannel whose messages go on to a message centre."""
        sys.path.insert(0, str(SOURCE / "tests/peers"))
        import kannel
        seconds, window, rounds, ratios, rates = self.size(2, 1), 16, self.size(11, 1), [], []
        with kannel.Centre() as centre, tempfile.TemporaryDirectory(prefix="relance-bench-") as folder, \
                kannel.Kannel(folder, centre.port, log_level=2) as gateway:
            centre.await_seen("bind")
            for _ in range(rounds):
                theirs = kannel_by_load_tool(gateway, window, seconds)
                ours = kannel_by_driver(self, gateway, window, int(theirs * seconds))
                ratios.append(ours / theirs)
                rates.append((theirs, ours))
        middle = sorted(zip(ratios, rates))[len(ratios) // 2]
        self.figure("Kannel driver / wrk with the same requests", middle[0], 0.9, "x",
                    note=f"median of {rounds}; wrk {middle[1][0]:,.0f}/s, driver {middle[1][1]:,.0f}/s; {window} in flight")

    def smpp(self):
        """The driver beside npm's client, and a whole cycle beside Kannel's."""
        sys.path.insert(0, str(SOURCE / "tests/bench"))
        import smpp_figures
        for window in (16, 100):
            taken = smpp_figures.client(window, self.size(100_000, 5_000), self.size(5, 1))
            ratio, (ours, theirs) = sorted((mine / other, (mine, other)) for mine, other in taken)[len(taken) // 2]
            self.figure(f"SMPP driver / npm's smpp client, window {window}", ratio, 2, "x",
                        note=f"median of {len(taken)}; driver {ours:,.0f}/s, npm {theirs:,.0f}/s, one message centre")
        taken = smpp_figures.cycles(self.size(10_000, 300), self.size(4, 1), self.size(5, 1))
        ratio, (ours, theirs) = sorted((mine / other, (mine, other)) for mine, other in taken)[len(taken) // 2]
        self.figure("reminder by SMPP to its durable receipt / Kannel's cycle", ratio, 2, "x",
                    note=f"median of {len(taken)}; daemon {ours:,.0f}/s, Kannel {theirs:,.0f}/s")

    def hooks(self):
        import hooks_figure
        hooks_figure.take(self, SOURCE / "build/deps")

    def idle(self):
        debtors, watched_s = self.size(100_000, 2_000), self.size(20, 3)
        with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
            daemon = Daemon(Path(folder))
            daemon.start()
            try:
                daemon.fill(debtors)
                time.sleep(12)  # it gives memory back after ten seconds without work
                self.figure("resident, idle after importing", daemon.resident_mb(), None, "MB", note=f"{debtors:,} cases")
                daemon.stop()
                ready = []
                for _ in range(5):
                    ready.append(daemon.start())
                    daemon.stop()
                self.figure("start to ready, median of 5", sorted(ready)[2], 300, "ms", is_least=False)
                daemon.start()
                time.sleep(12)
                before = daemon.wake_ups()
                time.sleep(watched_s)
                self.figure(f"wake-ups in {watched_s} s, all threads", daemon.wake_ups() - before, 0, "", is_least=False,
                            note="nothing is due and no provider polls")
                self.figure("resident, idle after a start", daemon.resident_mb(), 40, "MB", is_least=False,
                            note=f"{debtors:,} cases; {daemon.private_mb():.1f} MB of it its own")
            finally:
                daemon.stop()


KANNEL_TEXT = "Acme : sauf erreur, 1 234,50 EUR restent a regler (ref. F-2026-017)."


def kannel_by_load_tool(gateway, connections, seconds):
    """sendsms answered 202 a second: the driver's own requests, by wrk on connections that stay open."""
    headers = {"X-Kannel-Username": "relance", "X-Kannel-Password": gateway.password, "X-Kannel-From": "Acme", "X-Kannel-To": "+33600000001",
               "X-Kannel-Coding": "0", "Content-Type": "text/plain; charset=UTF-8"}
    script = gateway.folder / "sendsms.lua"
    script.write_text("wrk.method = 'POST'\n" + "".join(f"wrk.headers['{name}'] = '{value}'\n" for name, value in headers.items())
                      + f"wrk.body = '{KANNEL_TEXT}'\n")
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, gateway.url], text=True, stdout=subprocess.PIPE,
                         timeout=PATIENCE_S, check=True).stdout
    if "Non-2xx" in out:
        raise RuntimeError(out)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", out)[1])


def kannel_by_driver(bench, gateway, window, messages):
    out = bench.run("kannel_bench", "--url", gateway.url, "--user", "relance", "--secret", gateway.password, "--messages", messages, "--window",
                    window, "--plugins", BUILD / "plugins", "--child", BUILD / "bin/channel_child")
    found = re.search(r"accepted (\d+) seconds ([\d.]+)", out)
    return int(found[1]) / float(found[2])


class Daemon:
    """A relanced of its own with the e-mail plugin, told by its notification socket when it is ready."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        for name in ("state", "regions", "providers", "scenarios", "templates"):
            (folder / name).mkdir()
        (folder / "relanced.toml").write_text(f"""state = "{folder}/state"
control_socket = "{folder}/c.sock"
plugin_folder = "{BUILD}/test-plugins"
[[creditor]]
code = "acme"
name = "Acme SAS"
address = ["1 rue du Test", "75001 PARIS"]
country = "FR"
region = "FR"
language = "en"
sender.email = {{ name = "Acme", address = "billing@acme.example" }}
""")
        (folder / "regions/FR.toml").write_text("""id = "FR"
name = "France"
country = "FR"
language = "en"
time_zone = "Europe/Paris"
[providers]
email = ["mail"]
""")
        (folder / "providers/mail.toml").write_text('id = "mail"\nplugin = "noop"\nchannel = "email"\nplacement = "inproc"\n')
        (folder / "scenarios/standard.toml").write_text(
            'id = "standard"\n[[step]]\nid = "reminder-1"\nafter = "5d"\nchannels = ["email"]\ntemplate = "words"\n')
        (folder / "templates/words.en.toml").write_text('subject = "{{total}} to pay"\ntext = "{{total}}\\n"\n')

    def start(self):
        """Milliseconds from exec to READY=1."""
        address = self.folder / "notify"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(address))
            notify.settimeout(60)
            began = time.monotonic()
            with open(self.folder / "log", "a") as log:
                self.process = subprocess.Popen([BUILD / "bin/relanced", "--config", self.folder / "relanced.toml"], stdout=log,
                                                stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(address)})
            while "READY=1" not in notify.recv(4096).decode():
                pass
            return (time.monotonic() - began) * 1000

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def ctl(self, *words):
        subprocess.run([BUILD / "bin/relancectl", "--socket", self.folder / "c.sock", *map(str, words)], check=True,
                       stdout=subprocess.DEVNULL)

    def fill(self, debtors):
        """One invoice each, due in a year at the earliest: nothing is to do."""
        due = time.strftime("%Y-%m-%d", time.localtime(time.time() + 400 * 86_400))
        issued = time.strftime("%Y-%m-%d")
        with open(self.folder / "debtors.csv", "w") as file:
            file.write("debtor_id,name,country,region,language,email\n")
            file.writelines(f"D-{i},Debtor {i},FR,FR,en,accounts{i}@debtor.example\n" for i in range(debtors))
        with open(self.folder / "invoices.csv", "w") as file:
            file.write("debtor_id,invoice_number,issue_date,due_date,amount,currency\n")
            file.writelines(f"D-{i},F-{i},{issued},{due},{100 + i % 900}.00,EUR\n" for i in range(debtors))
        self.ctl("import", "debtors", self.folder / "debtors.csv")
        self.ctl("import", "invoices", self.folder / "invoices.csv")
        self.ctl("onboard", "--start-at", "reminder-1")
        while True:  # the first look at each case
            status = subprocess.run([BUILD / "bin/relancectl", "--socket", self.folder / "c.sock", "status", "--json"], text=True,
                                    stdout=subprocess.PIPE, check=True).stdout
            if re.search(r'"due_now"\s*:\s*0\b', status):
                return
            time.sleep(0.2)

    def memory(self, field):
        for name in ("status", "smaps_rollup"):
            for line in Path(f"/proc/{self.process.pid}/{name}").read_text().splitlines():
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
        raise KeyError(field)

    def resident_mb(self):
        return self.memory("VmRSS")

    def private_mb(self):
        return self.memory("Private_Dirty")

    def wake_ups(self):
        """Times that a thread went to sleep of its own will: each followed a wake-up."""
        count = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.M)
            count += int(found[1])
        return count


def reminder_files(folder):
    """A French reminder with five invoices as text and HTML, and what a PDF beside it weighs."""
    rows = [(f"2026-{number:04}", f"{number % 28 + 1:02}/04/2026", f"{number * 137.5:,.2f} €") for number in range(42, 47)]
    text = folder / "text"
    text.write_text("Bonjour,\n\nSauf erreur de notre part, les factures suivantes restent impayées à ce jour :\n\n"
                    + "".join(f"  – facture {number}, échue le {due} : {amount}\n" for number, due, amount in rows)
                    + "\nNous vous remercions de bien vouloir procéder à leur règlement sous huit jours.\n\n"
                      "Cordialement,\nLe service comptabilité clients\n", encoding="utf-8")
    html = folder / "html"
    html.write_text("<!doctype html><html><body style=\"font-family: sans-serif\">\n<p>Bonjour,</p>\n<p>Sauf erreur de notre part, "
                    "les factures suivantes restent impayées à ce jour&nbsp;:</p>\n<table>\n"
                    + "".join(f"<tr><td>{number}</td><td>{due}</td><td style=\"text-align: right\">{amount}</td></tr>\n"
                              for number, due, amount in rows)
                    + "</table>\n<p>Nous vous remercions de bien vouloir procéder à leur règlement sous huit jours.</p>\n"
                      "<p>Cordialement,<br>Le service comptabilité clients</p>\n</body></html>\n", encoding="utf-8")
    pdf = folder / "pdf"
    pdf.write_bytes(bytes((number * 2654435761 >> 13) & 0xFF for number in range(40 * 1024)))
    return text, html, pdf


@contextlib.contextmanager
def asked(command):
    """A program that answers each number of milliseconds with what it did in them: two numbers."""
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(milliseconds):
        process.stdin.write(f"{milliseconds}\n")
        process.stdin.flush()
        return tuple(map(float, process.stdout.readline().split()))

    try:
        yield ask
    finally:
        process.stdin.close()
        process.wait(PATIENCE_S)


GROUPS = {"decide": Bench.decide, "simulate": Bench.simulate, "engine": Bench.engine_figures, "portfolio": Bench.portfolio,
          "reminders": Bench.reminders, "smtp": Bench.smtp, "mime": Bench.mime, "letters": Bench.letters, "kannel": Bench.kannel, "smpp": Bench.smpp, "hooks": Bench.hooks,
          "idle": Bench.idle}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*GROUPS, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that each figure can be taken, not its worth")
    parser.add_argument("--json", metavar="FILE", help="writes the figures there too")
    arguments = parser.parse_args()
    bench = Bench(arguments.quick)
    for name in arguments.figures or GROUPS:
        print(f"== {name}", flush=True)
        GROUPS[name](bench)
    missed = [figure["figure"] for figure in bench.figures if figure["ok"] is False]
    if arguments.json:
        load = os.getloadavg()
        Path(arguments.json).write_text(json.dumps({"quick": arguments.quick, "cores": os.cpu_count(), "load": load,
                                                    "figures": bench.figures}, indent=1) + "\n")
    if arguments.quick:
        print("bench: quick sizes; no figure is held to its mark")
        return 0
    print(f"bench: {len(missed)} missed" + "".join(f"\n  {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
