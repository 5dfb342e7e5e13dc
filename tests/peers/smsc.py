"""The message centre of smsc.js as a process of a test: orders in, what it saw out."""
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "hard"))
from hard_world import PEER_PATIENCE_S, Skipped, await_fact  # noqa: E402


class Smsc:
    """`seen` grows while it runs. `key` and `certificate`: PEM files, for TLS."""

    def __init__(self, key=None, certificate=None, port=0):
        self.secure = {"SMSC_KEY": str(key), "SMSC_CERT": str(certificate)} if key else {}
        self.wanted_port = port

    def __enter__(self):
        modules = Path(os.environ.get("RELANCE_DEPS_DIR") or Path(__file__).resolve().parents[2] / "build" / "deps") / "node" / "node_modules"
        if shutil.which("node") is None or not (modules / "smpp").exists():
            raise Skipped("node or its package smpp is missing: run scripts/bootstrap")
        self.process = subprocess.Popen(["node", Path(__file__).with_name("smsc.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ.get("PATH", ""), "NODE_PATH": str(modules), "SMSC_PORT": str(self.wanted_port),
                                             **self.secure})
        self.seen = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.port = self.await_seen("listening")["port"]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.reader.join()

    def read(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def tell(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def of(self, event, **fields):
        return [e for e in list(self.seen) if e["event"] == event and all(e.get(k) == v for k, v in fields.items())]

    def await_seen(self, event, count=1, **fields):
        await_fact(lambda: len(self.of(event, **fields)) >= count, PEER_PATIENCE_S, f"{count} × {event} {fields} at the message centre")
        return self.of(event, **fields)[count - 1]

    def taken(self):
        """The number of each part that it took, in the order of their coming."""
        return [e["to"] for e in self.of("submit", taken=True)]
