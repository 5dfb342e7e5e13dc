"""The figures of SMPP: the driver beside npm's client on one message centre, and a whole cycle (text out, receipt durable) beside
Kannel's own (spool, receipt called back), each pair in turn on the same message centre of smsc_sink."""
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

BUILD = Path(os.environ["RELANCE_BUILD_DIR"])
SOURCE = Path(os.environ["RELANCE_SOURCE_DIR"])
for folder in ("tests/peers", "tests/peers/hard", "tests/chaos"):
    sys.path.insert(0, str(SOURCE / folder))
PATIENCE_S = 600
WINDOW = 200  # of both sides of a cycle


class Told:
    """A program that prints its port, and at each line that it is given what it has counted."""

    def __init__(self, *words):
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def counts(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [int(number) for number in self.process.stdout.readline().split()]

    def await_count(self, index, count):
        """Seconds until so many, from now on."""
        began = time.monotonic()
        while self.counts()[index] < count:
            if time.monotonic() - began > PATIENCE_S:
                raise RuntimeError(f"{self.counts()} of {count} after {PATIENCE_S} s")
            time.sleep(0.002)
        return time.monotonic() - began


def node(*words):
    modules = Path(os.environ.get("RELANCE_DEPS_DIR") or SOURCE / "build" / "deps") / "node" / "node_modules"
    return subprocess.run(["node", *map(str, words)], text=True, stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S,
                          env={"PATH": os.environ.get("PATH", ""), "NODE_PATH": str(modules)}).stdout


def client(window, messages, rounds):
    """[(ours, npm's)] texts a second."""
    taken = []
    with Told(BUILD / "bin/smsc_sink") as centre:
        for _ in range(rounds):
            theirs = float(node(SOURCE / "tests/bench/smpp_client.js", centre.port, messages, window))
            ours = float(subprocess.run([BUILD / "bin/smpp_bench", BUILD / "plugins/relance_sms.so", str(centre.port), str(messages), str(window)],
                                        text=True, stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S).stdout)
            taken.append((ours, theirs))
    return taken


def our_cycle(world, centre, count):
    """Reminders a second: decided, rendered, sent, acknowledged, and their receipts durable and applied."""
    world.add_debtors(count, world.now.date() + world.DAY)
    world.import_pending()
    world.advance_a_little()
    delivered = world.counts()["delivered"]
    began = time.monotonic()
    world.advance_a_little(minutes=24 * 60)
    while world.counts()["delivered"] < delivered + count:
        if time.monotonic() - began > PATIENCE_S:
            raise RuntimeError(f"{world.counts()}")
        time.sleep(0.01)
    return count / (time.monotonic() - began)


def kannel_cycle(gateway, callbacks, seconds, connections=64):
    """Texts a second: taken over HTTP and spooled, sent, their receipts called back."""
    before = callbacks.counts()[0]
    query = urllib.parse.urlencode({"username": "relance", "password": gateway.password, "from": "Acme", "to": "+33600000001", "coding": 0,
                                    "charset": "UTF-8", "text": "Acme: 1 234,50 EUR restent a regler.", "dlr-mask": 1,
                                    "dlr-url": f"http://127.0.0.1:{callbacks.port}/?type=%d"})
    began = time.monotonic()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"{gateway.url}?{query}"], text=True, stdout=subprocess.PIPE,
                         timeout=PATIENCE_S, check=True).stdout
    taken = int(re.search(r"(\d+) requests in", out)[1])
    callbacks.await_count(0, before + taken)
    return taken / (time.monotonic() - began)


def tuned(gateway):
    """With the window that we have; its default is 10."""
    configuration = gateway.folder / "kannel.conf"
    configuration.write_text(configuration.read_text().replace("transceiver-mode = true", f"transceiver-mode = true\nmax-pending-submits = {WINDOW}"))
    return gateway


def cycles(count, seconds, rounds):
    """[(ours, Kannel's)]; the ledger grows from round to round, as it does in life."""
    import datetime
    import hard_world
    import kannel

    class World(hard_world.HardWorld):
        DAY = datetime.timedelta(days=1)

        def plugin_folder(self):
            return BUILD / "plugins"

    taken = []
    sink = BUILD / "bin/smsc_sink"
    with Told(sink, "--receipts") as centre, Told("node", SOURCE / "tests/bench/callback_sink.js") as callbacks, \
            tempfile.TemporaryDirectory(prefix="relance-bench-") as folder, tuned(kannel.Kannel(folder, centre.port, log_level=4)) as gateway:
        settings = (f'host = "127.0.0.1"\nport = {centre.port}\nsystem_id = "relance"\npassword = "secret08"\nwindow = {WINDOW}\n')
        with World("relance_sms", "sms", settings, provider=f'driver = "smpp"\ncredit_window = {WINDOW}') as world:
            world.live()
            for _ in range(rounds):
                theirs = kannel_cycle(gateway, callbacks, seconds)
                taken.append((our_cycle(world, centre, count), theirs))
    return taken
