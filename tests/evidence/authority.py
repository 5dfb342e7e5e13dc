"""A certificate authority and a time-stamping authority of the test's own: `openssl ts -reply` behind a small HTTP server.

The path of a request says how the authority behaves: /tsr as it should, /replay, /other-bytes, /html, /error, /slow, /expired."""
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CA = """[ca]
default_ca = c
[c]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 365
unique_subject = no
policy = p
[p]
commonName = supplied
[signer]
keyUsage = critical, digitalSignature, nonRepudiation
[tsa]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""
STAMPER = """[t]
serial = stamps
signer_cert = {name}.pem
signer_key = {name}.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        for name, text in {"ca.cnf": CA, "index.txt": "", "serial": "01\n", "stamps": "01\n"}.items():
            (self.folder / name).write_text(text)
        self.openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test Authority",
                     "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.issue("creditor", "signer")
        self.issue("tsa", "tsa")
        self.issue("old", "tsa", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
        self.lock = threading.Lock()
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/slow":
                    time.sleep(1.5)  # longer than the daemon waits
                    self.close_connection = True
                    return
                status, kind, body = outer.answer(self.path, self.headers["Content-Type"], query)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False  # close() waits for them
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def url(self, path="/tsr"):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise AssertionError(f"openssl {' '.join(words)}: {done.stdout}")
        return done.stdout

    def issue(self, name, kind, *dates):
        self.openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self.openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-extensions", kind, "-in", f"{name}.csr", "-out",
                     f"{name}.pem", *dates)
        (self.folder / f"{name}.cnf").write_text(STAMPER.format(name=name))

    def stamp(self, query, name="tsa"):
        (self.folder / "q.tsq").write_bytes(query)
        self.openssl("ts", "-reply", "-config", f"{name}.cnf", "-section", "t", "-queryfile", "q.tsq", "-out", "r.tsr")
        return (self.folder / "r.tsr").read_bytes()

    def answer(self, path, kind, query):
        reply = "application/timestamp-reply"
        with self.lock:
            self.requests += 1
            if kind != "application/timestamp-query":
                return 415, "text/plain", b"send a query"
            if path == "/html":
                return 200, "text/html", b"<html>Please log in</html>"
            if path == "/error":
                return 500, "text/plain", b"down for maintenance"
            if path == "/replay":  # the same bytes, somebody else's question
                self.openssl("ts", "-query", "-digest", self.imprint_of(query), "-sha256", "-cert", "-out", "other.tsq")
                return 200, reply, self.stamp((self.folder / "other.tsq").read_bytes())
            if path == "/other-bytes":
                self.openssl("ts", "-query", "-digest", "00" * 32, "-sha256", "-cert", "-out", "other.tsq")
                return 200, reply, self.stamp((self.folder / "other.tsq").read_bytes())
            return 200, reply, self.stamp(query, "old" if path == "/expired" else "tsa")

    @staticmethod
    def imprint_of(query):
        return query[query.index(b"\x04\x20") + 2:][:32].hex()
