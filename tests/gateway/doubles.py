"""Providers on 127.0.0.1, written from their published interfaces: each checks who asks as the real one does, keeps what it
took, answers in its own words, and calls back signed with code of its own."""
import base64
import email.parser
import email.policy
import hashlib
import hmac
import http.server
import json
import re
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

TIMEOUT_S = 20


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Double:
    """`self.messages`: what was taken, each {"id", "to", "text", "key", …}; `self.requests`: everything that was asked."""
    profile = ""
    channel = "sms"
    path = "/"
    settings = ""

    def __enter__(self):
        double = self
        self.messages, self.requests, self.lock = [], [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = double.ask(self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.open()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def open(self):
        """Before the first request."""

    def ask(self, path, headers, body):
        with self.lock:
            self.requests.append((path, dict(headers), body))
            status, more, answer = self.take(path, headers, body)
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return status, {"Content-Type": "application/json", **more}, text

    def keep(self, **message):
        message["id"] = self.new_id(len(self.messages) + 1)
        self.messages.append(message)
        return message

    def new_id(self, number):
        return f"{self.profile}-{number:06}"

    def call(self, url, body=None, headers=None):
        """The status that the daemon answers."""
        request = urllib.request.Request(url, data=body, headers=headers or {}, method="GET" if body is None else "POST")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code

    def call_json(self, url, value, headers=None):
        return self.call(url, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class Twilio(Double):
    profile = "twilio"
    token = "twilio-token-5b1d"
    path = "/2010-04-01/Accounts/{account_sid}/Messages.json"
    settings = f'account_sid = "AC5b1d"\nauth_token = "{token}"\n'
    states = {"delivered": "delivered", "failed": "undelivered", "interim": "sent"}

    def take(self, path, headers, body):
        if path != "/2010-04-01/Accounts/AC5b1d/Messages.json" or headers["Authorization"] != basic("AC5b1d", self.token):
            return 401, {}, {"code": 20003, "message": "Authenticate", "status": 401}
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return 400, {}, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}
        made = self.keep(to=form["To"], text=form["Body"], callback=form.get("StatusCallback"), key="")
        return 201, {}, {"sid": made["id"], "status": "queued", "to": made["to"], "price": None, "price_unit": "EUR", "error_code": None}

    def sign(self, url, form, token=None):
        text = url + "".join(name + form[name] for name in sorted(form))
        return base64.b64encode(hmac.new((token or self.token).encode(), text.encode(), hashlib.sha1).digest()).decode()

    def report(self, message, state, hook, forged=False):
        form = {"MessageSid": message["id"], "MessageStatus": self.states[state], "To": message["to"], "AccountSid": "AC5b1d"}
        if state == "failed":
            form["ErrorCode"] = "30005"
        signature = self.sign(message["callback"], form, "another token" if forged else None)
        return self.call(message["callback"], urllib.parse.urlencode(form).encode(),
                         {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature})


    def write_back(self, message, text):
        form = {"SmsSid": self.new_id(900_000 + len(text)), "SmsStatus": "received", "From": message["to"], "To": "+33140000000", "Body": text}
        return self.call(message["callback"], urllib.parse.urlencode(form).encode(),
                         {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": self.sign(message["callback"], form)})


class Vonage(Double):
    profile = "vonage"
    path = "/sms/json"
    settings = 'api_key = "key-5b1d"\napi_secret = "secret-5b1d"\nsignature_secret = "signature-5b1d"\n'
    states = {"delivered": ("delivered", "0"), "failed": ("failed", "9"), "interim": ("buffered", "0")}

    def take(self, path, headers, body):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        if path != "/sms/json" or headers["Authorization"] != basic("key-5b1d", "secret-5b1d"):
            return 200, {}, {"message-count": "1", "messages": [{"status": "4", "error-text": "Bad Credentials"}]}
        if not re.fullmatch(r"[1-9]\d{6,14}", form.get("to", "")) or form.get("type") not in ("text", "unicode"):
            return 200, {}, {"message-count": "1", "messages": [{"status": "3", "error-text": "Invalid to"}]}
        made = self.keep(to=form["to"], text=form["text"], callback=form.get("callback"), key=form.get("client-ref"))
        return 200, {}, {"message-count": "1", "messages": [{"to": made["to"], "message-id": made["id"], "status": "0", "message-price": "0.07"}]}

    def report(self, message, state, hook, forged=False):
        status, code = self.states[state]
        fields = {"msisdn": message["to"], "to": "Acme", "messageId": message["id"], "status": status, "err-code": code, "price": "0.0725",
                  "client-ref": message["key"], "scts": "2603020930", "timestamp": str(int(time.time())), "nonce": "n=1&2"}
        text = "".join(f"&{name}={re.sub('[&=]', '_', fields[name])}" for name in sorted(fields))
        fields["sig"] = hmac.new(b"another" if forged else b"signature-5b1d", text.encode(), hashlib.sha256).hexdigest().upper()
        return self.call(message["callback"] + "?" + urllib.parse.urlencode(fields))


class Ovh(Double):
    profile = "ovh"
    path = "/1.0/sms/{service_name}/jobs"
    settings = 'service_name = "sms-ab1-1"\napplication_key = "AK5b1d"\napplication_secret = "AS5b1d"\nconsumer_key = "CK5b1d"\n'
    states = {"delivered": "1", "failed": "2", "interim": "8"}

    def new_id(self, number):
        return 172000 + number

    def take(self, path, headers, body):
        stamp = headers["X-Ovh-Timestamp"]
        text = "+".join(("AS5b1d", "CK5b1d", "POST", self.origin + path, body.decode(), stamp))
        if headers["X-Ovh-Signature"] != "$1$" + hashlib.sha1(text.encode()).hexdigest() or abs(int(stamp) - time.time()) > 30:
            return 403, {}, {"errorCode": "INVALID_SIGNATURE", "message": "Invalid signature"}
        job = json.loads(body)
        made = self.keep(to=job["receivers"][0], text=job["message"], key=job.get("tag"))
        return 200, {}, {"totalCreditsRemoved": 1, "invalidReceivers": [], "ids": [made["id"]], "validReceivers": job["receivers"]}

    def report(self, message, state, hook, forged=False):
        query = urllib.parse.urlencode({"id": message["id"], "ptt": "0", "dlr": self.states[state], "date": "2026-03-02 09:30:00"})
        return self.call((hook + "x" if forged else hook) + "?" + query)


class OwnGateway(Double):
    """The gateway of config/providers/own-gateway.toml."""
    profile, path = "own-gateway", "/v1/messages"
    states = {"delivered": "delivered", "failed": "unknown_number", "interim": "sent"}

    def take(self, path, headers, body):
        if path != self.path or headers["Authorization"] != "Bearer token-5b1d":
            return 401, {}, {"error": {"code": "E01", "message": "who are you?"}}
        order = json.loads(body)
        if not re.fullmatch(r"[1-9]\d{6,14}", order.get("recipient", "")) or order.get("account") != "exemple":
            return 422, {}, {"error": {"code": "E12", "message": "no such number"}}
        made = self.keep(to=order["recipient"], text=order["text"], key=order["reference"], callback=order["callback_url"])
        return 201, {}, {"id": made["id"], "state": "queued"}

    def report(self, message, state, hook, forged=False):
        body = json.dumps({"id": message["id"], "reference": message["key"], "state": self.states[state], "at": "2026-03-02T09:30:00Z"})
        stamp = str(int(time.time()))
        signature = hmac.new(b"guessed" if forged else b"hook-5b1d", f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
        return self.call(message["callback"], body.encode(), {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp})


class Postmark(Double):
    profile, channel, path = "postmark", "email", "/email"
    settings = 'server_token = "token-5b1d"\nwebhook_user = "hook"\nwebhook_password = "password-5b1d"\n'
    states = {"delivered": {"RecordType": "Delivery"}, "failed": {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1},
              "interim": {"RecordType": "Open"}}

    def take(self, path, headers, body):
        mail = json.loads(body)
        if headers["X-Postmark-Server-Token"] != "token-5b1d":
            return 401, {}, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}
        if not all(mail.get(name) for name in ("From", "To", "Subject", "TextBody", "MessageStream")):
            return 422, {}, {"ErrorCode": 300, "Message": "Invalid email request."}
        made = self.keep(to=mail["To"], text=mail["TextBody"], key=mail["Metadata"]["relance_key"])
        return 200, {}, {"To": made["to"], "MessageID": made["id"], "ErrorCode": 0, "Message": "OK"}

    def report(self, message, state, hook, forged=False):
        event = {"MessageID": message["id"], "Recipient": message["to"], "Metadata": {"relance_key": message["key"]}, **self.states[state]}
        return self.call_json(hook, event, {"Authorization": basic("hook", "guessed" if forged else "password-5b1d")})


class SendGrid(Double):
    profile, channel, path = "sendgrid", "email", "/v3/mail/send"
    states = {"delivered": {"event": "delivered"}, "failed": {"event": "bounce", "type": "bounce", "status": "5.1.1"},
              "interim": {"event": "processed"}}

    def open(self):
        self.folder = tempfile.TemporaryDirectory(prefix="rl-sendgrid-", dir="/tmp")
        for name in ("own", "other"):
            subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file(name)], check=True)
        public = subprocess.run(["openssl", "ec", "-in", self.file("own"), "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        self.settings = f'api_key = "SG.5b1d"\nwebhook_public_key = "{base64.b64encode(public).decode()}"\n'

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()

    def file(self, name):
        return str(Path(self.folder.name) / f"{name}.pem")

    def new_id(self, number):
        return f"sgid{number:018}"

    def take(self, path, headers, body):
        mail = json.loads(body)
        if headers["Authorization"] != "Bearer SG.5b1d":
            return 401, {}, {"errors": [{"message": "The provided authorization grant is invalid"}]}
        if mail["content"][0]["type"] != "text/plain" or not mail["personalizations"][0]["to"][0]["email"]:
            return 400, {}, {"errors": [{"message": "content"}]}
        made = self.keep(to=mail["personalizations"][0]["to"][0]["email"], text=mail["content"][0]["value"],
                         key=mail["personalizations"][0]["custom_args"]["relance_key"])
        return 202, {"X-Message-Id": made["id"]}, b""

    def report(self, message, state, hook, forged=False):
        event = {"email": message["to"], "timestamp": int(time.time()), "sg_message_id": message["id"] + ".filter0001p1mdw1.1.0",
                 "relance_key": message["key"], **self.states[state]}
        body, stamp = json.dumps([event]).encode() + b"\r\n", str(int(time.time()))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file("other" if forged else "own")],
                                   input=stamp.encode() + body, check=True, capture_output=True).stdout
        return self.call(hook, body, {"Content-Type": "application/json", "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
                                      "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode()})


class Mailgun(Double):
    profile, channel, path = "mailgun", "email", "/v3/{domain}/messages"
    settings = 'domain = "mg.acme.example"\napi_key = "key-5b1d"\nwebhook_signing_key = "signing-5b1d"\n'
    states = {"delivered": {"event": "delivered"}, "failed": {"event": "failed", "severity": "permanent", "reason": "bounce"},
              "interim": {"event": "accepted"}}

    def new_id(self, number):
        return f"2026.{number}@mg.acme.example"

    def take(self, path, headers, body):
        if headers["Authorization"] != basic("api", "key-5b1d") or path != "/v3/mg.acme.example/messages":
            return 401, {}, b"Forbidden"
        parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        fields = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode() for part in parsed.iter_parts()}
        if not all(fields.get(name) for name in ("from", "to", "subject", "text")):
            return 400, {}, {"message": "from parameter is missing"}
        made = self.keep(to=fields["to"], text=fields["text"], key=fields["v:relance_key"])
        return 200, {}, {"id": f"<{made['id']}>", "message": "Queued. Thank you."}

    def report(self, message, state, hook, forged=False):
        stamp, token = str(int(time.time())), secrets.token_hex(25)
        signature = hmac.new(b"guessed" if forged else b"signing-5b1d", (stamp + token).encode(), hashlib.sha256).hexdigest()
        event = {"timestamp": time.time(), "recipient": message["to"], "message": {"headers": {"message-id": message["id"]}},
                 "user-variables": {"relance_key": message["key"]}, **self.states[state]}
        return self.call_json(hook, {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": event})


class Brevo(Double):
    profile, channel, path = "brevo", "email", "/v3/smtp/email"
    settings = 'api_key = "xkeysib-5b1d"\nwebhook_token = "hook-5b1d-token"\n'
    states = {"delivered": "delivered", "failed": "hard_bounce", "interim": "request"}

    def take(self, path, headers, body):
        mail = json.loads(body)
        if headers["api-key"] != "xkeysib-5b1d":
            return 401, {}, {"code": "unauthorized", "message": "Key not found"}
        if not mail["sender"]["email"] or not mail["to"][0]["email"] or not mail["textContent"]:
            return 400, {}, {"code": "missing_parameter", "message": "sender is missing"}
        made = self.keep(to=mail["to"][0]["email"], text=mail["textContent"], key=mail["headers"]["X-Mailin-custom"])
        return 201, {}, {"messageId": f"<{made['id']}@smtp-relay.example>"}

    def report(self, message, state, hook, forged=False):
        event = {"event": self.states[state], "email": message["to"], "message-id": f"<{message['id']}@smtp-relay.example>",
                 "X-Mailin-custom": message["key"], "ts_epoch": int(time.time() * 1000)}
        return self.call_json(hook, event, {"Authorization": "Bearer " + ("guessed" if forged else "hook-5b1d-token")})


class Ses(Double):
    """Its events come by SNS, whose certificate stands at Amazon only: they are held to vectors, not to this double."""
    profile, channel, path = "ses", "email", "/v2/email/outbound-emails"
    settings = 'region = "eu-west-3"\naccess_key_id = "AKID5b1d"\nsecret_access_key = "SK5b1d"\nsns_topic = "arn:aws:sns:eu-west-3:1:t"\n'

    def sign(self, path, headers, body):
        stamp = headers["X-Amz-Date"]
        scope = f"{stamp[:8]}/eu-west-3/ses/aws4_request"
        names = re.search(r"SignedHeaders=([^,]+)", headers["Authorization"]).group(1).split(";")
        canonical = "\n".join(["POST", path, "", *(f"{name}:{headers[name]}" for name in names), "", ";".join(names), hashlib.sha256(body).hexdigest()])
        key = b"AWS4SK5b1d"
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        return f"AWS4-HMAC-SHA256 Credential=AKID5b1d/{scope}, SignedHeaders={';'.join(names)}, Signature={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"

    def take(self, path, headers, body):
        if headers["Authorization"] != self.sign(path, headers, body):
            return 403, {"x-amzn-errortype": "InvalidSignatureException"}, {"message": "The request signature does not match"}
        mail = json.loads(body)
        mime = email.parser.BytesParser(policy=email.policy.default).parsebytes(base64.b64decode(mail["Content"]["Raw"]["Data"], validate=True))
        made = self.keep(to=mail["Destination"]["ToAddresses"][0], text=mime.get_body(("plain",)).get_content(), key=mail["EmailTags"][0]["Value"])
        return 200, {}, {"MessageId": made["id"]}
