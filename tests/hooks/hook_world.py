"""A relanced with a webhook listener and the test plugin "hooked" behind it, and clients to call it: curl, Python's own
http.client, and bare sockets for what no client would send."""
import hashlib
import hmac
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))
from daemon_world import PATIENCE, World  # noqa: E402

SECRET = "s3cret-of-the-test"
HOOKED = """id = "hooked"
plugin = "hooked"
channel = "email"
placement = "{placement}"
[sandbox]
data_folders = [{{ path = "{folder}/peer", access = "write" }}]
[settings]
secret = {{ file = "{folder}/secret" }}
source = "{folder}/peer/source"
sent_log = "{folder}/peer/sent"
crash_in_parse = "{folder}/peer/crash"
certificate = "{folder}/peer/certificate"
"""
DEBTORS = "debtor_id,name,country,region,language,email,phone\n"
INVOICES = "debtor_id,invoice_number,issue_date,due_date,amount,currency\n"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def signature(body):
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def await_that(what, is_so):
    deadline = time.monotonic() + PATIENCE
    while not (got := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come: {what}")
        time.sleep(0.02)
    return got


class HookWorld(World):
    def __init__(self, hooks="", placement="child", tls=False, settings=None):
        super().__init__(placement)
        self.port = free_port()
        self.tls = tls
        self.write("secret", SECRET).chmod(0o600)
        (self.folder / "providers/scripted.toml").unlink()
        self.write("providers/hooked.toml", (settings or HOOKED).format(folder=self.folder, placement=placement))
        self.edit("regions/FR.toml", "scripted", "hooked")
        if tls:
            self.make_certificate("localhost")
            hooks += f'\ncertificate = "{self.folder}/tls.pem"\nkey = "{self.folder}/tls.key"\n'
        self.public = f"https://hooks.example.com"
        self.write("relanced.toml", (self.folder / "relanced.toml").read_text().replace(
            "[[creditor]]", f'[hooks]\nlisten = ["127.0.0.1:{self.port}"]\npublic_url = "{self.public}"\n{hooks}\n[[creditor]]'))

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                        "-keyout", self.folder / "tls.key", "-out", self.folder / "tls.pem"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_ended_certificate(self, name):
        """One that was good in 2020. Only `openssl ca` makes such."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.write("ca.index", "")
        self.write("ca.cnf", "[ca]\ndefault_ca = own\n[own]\ndatabase = ca.index\nnew_certs_dir = .\ndefault_md = sha256\npolicy = any\n"
                             "rand_serial = yes\n[any]\ncommonName = supplied\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", "tls.key", "-out", "tls.csr")
        openssl("ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", "tls.key", "-in", "tls.csr", "-out", "tls.pem", "-notext",
                "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")

    def start(self, *arguments):
        took = super().start(*arguments)
        self.path = self.hook_path()
        return took

    def hook_path(self):
        return self.ask("providers", "hook", "hooked")["url"].removeprefix(self.public)

    def due_reminder(self, number=1):
        """One more reminder goes out; its key."""
        self.ctl("import", "debtors", self.write("d.csv", f"{DEBTORS}D-{number},Debtor {number},FR,FR,en,d{number}@d.example,\n"))
        due = date.fromisoformat(self.ask("status")["business_time"][:10]) - timedelta(days=3)
        self.ctl("import", "invoices",
                 self.write("i.csv", f"{INVOICES}D-{number},F-{number},2026-01-01,{due},120.00,EUR\n"))
        self.ctl("onboard", "--skip-older-than", "900d")
        sent = self.folder / "peer/sent"
        before = len(sent.read_text().splitlines()) if sent.exists() else 0
        self.ctl("clock", "advance", "4d", "--settle")
        new = sent.read_text().splitlines()[before:]
        if len(new) != 1:
            raise AssertionError(f"{len(new)} reminders went out, not one")
        return new[0].split()[0]

    # --- clients
    def connection(self):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        context = ssl.create_default_context(cafile=str(self.folder / "tls.pem"))
        return http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=context)

    def call(self, body=b"", headers=None, method="POST", path=None, is_signed=True, connection=None):
        """(status, body, headers) of one request."""
        body = body.encode() if isinstance(body, str) else body
        sent = {"X-Signature": signature(body)} if is_signed else {}
        sent.update(headers or {})
        used = connection or self.connection()
        used.request(method, self.path if path is None else path, body=body, headers=sent)
        answer = used.getresponse()
        got = answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        if connection is None:
            used.close()
        return got

    def post(self, body="", **more):
        return self.call(body, **more)[0]

    def bare(self, *pieces, half_close=False, timeout=PATIENCE):
        """What a socket gets back for these bytes, until the daemon closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            for piece in pieces:
                try:
                    s.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    break
            if half_close:
                s.shutdown(socket.SHUT_WR)
            got = b""
            while True:
                try:
                    more = s.recv(65536)
                except ConnectionResetError:
                    break
                if not more:
                    break
                got += more
        return got

    def statuses(self, answer):
        return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+)", answer)]

    # --- what became of it
    def counts(self):
        return self.ask("providers", "hook", "hooked")["counts"]

    def traffic(self):
        return self.ask("status")["hooks"]

    def inbound(self, **filters):
        words = [word for name, value in filters.items() for word in (f"--{name}", value)]
        return self.ask("receipts", "list", *words)["inbound"]

    def await_parsed(self, count):
        return await_that(f"{count} parsed", lambda: len(self.inbound(state="parsed")) >= count)

    def delivery(self, number=1):
        return [row["delivery"] for row in self.ask("reminders", "--debtor", f"D-{number}")["reminders"]]

    def await_delivery(self, kind, number=1):
        await_that(f"{kind} of D-{number}", lambda: kind in self.delivery(number))


def crash_at(point):
    """For the next start of a daemon on the test clock."""
    os.environ["RELANCE_CRASH_POINT"] = point
