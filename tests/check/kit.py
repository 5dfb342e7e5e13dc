"""Runs relance-check and hands its report back; knows the list of faults."""
import json
import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BUILD = Path(os.environ.get("RELANCE_BUILD_DIR", HERE.parents[1] / "build/dev"))
PROGRAM = BUILD / "bin/relance-check"
FAULT = re.compile(r'^FAULT\((\w+), "([\w.]*)", "(.*)"\)$', re.M)


def faults():
    """[(name, test that must catch it, what it does)], without the good one."""
    text = (HERE.parent / "plugins-bad/faults.inc").read_text(encoding="utf-8")
    return [found for found in FAULT.findall(text) if found[0] != "none"]


def bad_plugin(name):
    return BUILD / f"plugins-bad/bad_{name}.so"


def run(plugin, *arguments, profile="messages.json", timeout=300):
    """(exit status, standard output)"""
    own = ["--profile", HERE / profile] if profile else []
    done = subprocess.run([PROGRAM, plugin, *own, *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    if done.stderr:
        raise AssertionError(f"relance-check {plugin}: {done.stderr}")
    return done.returncode, done.stdout


def report(plugin, *arguments, profile="messages.json", timeout=300):
    """The report as JSON, and the tests in it by name."""
    status, text = run(plugin, "--json", *arguments, profile=profile, timeout=timeout)
    found = json.loads(text)
    found["exit"] = status
    return found, {one["test"]: one for one in found["tests"]}


def complaints(found):
    """What a report says, readably, for a test's failure."""
    return "\n".join(f"{one['test']}: {finding['what']}" for one in found["tests"] for finding in one["findings"])
