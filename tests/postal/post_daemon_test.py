#!/usr/bin/env python3
"""Letters through the real daemon, in a sandboxed child: dropped at a real OpenSSH server with the daemon dying at each arrow,
printed on CUPS's ippeveprinter, and made and proved at a double of Maileva. All counted at the other side."""
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers" / "hard"))
import hard_world  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, Skipped, await_fact, expect  # noqa: E402

ARROWS = ("intended", "submitted", "outcome_taken", "outcome_recorded", "releasing", "released")


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def listens(port):
    with socket.socket() as it:
        return it.connect_ex(("127.0.0.1", port)) == 0


class World(HardWorld):
    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"

    def configure(self):
        super().configure()
        main = self.folder / "config" / "relanced.toml"
        main.write_text(main.read_text().replace("[limits]\n", '[limits]\npoll_every = "1s"\n'))

    def all_sent(self, sent):
        counts = self.counts_as_time_passes(f"{sent} are sent", lambda c: c["sent"] == sent and c["attempts_open"] == 0)
        expect(counts["in_doubt"] == 0, f"in doubt: {counts}")


class Peer:
    """Programs of its own in a folder of its own, each ended by its pid."""

    def __enter__(self):
        self.folder, self.programs = Path(tempfile.mkdtemp(prefix="rl-post-", dir="/tmp")), []
        self.port = free_port()
        try:
            self.start()
            await_fact(lambda: listens(self.port), PEER_PATIENCE_S, f"{type(self).__name__} listens")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.terminate()
            try:
                program.wait(5)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        shutil.rmtree(self.folder)

    def run(self, *words, **more):
        with open(self.folder / "log", "ab") as log:
            self.programs.append(subprocess.Popen([str(w) for w in words], stdout=log, stderr=log, **more))


def found(name):
    path = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")
    if path is None:
        raise Skipped(f"{name} is not installed")
    return path


