"""A private Kannel (bearerbox and smsbox) on free loopback ports, in front of a message centre of npm's `smpp`.

Everything lies in a folder of the test's, every process is ended by its pid. Kannel's own defaults that tests would wait for
(a reconnection after 10 s, a callback repeated after 10 s, a throttled message after 60 s) are set short; the rest is as an operator would write it.
"""
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

from node_peer import LOOK_EVERY_S, PATIENCE_S, Missing, NodePeer

USER, PASSWORD, ADMIN = "relance", "kannel-pass-7f3a", "admin-pass-19c2"
CENTRE_PASSWORD = "secret08"  # of hard/smpp_peer.js
SPOOL_FOLDERS = 100           # bearerbox wants its spool made; it names the folders 0 to 99
CALLBACK_TRIES = 3


class KannelError(Exception):
    """It does not do what it should."""


def await_true(holds, what, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > deadline:
            raise KannelError(f"not within {patience_s:g} s: {what}")
        time.sleep(LOOK_EVERY_S)


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Centre(NodePeer):
    """The message centre behind it."""

    def __init__(self):
        super().__init__(Path(__file__).with_name("hard") / "smpp_peer.js", "smpp")


class Kannel:
    password = PASSWORD

    def __init__(self, folder, centre_port, parts_max=10, callback_tries=CALLBACK_TRIES, log_level=1):
        if shutil.which("bearerbox") is None or shutil.which("smsbox") is None:
            raise Missing("Kannel is missing: run scripts/bootstrap")
        self.folder = Path(folder)
        self.boxes = {}
        self.admin_port, self.box_port, self.sendsms_port = free_ports(3)
        for number in range(SPOOL_FOLDERS):
            (self.folder / "spool" / str(number)).mkdir(parents=True)
        (self.folder / "kannel.conf").write_text(f"""group = core
admin-port = {self.admin_port}
admin-interface = 127.0.0.1
admin-password = {ADMIN}
smsbox-port = {self.box_port}
smsbox-interface = 127.0.0.1
log-file = {self.folder}/bearerbox.log
log-level = {log_level}
sms-resend-freq = 1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
store-type = spool
store-location = {self.folder}/spool

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {centre_port}
transceiver-mode = true
smsc-username = relance
smsc-password = {CENTRE_PASSWORD}
system-type = ""
reconnect-delay = 1
source-addr-autodetect = true

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self.sendsms_port}
sendsms-interface = 127.0.0.1
log-file = {self.folder}/smsbox.log
log-level = {log_level}
access-log = {self.folder}/access.log
http-request-retry = {callback_tries}
http-queue-delay = 1

group = sendsms-user
username = {USER}
password = {PASSWORD}
max-messages = {parts_max}
concatenation = true
forced-smsc = centre
""")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.sendsms_port}/cgi-bin/sendsms"

    def __enter__(self):
        try:
            self.start("bearerbox", self.box_port)
            self.start("smsbox", self.sendsms_port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in list(self.boxes):
            self.stop(name)

    def start(self, name, port):
        with open(self.folder / f"{name}.out", "ab") as out:
            self.boxes[name] = subprocess.Popen([shutil.which(name), self.folder / "kannel.conf"], cwd=self.folder,
                                                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        await_true(lambda: answers(port) or self.boxes[name].poll() is not None, f"{name} listens")
        if self.boxes[name].poll() is not None:
            raise KannelError(f"{name} ended: {(self.folder / f'{name}.out').read_text(errors='replace')[-500:]}")

    def start_smsbox(self):
        self.start("smsbox", self.sendsms_port)

    def stop(self, name):
        box = self.boxes.pop(name)
        box.terminate()
        try:
            box.wait(10)
        except subprocess.TimeoutExpired:
            box.kill()
            box.wait()

    def stop_smsbox(self):
        self.stop("smsbox")

    def ask(self, **fields):
        """(status, body) of one sendsms."""
        query = urllib.parse.urlencode({"username": USER, "password": PASSWORD, "charset": "UTF-8", "coding": 0, **fields})
        try:
            with urllib.request.urlopen(f"{self.url}?{query}", timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
