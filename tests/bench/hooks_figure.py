"""Receipts by webhook, durable before the 2xx: relanced with its listener, its plugin's signature check and its store, beside a bare
node server with better-sqlite3 and group commit. The same load tool (wrk, 100 connections, one thread) for both, in turns; both sync
their log before each group's answers. While callers wait relanced reads little of what it stored (node never does): what it stores
and reads in all is told beside it."""
import contextlib
import hashlib
import hmac
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "hooks"))
from hook_world import SECRET, HookWorld  # noqa: E402

CONNECTIONS = 100
BODIES = 20_000


def installed_peer(deps):
    """The folder of better-sqlite3, built from its source at the first call (some minutes)."""
    folder = deps / "hook-peer"
    lock = HERE / "hook_peer/package-lock.json"
    kept = folder / "package-lock.json"
    if not (kept.exists() and kept.read_bytes() == lock.read_bytes() and (folder / "node_modules/better-sqlite3/build/Release").exists()):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "hook_peer" / name, folder / name)
        subprocess.run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"], check=True, stdout=subprocess.DEVNULL)
    return folder


def write_bodies(path):
    lines = []
    for number in range(BODIES):
        body = f"KEY{number:023} delivered".encode()
        lines.append(hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode() + b" " + body)
    path.write_bytes(b"\n".join(lines) + b"\n")


def load(url, bodies, seconds):
    """(requests/s, answered with 2xx) by wrk."""
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "hook_load.lua", url, "--", bodies], text=True,
                         stdout=subprocess.PIPE, check=True, timeout=600).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(out)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", out)[1]), int(re.search(r"(\d+) requests in", out)[1])


def node(peer, bodies, seconds):
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        server = subprocess.Popen(["node", HERE / "hook_peer/server.js", peer, f"{folder}/peer.db"], text=True, stdout=subprocess.PIPE)
        try:
            rate, answered = load(f"http://127.0.0.1:{server.stdout.readline().strip()}/hooks/peer/token", bodies, seconds)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
        expect_stored(f"{folder}/peer.db", answered)
        return rate


def relanced(placement, bodies, seconds, reads_all=False):
    """Requests/s. With `reads_all` instead: webhooks/s until the last of them is applied too."""
    world = HookWorld(hooks="rate_max = 0\nconnections_of_address_max = 200", placement=placement)
    store = world.folder / "state/relance.db"
    try:
        world.start()
        began = time.monotonic()
        rate, answered = load(f"http://127.0.0.1:{world.port}{world.path}", bodies, seconds)
        if reads_all:
            while unread(store):
                time.sleep(0.05)
            rate = answered / (time.monotonic() - began)
        world.daemon.send_signal(signal.SIGKILL)  # what was answered is there all the same
        world.daemon.wait()
        expect_stored(store, answered)
        return rate
    finally:
        world.close()


def unread(store):
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT 1 FROM inbound WHERE state = 0 LIMIT 1").fetchone()


def expect_stored(store, answered):
    connection = sqlite3.connect(store)
    stored = connection.execute("SELECT count(*) FROM inbound").fetchone()[0]
    connection.close()
    if stored < answered:
        raise RuntimeError(f"{answered} webhooks were answered, {stored} are stored")


def take(bench, deps):
    seconds, rounds = bench.size(4, 1), bench.size(5, 1)
    peer = installed_peer(deps)
    got = {"node": [], "child": [], "inproc": []}
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        bodies = Path(folder) / "bodies"
        write_bodies(bodies)
        for _ in range(rounds):
            got["node"].append(node(peer, bodies, seconds))
            for placement in ("child", "inproc"):
                got[placement].append(relanced(placement, bodies, seconds))
                time.sleep(0.2)
        read = {placement: relanced(placement, bodies, seconds, reads_all=True) for placement in ("child", "inproc")}
    for placement, asked in (("child", 1.0), ("inproc", 1.0)):
        ratio = statistics.median(ours / theirs for ours, theirs in zip(got[placement], got["node"]))
        bench.figure(f"webhooks durable before 2xx, plugin {placement} / node", ratio, asked, "x",
                     note=f"median of {rounds}; ours {statistics.median(got[placement]):,.0f}/s with signatures, "
                          f"node {statistics.median(got['node']):,.0f}/s without; {CONNECTIONS} connections")
        bench.figure(f"webhooks stored and read to the last, plugin {placement}", read[placement], None, "webhooks/s",
                     note="receipts of unknown messages; the load has ended before the last is read")