class Drop(Peer):
    """sshd with nothing but SFTP."""

    def start(self):
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        for name in ("host", "user"):
            subprocess.run([found("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        shutil.copy(self.folder / "user.pub", self.folder / "authorized_keys")
        said = subprocess.run([found("ssh-keygen"), "-lf", self.folder / "host.pub"], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.host_key = said.split()[1]
        for name in ("in", "out"):
            (self.folder / name).mkdir()
        (self.folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/authorized_keys\nPidFile none\n"
            "StrictModes no\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\nLogLevel ERROR\n")
        self.run(found("sshd"), "-D", "-e", "-f", self.folder / "sshd_config")

    def settings(self):
        key = (self.folder / "user").read_text()
        return (f'host = "127.0.0.1"\nport = {self.port}\nuser = "{pwd.getpwuid(os.geteuid()).pw_name}"\nhost_key = "{self.host_key}"\n'
                f'private_key = """\n{key}"""\nfolder = "{self.folder}/in"\n[settings.acknowledgements]\nfolder = "{self.folder}/out"\n'
                'states = { POSTED = "dispatched", RETURNED = "returned" }\n')

    def jobs(self):
        return [json.loads(f.read_text()) for f in sorted((self.folder / "in").glob("*.json"))]

    def dropped_once(self, count):
        jobs = self.jobs()
        addressees = [job["recipient"]["lines"][0] for job in jobs]
        expect(len(jobs) == count and len(set(addressees)) == count, f"in the folder: {addressees}, wanted {count}")
        for job in jobs:
            expect((self.folder / "in" / job["document"]["file"]).stat().st_size == job["document"]["bytes"], f"{job}")


class Printer(Peer):
    """CUPS's own, whose printing is a copy."""

    def start(self):
        bus = f"unix:path={self.folder}/bus"
        self.run(found("dbus-daemon"), "--session", "--nofork", "--nopidfile", f"--address={bus}")
        await_fact((self.folder / "bus").exists, PEER_PATIENCE_S, "a bus")
        script = self.folder / "print"
        script.write_text(f'#!/bin/sh\ncp "$1" "{self.folder}/printed-$IPP_JOB_NAME"\n')
        script.chmod(0o700)
        (self.folder / "spool").mkdir()
        self.run(found("ippeveprinter"), "-p", self.port, "-n", "localhost", "-r", "off", "-f", "application/pdf", "-F", "application/pdf",
                 "-c", script, "-d", self.folder / "spool", "-k", "Office", env={"PATH": "/usr/bin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": bus})

    def printed(self):
        return list(self.folder.glob("printed-*"))


class Services(Peer):
    """print_services.py"""

    def start(self):
        self.url = f"http://127.0.0.1:{self.port}"
        self.run(sys.executable, "-B", HERE / "print_services.py", self.port)

    def ask(self, path, given=None):
        with urllib.request.urlopen(urllib.request.Request(self.url + path, None if given is None else json.dumps(given).encode()), timeout=10) as answer:
            return json.load(answer)


# --- a drop folder ---

def letters_are_dropped_once_whatever_dies(drop):
    with World("relance_postal", "postal", drop.settings(), provider='driver = "sftp"') as world:
        world.live()
        for sent, arrow in enumerate(ARROWS, 1):
            world.die_at(arrow)
            world.again()
            world.all_sent(sent)
            drop.dropped_once(sent)


def acknowledgements_become_receipts(drop):
    with World("relance_postal", "postal", drop.settings(), provider='driver = "sftp"') as world:
        world.live()
        world.due(2)
        world.all_sent(2)
        first, second = (job["key"] for job in drop.jobs())
        (drop.folder / "out" / "1.csv").write_text(f"key;state\n{first};POSTED\n{second};POSTED\n{second};RETURNED\n")
        world.await_counts("one is returned", lambda c: c["bounced"] == 1)
        await_fact(lambda: not list((drop.folder / "out").iterdir()), PEER_PATIENCE_S, "what was stored is removed")
        world.kill(signal.SIGTERM)


# --- a printer ---

def a_letter_is_printed(printer):
    with World("relance_postal", "postal", f'url = "ipp://localhost:{printer.port}/ipp/print"\nbusy_pause_s = 1',
               provider=f'driver = "ipp"\n[sandbox]\nnetwork = "none"\n[http]\nhosts = ["http://localhost:{printer.port}"]') as world:
        world.live()
        world.due()
        world.all_sent(1)
        await_fact(printer.printed, PEER_PATIENCE_S, "it is printed")
        expect(len(printer.printed()) == 1 and printer.printed()[0].read_bytes().startswith(b"%PDF-"), f"{printer.printed()}")
        await_fact(lambda: any(r["delivery"] == "dispatched" for r in world.reminders()), PEER_PATIENCE_S, "the receipt says dispatched")


# --- a provider with an interface ---

def a_letter_goes_through_maileva(services):
    with World("relance_postal", "postal", f'api = "{services.url}"\nidentity = "{services.url}"\nclient_id = "us"\nclient_secret = "right secret"',
               provider=f'driver = "maileva"\n[sandbox]\nnetwork = "none"\n[http]\nhosts = ["{services.url}"]') as world:
        world.live()
        for sent, arrow in enumerate(("submitted", "releasing", "released"), 1):
            world.die_at(arrow)
            world.again()
            world.all_sent(sent)
        sendings = services.ask("/_seen")["sendings"]
        submitted = [s for s in sendings.values() if s["submits"]]
        expect(len(submitted) == 3 and all(s["submits"] == 1 for s in submitted), f"{sendings}")
        ref = next(name for name, s in sendings.items() if s["submits"])
        services.ask("/_do", {"recipient": {"sending": ref, "set": {"status": "PROCESSED", "undelivered_mail_reason": "N02"}}})
        world.await_counts("one is returned", lambda c: c["bounced"] == 1)


CASES = {letters_are_dropped_once_whatever_dies: Drop, acknowledgements_become_receipts: Drop, a_letter_is_printed: Printer, a_letter_goes_through_maileva: Services}


def in_world(case):
    with CASES[case]() as peer:
        case(peer)


if __name__ == "__main__":
    sys.exit(hard_world.run(list(CASES), in_world))
