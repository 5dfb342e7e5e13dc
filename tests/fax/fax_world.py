"""A fax server that calls, and the driver in hands (fax_hand) that a test may kill."""
import concurrent.futures
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers" / "fax_line"))
import fax_pages  # noqa: E402, F401
from fax_office import FaxOffice, Skipped, await_fact  # noqa: E402

BUILD = Path(os.environ.get("RELANCE_BUILD_DIR", Path(__file__).resolve().parents[2] / "build/dev"))
PASSWORD = "p-7f3a91"
PATIENCE_S = 90  # a call is over in seconds; a machine that is busy with other tests takes longer
keys = itertools.count(1)


def new_key():
    return f"01HV5T3X2Y4Z6A8B0C2D{next(keys):06}"


class World:
    def __init__(self, lines=0):
        self.lines, self.hands = lines, []

    def __enter__(self):
        if not (BUILD / "peers/fax_hand").exists():
            raise Skipped(f"fax_hand has not been built in {BUILD}")
        self.folder = Path(tempfile.mkdtemp(prefix="rl-fax-", dir="/tmp"))
        self.folder.chmod(0o711)
        self.office = FaxOffice(self.folder / "spool", BUILD / "peers/fax_line", self.lines, PASSWORD)
        try:
            self.office.__enter__()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, kind, *_):
        for hand in self.hands:
            hand.end()
        self.office.__exit__()
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            print(f"what happened lies in {self.folder}/spool: log, sendq, doneq, received")

    def hand(self, **settings):
        self.hands.append(Hand({"host": "127.0.0.1", "port": self.office.port, "user": "relance", "password": PASSWORD,
                                "dial": {"country_code": "33"}, "timeout_s": 20, **settings}))
        return self.hands[-1]

    def pages(self, *seeds):
        file = self.folder / ("pages-" + "-".join(map(str, seeds)) + ".tif")
        if not file.exists():
            fax_pages.write(file, [fax_pages.draw(seed) for seed in seeds])
        return file

    def calls_to(self, number):
        return [call for call in self.office.calls if call["number"] == "0" + number.removeprefix("+33")]


class Hand:
    def __init__(self, settings):
        self.process = subprocess.Popen([BUILD / "peers/fax_hand", json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def ask(self, do, **fields):
        self.tell(do, **fields)
        return self.answer()

    def tell(self, do, **fields):
        self.process.stdin.write(json.dumps({"do": do, **{name: str(value) if not isinstance(value, int) else value for name, value in fields.items()}}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def sent(self, number, file, key=None):
        """Handed over and released; its reference."""
        prepared = self.ask("send", number=number, file=file, key=key or new_key())
        assert prepared["outcome"] == "prepared", prepared
        accepted = self.ask("commit", ref=prepared["ref"])
        assert accepted["outcome"] == "accepted" and accepted["ref"] == prepared["ref"], accepted
        return accepted["ref"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


def receipts_until_over(hand, refs):
    """{ref: receipts in the order told}; asked until each has its last one."""
    told = {ref: [] for ref in refs}

    def look():
        polled = hand.ask("poll", refs=" ".join(refs))
        assert not polled["error"], polled
        for receipt in polled["receipts"]:
            if receipt["ref"] in told:
                told[receipt["ref"]].append(receipt)
        return all(any(receipt["final"] == "yes" for receipt in all_told) for all_told in told.values())
    await_fact(look, PATIENCE_S, lambda: f"every fax is over: {told}")
    return told


def run(cases):
    """All cases at the same time, as most of a call is waiting; prints what passed; returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted, failed, began = sys.argv[1:], 0, time.monotonic()
    chosen = [case for case in cases if not wanted or case.__name__ in wanted]
    with concurrent.futures.ThreadPoolExecutor(len(chosen)) as pool:
        begun = {case.__name__: pool.submit(case) for case in chosen}
        for name, case in begun.items():
            try:
                case.result()
                print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
            except Skipped as reason:
                print(f"all of this suite skipped: {reason}")
                return 0
            except AssertionError as fault:
                failed += 1
                print(f"FAILED  {name}: {fault}", flush=True)
                traceback.print_exception(fault)
    print(f"{'FAILED' if failed else 'passed'} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0
