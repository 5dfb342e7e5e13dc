"""A peer that is a program of node: orders go in as JSON lines, what it saw comes out as JSON lines."""
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

PATIENCE_S = 60
LOOK_EVERY_S = 0.004


class Missing(Exception):
    """This machine cannot run it, and why."""


class Silent(Exception):
    """It did not say what was waited for."""


class NodePeer:
    """`seen` grows while it runs. `script` asks npm's `package`; `environment` is all it gets beside its paths."""

    def __init__(self, script, package, environment=None):
        self.script, self.package, self.environment = script, package, environment or {}

    def __enter__(self):
        modules = Path(os.environ.get("RELANCE_DEPS_DIR") or Path(__file__).resolve().parents[2] / "build" / "deps") / "node" / "node_modules"
        if shutil.which("node") is None or not (modules / self.package).exists():
            raise Missing(f"node or its package {self.package} is missing: run scripts/bootstrap")
        self.process = subprocess.Popen(["node", self.script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ.get("PATH", ""), "NODE_PATH": str(modules), **self.environment})
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
        deadline = time.monotonic() + PATIENCE_S
        while len(self.of(event, **fields)) < count:
            if time.monotonic() > deadline:
                raise Silent(f"not within {PATIENCE_S} s: {count} × {event} {fields} at {Path(self.script).name}; last seen: {self.seen[-3:]}")
            time.sleep(LOOK_EVERY_S)
        return self.of(event, **fields)[count - 1]

    def taken(self):
        """The addressee of each part that it took, in the order of their coming."""
        return [e["to"] for e in self.of("submit", taken=True)]
