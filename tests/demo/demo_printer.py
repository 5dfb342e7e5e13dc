"""The demo's printer: a real ippeveprinter, whose paper is a folder."""
import shutil
import socket
import subprocess
import time
from pathlib import Path

from demo_daemon import DemoError, end_with_parent, free_port

START_TIMEOUT_S = 10


class Printer:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self.processes = []

    @property
    def url(self):
        return f"ipp://localhost:{self.port}/ipp/print"

    def start(self):
        for name in ("ippeveprinter", "dbus-daemon"):
            if shutil.which(name) is None:
                raise DemoError(f"{name} is missing: run scripts/bootstrap")
        for name in ("spool", "printed"):
            (self.folder / name).mkdir(parents=True)
        command = self.folder / "print"
        command.write_text(f'#!/bin/sh\nexec cp "$1" "{self.folder}/printed/$IPP_JOB_NAME.$$.pdf"\n')
        command.chmod(0o700)
        # It announces itself on a bus and does not start without one; nobody listens on this one.
        bus = f"unix:path={self.folder}/bus"
        self.run("bus", ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={bus}"], {})
        self.await_true(lambda: (self.folder / "bus").exists(), "the printer's bus")
        self.run("printer", ["ippeveprinter", "-p", str(self.port), "-n", "localhost", "-r", "off", "-f", "application/pdf", "-F", "application/pdf",
                             "-c", str(command), "-d", str(self.folder / "spool"), "-k", "Office printer"], {"DBUS_SYSTEM_BUS_ADDRESS": bus})
        self.await_true(self.answers, "the printer")

    def run(self, name, arguments, environment):
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen([shutil.which(arguments[0]), *arguments[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment}, preexec_fn=end_with_parent))

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def await_true(self, holds, what):
        deadline = time.monotonic() + START_TIMEOUT_S
        while not holds():
            if time.monotonic() > deadline or self.processes[-1].poll() is not None:
                raise DemoError(f"{what} did not start: {[log.read_text(errors='replace') for log in self.folder.glob('*.log')]}")
            time.sleep(0.01)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    def letters(self):
        """The files of what lies in its tray, oldest first; each is called KEY.NUMBER.pdf, so that a second copy would be one more."""
        return sorted((self.folder / "printed").glob("*.pdf"), key=lambda file: file.stat().st_mtime_ns)
