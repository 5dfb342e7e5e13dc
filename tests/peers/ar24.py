"""AR24 on 127.0.0.1, written from what is published of its API: every call signed with AES and dated in Paris, every success
encrypted for that date, errors in clear and always with status 200; letters with dates and proofs; webhooks that say little.

The cipher is the openssl program's, the one-time codes are counted here: nothing is shared with the driver.
"""
import base64
import contextlib
import datetime
import email.parser
import email.policy
import hashlib
import hmac
import http.server
import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
import zoneinfo

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
TOKEN, PRIVATE_KEY, USER = "token-5b1d77", "private-5b1d77-key", "4711"
OTP_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
DATE_TOLERANCE_S = 600
TIMEOUT_S = 20
PROOF_OF = {"ts_ev_date": "ev", "view_date": "ar", "refused_date": "rf", "negligence_date": "ng", "bounced_date": "bc"}


def sha256_hex(text):
    return hashlib.sha256(text.encode()).hexdigest()


def aes(text, key, direction):
    iv = sha256_hex(sha256_hex(PRIVATE_KEY))[:16]
    done = subprocess.run(["openssl", "enc", "-aes-256-cbc", direction, "-K", key.encode().hex(), "-iv", iv.encode().hex()],
                          input=text, capture_output=True, check=True, timeout=TIMEOUT_S)
    return done.stdout


def now_in_paris():
    return datetime.datetime.now(PARIS).strftime("%Y-%m-%d %H:%M:%S")


