"""The demo's mobile network: a real Kannel, a message centre behind it, and the debtors' phones.

The centre takes every message and reports what became of it at the phone: delivered, or undeliverable where the phone is
switched off for good (numbers that end in OFF_DIGIT). Nothing here knows the daemon; Kannel calls its webhooks.
"""
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
from kannel import Centre, Kannel  # noqa: E402

OFF_DIGIT = "7"
LOOK_S = 0.01  # the centre's events come as lines of another process


def is_off(number):
    return number.endswith(OFF_DIGIT)


class Phones:
    def __init__(self, folder):
        folder.mkdir()
        self.centre = Centre()
        self.folder = folder
        self.kannel = None
        self.reported = 0
        self.ended = threading.Event()
        self.thread = None

    def start(self):
        self.centre.__enter__()
        self.kannel = Kannel(self.folder, self.centre.port)
        self.kannel.__enter__()
        self.thread = threading.Thread(target=self.report, daemon=True)
        self.thread.start()

    def stop(self):
        self.ended.set()
        if self.thread is not None:
            self.thread.join()
        if self.kannel is not None:
            self.kannel.__exit__()
        if hasattr(self.centre, "process"):
            self.centre.__exit__()

    def report(self):
        """One receipt for each part that asks for one, as soon as it is taken."""
        while not self.ended.wait(LOOK_S):
            taken = self.parts()
            for part in taken[self.reported:]:
                if part["receipt"] & 1:
                    self.centre.tell(deliver={"id": part["id"], "stat": "UNDELIV" if is_off(part["to"]) else "DELIVRD"})
            self.reported = len(taken)

    def parts(self):
        return self.centre.of("submit", taken=True)

    def texts(self):
        """(number, text) of each message taken, its parts put together: only the first part asks for a receipt."""
        whole = []
        for part in self.parts():
            if part["receipt"] & 1:
                whole.append([part["to"], ""])
            whole[-1][1] += part["text"]
        return [tuple(text) for text in whole]
