"""A print service in two phases on loopback, written from the published behaviour of such an interface: OAuth token, sending →
document → recipient as a draft, `submit` releases it once and refuses a second time, notifications by callback and as a
list, proofs to be fetched. It keeps its state for the life of the object, and can break the connection at each call.
"""
import base64
import http.server
import json
import re
import secrets
import socket
import struct
import threading
import time
import urllib.parse

CLIENT = ("client-1", "client-secret-1")
WEBHOOK = ("relance", "callback-secret")
PDF = b"%PDF-1.4 proof of "


class PrintHouse:
    """`breaks[(method, what)]` = list of "before" | "after" | "status:503" …, used up one a call; what: token, sendings,
    documents, recipients, submit, notifications, discard, find, proof."""

    def __init__(self):
        self.mutex = threading.Lock()
        self.sendings, self.notifications, self.calls, self.breaks, self.tokens = {}, [], [], {}, {}
        house = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                house.serve(self)

            do_POST = do_DELETE = do_GET

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # --- what tests ask ---

    def released(self):
        return [s for s in self.sendings.values() if s["status"] != "DRAFT"]

    def drafts(self):
        return [s for s in self.sendings.values() if s["status"] == "DRAFT"]

    def count(self, what):
        return sum(call == what for call in list(self.calls))

    def break_at(self, what, *how):
        with self.mutex:
            self.breaks.setdefault(what, []).extend(how)

    def notify(self, sending, event_type, reason=""):
        with self.mutex:
            self.notifications.append({"id": str(len(self.notifications) + 1), "event_type": event_type, "resource_id": sending["id"],
                                       "custom_id": sending["custom_id"], "reason": reason})

    # --- the service ---

    def serve(self, handler):
        path = urllib.parse.urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        what, sending_id = self.name_of(handler.command, path.path)
        with self.mutex:
            self.calls.append(what)
            how = self.breaks.get(what) and self.breaks[what].pop(0)
        if how == "before":
            return self.reset(handler)
        if how and how.startswith("status:"):
            return self.answer(handler, int(how[7:]), {"errors": [{"code": "UNAVAILABLE"}]}, {"Retry-After": "1"})
        with self.mutex:
            status, said = self.act(what, sending_id, handler, path, body)
        if how == "after":
            return self.reset(handler)
        self.answer(handler, status, said)

    @staticmethod
    def name_of(method, path):
        if path == "/token":
            return "token", None
        if path == "/notifications":
            return "notifications", None
        found = re.fullmatch(r"/sendings(?:/([0-9a-f]+))?(?:/([a-z_]+))?", path)
        if not found:
            return "unknown", None
        if found[2]:
            return ("proof" if found[2].startswith("download_") else found[2]), found[1]
        if found[1]:
            return ("discard" if method == "DELETE" else "find"), found[1]
        return ("sendings" if method == "POST" else "find"), None

    def act(self, what, sending_id, handler, path, body):
        if what == "token":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if (form.get("client_id"), form.get("client_secret")) != CLIENT:
                return 401, {"error": "invalid_client"}
            token = secrets.token_hex(8)
            self.tokens[token] = time.monotonic() + 3600
            return 200, {"access_token": token, "expires_in": 3600}
        if self.tokens.get(handler.headers.get("Authorization", "").removeprefix("Bearer "), 0) < time.monotonic():
            return 401, {"errors": [{"code": "UNAUTHORIZED"}]}
        query = dict(urllib.parse.parse_qsl(path.query))
        if what == "notifications":
            return 200, {"notifications": [n for n in self.notifications if int(n["id"]) > int(query.get("after") or 0)]}
        if what == "find" and sending_id is None:
            return 200, {"sendings": [s for s in self.sendings.values() if s["custom_id"] == query.get("custom_id")]}
        if what == "sendings":
            asked = json.loads(body)
            if len(asked["custom_id"]) > 38:
                return 400, {"errors": [{"code": "CUSTOM_ID_TOO_LONG"}]}
            sending = {"id": secrets.token_hex(6), "custom_id": asked["custom_id"], "status": "DRAFT", "documents": [], "recipients": []}
            self.sendings[sending["id"]] = sending
            return 201, {"id": sending["id"], "status": "DRAFT"}
        sending = self.sendings.get(sending_id)
        if sending is None:
            return 404, {"errors": [{"code": "SENDING_NOT_FOUND"}]}
        if what == "find":
            return 200, sending
        if what == "proof":
            return (200, PDF + sending_id.encode()) if sending["status"] != "DRAFT" else (404, {})
        if sending["status"] != "DRAFT":
            return 400, {"errors": [{"code": "SENDING_STATUS_IS_NOT_DRAFT"}]}
        if what == "documents":
            if b'name="document"' not in body or b'name="metadata"' not in body:
                return 400, {"errors": [{"code": "DOCUMENT_REQUIRED"}]}
            sending["documents"].append(body.decode("latin-1"))
        elif what == "recipients":
            recipient = json.loads(body)
            if not recipient.get("address_line_6") or any(len(v) > 38 for k, v in recipient.items() if k.startswith("address_")):
                return 400, {"errors": [{"code": "INVALID_ADDRESS"}]}
            sending["recipients"].append(recipient)
        elif what == "submit":
            if not sending["documents"] or not sending["recipients"]:
                return 400, {"errors": [{"code": "SENDING_INCOMPLETE"}]}
            sending["status"] = "PENDING"
        elif what == "discard":
            del self.sendings[sending_id]
            return 204, None
        return 200, {}

    @staticmethod
    def reset(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True
        handler.connection.close()

    @staticmethod
    def answer(handler, status, said, headers=None):
        body = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/pdf" if isinstance(said, bytes) else "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def login():
    return "Basic " + base64.b64encode(":".join(WEBHOOK).encode()).decode()