def one_time_codes():
    """Those of now and of the steps beside it."""
    codes = set()
    for step in (-1, 0, 1):
        counter = (int(time.time()) // 30 + step).to_bytes(8, "big")
        mac = hmac.new(base64.b32decode(OTP_SECRET), counter, hashlib.sha1).digest()
        at = mac[-1] & 15
        codes.add(f"{(int.from_bytes(mac[at:at + 4], 'big') & 0x7fffffff) % 10**6:06}")
    return codes


class Refused(Exception):
    def __init__(self, slug):
        super().__init__(slug)
        self.slug = slug


class Ar24:
    """`letters`: by number, as GET mail/ tells them; `taken`: how often a POST mail/ was taken, by ref_dossier."""

    def __enter__(self):
        self.lock = threading.RLock()
        self.letters, self.files, self.hashes, self.taken, self.calls = {}, {}, {}, {}, []
        self.is_in_maintenance = False
        self.loses_answers = 0   # so many letters are taken, and the connection is closed without a word
        self.proofs_are_late = False
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(b"")

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def answer(self, body):
                said = double.ask(self.command, self.path, self.headers, body)
                if said is None:
                    return self.connection.close()
                with contextlib.suppress(ConnectionError):  # who asked may have been killed
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # --- what is asked ---

    def ask(self, method, target, headers, body):
        path, _, query = target.partition("?")
        fields = dict(urllib.parse.parse_qsl(query)) if method == "GET" else form_of(headers, body)
        with self.lock:
            self.calls.append((method, path))
            if self.is_in_maintenance:
                return b'{"status":"maintenance"}'
            try:
                date = self.check(fields, headers)
                if path.startswith("/api/proof/"):
                    return self.proof(path)
                result = self.take(method, path, fields)
            except Refused as refusal:
                return json.dumps({"status": "ERROR", "slug": refusal.slug, "message": "Refusé"}).encode()
        if result is None:
            return None
        text = json.dumps({"status": "SUCCESS", "result": result}).encode()
        return base64.b64encode(aes(text, sha256_hex(date + PRIVATE_KEY)[:32], "-e"))

    def check(self, fields, headers):
        if fields.get("token") != TOKEN:
            raise Refused("token_invalid")
        date = fields.get("date", "")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date):
            raise Refused("invalid_date")
        asked_at = datetime.datetime.strptime(date, "%Y-%m-%d %H:%M:%S").replace(tzinfo=PARIS)
        if abs(asked_at.timestamp() - time.time()) > DATE_TOLERANCE_S:
            raise Refused("expired_date")
        expected = base64.b64encode(aes(date.encode(), sha256_hex(PRIVATE_KEY)[:32], "-e")).decode()
        if headers.get("signature") != expected:
            raise Refused("invalid_signature")
        if fields.get("id_user") != USER:
            raise Refused("user_not_exist")
        return date

    def take(self, method, path, fields):
        if (method, path) == ("POST", "/api/attachment/"):
            number = 900 + len(self.files)
            self.files[str(number)] = fields["file"]
            return {"file_id": number}
        if (method, path) == ("POST", "/api/user/auth_otp/"):
            if fields.get("otp") not in one_time_codes():
                raise Refused("invalid_otp")
            value = f"hash-{len(self.hashes) + 1}"
            self.hashes[value] = True
            return {"hash": value, "expiration_date": in_paris(600)}
        if (method, path) == ("POST", "/api/mail/"):
            return self.take_letter(fields)
        if (method, path) == ("GET", "/api/mail/"):
            if fields.get("id") not in self.letters:
                raise Refused("mail_not_found")
            return self.letters[fields["id"]]
        if (method, path) == ("GET", "/api/user/mail"):
            return list(self.letters.values())
        raise Refused("route_not_found")

    def take_letter(self, fields):
        for name in ("to_email", "dest_statut", "content", "ref_dossier"):
            if not fields.get(name):
                raise Refused(f"missing_{name}")
        if fields["dest_statut"] == "particulier" and not (fields.get("to_firstname") and fields.get("to_lastname")):
            raise Refused("missing_name")
        is_eidas = fields.get("eidas") == "1"
        if is_eidas and not self.hashes.get(fields.get("auth_otp_hash")):
            raise Refused("otp_hash_expired")
        for name, value in fields.items():
            if name.startswith("attachment[") and value not in self.files:
                raise Refused("attachment_not_found")
        number = str(10_000 + len(self.letters))
        self.taken[fields["ref_dossier"]] = self.taken.get(fields["ref_dossier"], 0) + 1
        self.letters[number] = {"id": int(number), "status": "waiting" if is_eidas else "to_valid", "date": now_in_paris(),
                                "ref_dossier": fields["ref_dossier"], "send_fail": None, "to_email": fields["to_email"],
                                "content": fields["content"], "webhook": fields.get("webhook", ""),
                                "proof_dp_url": f"{self.origin}/api/proof/{number}/dp"}
        if self.loses_answers > 0:
            self.loses_answers -= 1
            return None
        return self.letters[number]

    def proof(self, path):
        _, _, _, number, kind = path.split("/")
        return f"%PDF-1.7\n% proof {kind} of letter {number}\n%%EOF\n".encode()

    # --- what happens ---

    def forget_codes(self):
        """The hashes that were given end before their time."""
        with self.lock:
            self.hashes = dict.fromkeys(self.hashes, False)

    def happens(self, number, field, tells=True):
        """One of PROOF_OF happens to a letter, and AR24 calls whoever wants to know; returns the status it got."""
        kind = PROOF_OF[field]
        with self.lock:
            letter = self.letters[number]
            letter[field] = now_in_paris()
            letter["status"] = kind
            letter[f"proof_{kind}_url"] = "" if self.proofs_are_late else f"{self.origin}/api/proof/{number}/{kind}"
        return self.call(letter["webhook"], id_mail=number, new_state=kind) if tells else None

    def make_late_proofs(self):
        with self.lock:
            self.proofs_are_late = False
            for number, letter in self.letters.items():
                for name in [name for name, value in letter.items() if name.startswith("proof_") and value == ""]:
                    letter[name] = f"{self.origin}/api/proof/{number}/{name.split('_')[1]}"

    @staticmethod
    def call(url, **fields):
        with urllib.request.urlopen(url, data=urllib.parse.urlencode(fields).encode(), timeout=TIMEOUT_S) as answer:
            return answer.status


def in_paris(seconds):
    return (datetime.datetime.now(PARIS) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


def form_of(headers, body):
    head = f"Content-Type: {headers.get('Content-Type')}\r\n\r\n".encode()
    mail = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not mail.is_multipart():
        return {}
    fields = {}
    for part in mail.iter_parts():
        value = part.get_payload(decode=True)
        fields[part.get_param("name", header="content-disposition")] = value if part.get_filename() else value.decode()
    return fields
