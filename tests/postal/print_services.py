#!/usr/bin/env python3
"""Three print services on one loopback port, each with the state that the real one keeps: Maileva (OAuth2, DRAFT and submit,
subscriptions, notifications, proofs), Pingen (JSON:API, idempotency keys, file uploads, letters that are validated and sent) and
Lob (Basic, forms, idempotency keys). Written from their published interfaces; nothing of theirs is in it.

    print_services.py PORT

POST /_do drives it: {"fault": {"on": "POST /…", "then": 503 | "lose" | "refuse" | "page" |
"wrong 200", "times": 1}}, {"expire_tokens": true},
{"recipient": {"sending": "…", "set": {…}}}, {"notification": {…}}, {"letter": {"id": "…", "set": {…}}}. GET /_seen tells all."""
import base64
import email.parser
import email.policy
import http.server
import json
import re
import sys
import threading
import urllib.parse

LOCK = threading.Lock()
STATE = {"tokens": [], "token_calls": 0, "sendings": {}, "subscriptions": [], "notifications": {}, "letters": {}, "files": {},
         "keys": {}, "ids": 0, "lob": {}, "faults": [], "calls": []}
TOKEN_LIFE_S = 3600


class Refusal(Exception):
    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, body


def maileva_error(code, text, status=400):
    return Refusal(status, {"errors": [{"code": code, "message": text}]})


def json_api_error(status, title):
    return Refusal(status, {"errors": [{"code": str(status), "title": title}]})


def lob_error(status, text, code="invalid_request"):
    return Refusal(status, {"error": {"message": text, "status_code": status, "code": code}})


def new_id(kind):
    STATE["ids"] += 1
    return f"{kind}{STATE['ids']:04d}-0000-4000-8000-000000000000"


def form_parts(content_type, body):
    """name -> (file name or None, bytes)"""
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    return {part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True)) for part in message.iter_parts()}


# --- Maileva ---

def sending_of(path):
    match = re.match(r"/(registered_mail/v4|mail/v2)/sendings/([^/]+)", path)
    if not match or f"{match[1]}/sendings/{match[2]}" not in STATE["sendings"]:
        raise maileva_error("SENDING_NOT_FOUND", "no such sending", 404)
    return STATE["sendings"][f"{match[1]}/sendings/{match[2]}"]


def draft(sending):
    if sending["status"] != "DRAFT":
        raise maileva_error("SENDING_STATUS_IS_NOT_DRAFT", "the sending is no draft")
    return sending


def create_sending(path, given):
    product = path[1:].removesuffix("/sendings")
    if not given.get("name") or len(given.get("custom_id", "")) > 38:
        raise maileva_error("NAME_TOO_LONG", "name or custom_id")
    if product == "registered_mail/v4" and not isinstance(given.get("acknowledgement_of_receipt"), bool):
        raise maileva_error("ACKNOWLEDGEMENT_OF_RECEIPT_MISSING", "acknowledgement_of_receipt")
    if product == "mail/v2" and given.get("postage_type") not in ("ECONOMIC", "FAST", "URGENT"):
        raise maileva_error("POSTAGE_TYPE_WRONG", "postage_type")
    sending = dict(given, id=new_id("5e"), status="DRAFT", creation_date="2026-11-22T10:00:00.000Z", documents=[], recipients=[], submits=0)
    STATE["sendings"][f"{product}/sendings/{sending['id']}"] = sending
    return 201, sending


def add_recipient(sending, given):
    lines = {name: text for name, text in given.items() if name.startswith("address_line_")}
    if any(len(text) > 38 for text in lines.values()):
        raise maileva_error("ADDRESS_LINE_TOO_LONG", "38 characters")
    town = r"\d{5} \S" if given.get("country_code") == "FR" else r"\S"
    if not re.match(town, lines.get("address_line_6", "")) or not (lines.get("address_line_1") or lines.get("address_line_2")):
        raise maileva_error("ADDRESS_INCOMPLETE", "address_line_6 and a name")
    if not given.get("country_code"):
        raise maileva_error("COUNTRY_MISSING", "country_code")
    if "acknowledgement_of_receipt" in sending and given["country_code"] not in ("FR", "MC", "RE", "YT", "MQ", "GP", "MF", "BL", "GF"):
        raise maileva_error("INVALID_COUNTRY_CODE", "country_code")
    sending["recipients"].append(dict(given, id=f"re{len(sending['recipients']) + 1}", status="DRAFT"))
    return 201, sending["recipients"][-1]


def maileva(method, path, query, headers, body):
    given = json.loads(body) if body and headers.get("content-type", "").startswith(("application/json", "application/merge-patch+json")) else {}
    if path.startswith("/notification_center/v2/"):
        return notification_centre(method, path.removeprefix("/notification_center/v2"), query, given)
    if path.endswith("/sendings") and method == "POST":
        return create_sending(path, given)
    if path.endswith("/sendings") and method == "GET":
        product = path[1:].removesuffix("/sendings")
        wanted = query.get("custom_id", [None])[0]
        found = [s for name, s in STATE["sendings"].items() if name.startswith(product) and wanted in (None, s["custom_id"])]
        return 200, {"sendings": page_of(found, query), "paging": {"total_results": len(found)}}
    sending = sending_of(path)
    rest = re.sub(r"^.*/sendings/[^/]+", "", path)
    if rest == "" and method == "DELETE":
        draft(sending)
        STATE["sendings"] = {n: s for n, s in STATE["sendings"].items() if s is not sending}
        return 204, None
    if rest == "" and method == "GET":
        counts = {"documents_count": len(sending["documents"]), "recipients_counts": {"total": len(sending["recipients"])}}
        return 200, counts | {k: v for k, v in sending.items() if k not in ("documents", "recipients")}
    if rest == "/documents" and method == "POST":
        parts = form_parts(headers["content-type"], body)
        if not parts["document"][1].startswith(b"%PDF-") or json.loads(parts["metadata"][1])["priority"] != 1:
            raise maileva_error("METADATA_WRONG_FORMAT", "document and metadata")
        draft(sending)["documents"].append(base64.b64encode(parts["document"][1]).decode())
        return 201, {"id": "do1"}
    if rest == "/recipients" and method == "POST":
        return add_recipient(draft(sending), given)
    if rest == "/recipients" and method == "GET":
        return 200, {"recipients": sending["recipients"], "paging": {}}
    if rest == "/submit" and method == "POST":
        if not draft(sending)["documents"] or not sending["recipients"]:
            raise maileva_error("SENDING_IS_INCOMPLETE", "no document or no recipient")
        sending["status"] = "PENDING"
        sending["submits"] += 1
        for recipient in sending["recipients"]:
            recipient["status"] = "PENDING"
        return 204, None
    proof = re.match(r"/recipients/([^/]+)/download_(\w+)$", rest)
    if proof and method == "GET":
        recipient = next(r for r in sending["recipients"] if r["id"] == proof[1])
        if not recipient.get(f"{proof[2]}_url"):
            raise maileva_error("PROOF_NOT_FOUND", "not there yet", 404)
        return 200, f"%PDF-1.4 {proof[2]}".encode()
    raise maileva_error("NOT_FOUND", path, 404)


# What the published interface lists for each resource; another one is refused.
EVENTS = {"mail/v2/sendings": ("ON_STATUS_ACCEPTED", "ON_STATUS_REJECTED", "ON_STATUS_PROCESSED"),
          "registered_mail/v4/sendings": ("ON_STATUS_ACCEPTED", "ON_STATUS_REJECTED", "ON_STATUS_PROCESSED", "ON_GLOBAL_DEPOSIT_PROOF_RECEIVED"),
          "registered_mail/v4/recipients": ("ON_DEPOSIT_PROOF_RECEIVED", "ON_CONTENT_PROOF_RECEIVED", "ON_ACKNOWLEDGEMENT_OF_RECEIPT_RECEIVED",
                                            "ON_UNDELIVERED_MAIL_RECEIVED", "ON_MAIN_DELIVERY_STATUS_FIRST_PRESENTATION",
                                            "ON_MAIN_DELIVERY_STATUS_DELIVERED", "ON_MAIN_DELIVERY_STATUS_UNDELIVERED")}


def page_of(items, query):
    start, count = int(query.get("start_index", ["1"])[0]), int(query.get("count", ["50"])[0])
    if start < 1 or not 1 <= count <= 500:
        raise maileva_error("PAGING_WRONG", "start_index from 1, count to 500")
    return items[start - 1:start - 1 + count]


def notification_centre(method, path, query, given):
    if path == "/subscriptions" and method == "POST" and given.get("event_type") not in EVENTS.get(given.get("resource_type"), ()):
        raise maileva_error("EVENT_TYPE_WRONG", "no such event of this resource")
    if path.startswith("/subscriptions/") and method == "PATCH":
        one = next(s for s in STATE["subscriptions"] if s["id"] == path.rsplit("/", 1)[1])
        one.update(given)
        return 200, one
    if path == "/subscriptions" and method == "POST":
        STATE["subscriptions"].append(dict(given, id=new_id("5b")))
        return 201, STATE["subscriptions"][-1]
    if path == "/subscriptions":
        return 200, {"subscriptions": page_of(STATE["subscriptions"], query)}
    if path == "/notifications":  # of every status, as they come
        return 200, {"notifications": page_of([{k: v for k, v in n.items() if k != "content"} for n in STATE["notifications"].values()], query)}
    match = re.match(r"/notifications/([^/]+)/content$", path)
    if match and match[1] in STATE["notifications"]:
        return 200, STATE["notifications"][match[1]]["content"]
    raise maileva_error("NOT_FOUND", path, 404)


# --- Pingen ---

def letter_answer(letter):
    return {"data": {"id": letter["id"], "type": "letters", "attributes": {k: v for k, v in letter.items() if k != "id"}}}


def letters_page(query):
    start = (int(query["page[number]"][0]) - 1) * int(query["page[limit]"][0])
    newest = sorted(STATE["letters"].values(), key=lambda one: one["created_at"], reverse=query["sort"][0] == "-created_at")
    return 200, {"data": [letter_answer(one)["data"] for one in newest[start:start + int(query["page[limit]"][0])]]}


def pingen(method, path, query, headers, body, origin):
    if path == "/file-upload" and method == "GET":
        number = str(len(STATE["files"]) + 1)
        STATE["files"][number] = ""
        return 200, {"data": {"id": number, "type": "file_uploads", "attributes": {"url": f"{origin}/_files/{number}", "url_signature": "sig-" + number}}}
    match = re.match(r"/organisations/([^/]+)/deliveries/letters(?:/([^/]+)(/\w+)?)?$", path)
    if not match or match[1] != "org-1":
        raise json_api_error(404, "no such resource")
    if headers.get("accept") != "application/vnd.api+json":
        raise json_api_error(406, "application/vnd.api+json")
    given = json.loads(body)["data"] if body else {}
    if match[2] is None and method == "POST":
        return create_letter(given["attributes"], headers.get("idempotency-key", ""), body)
    if match[2] is None and method == "GET":
        return letters_page(query)
    letter = STATE["letters"].get(match[2])
    if not letter:
        raise json_api_error(404, "no such letter")
    if method == "GET":
        if letter["status"] == "validating":  # it takes a look
            letter["looks"] = letter.get("looks", 0) + 1
            if letter["looks"] > 1:
                letter["status"] = "unprintable" if letter["pdf_size"] < 100 else "valid"
        return 200, letter_answer(letter)
    if match[3] == "/send" and method == "PATCH":
        return send_letter(letter, given, headers.get("idempotency-key", ""))
    if match[3] == "/cancel" and method == "PATCH":
        if letter["status"] != "submitted":
            raise json_api_error(409, "it is too late")
        letter["status"] = "cancelled"
        return 202, None
    if method == "DELETE":
        if letter["status"] not in ("valid", "validating", "unprintable", "invalid"):
            raise json_api_error(409, "the letter was sent")
        del STATE["letters"][match[2]]
        return 204, None
    raise json_api_error(405, method)


def create_letter(attributes, key, body):
    if not key:
        raise json_api_error(400, "this double wants an Idempotency-Key")
    if key in STATE["keys"]:
        seen, answer = STATE["keys"][key]
        if seen != body.decode():
            raise json_api_error(409, "another request had this key")
        return 201, answer
    for name in ("file_original_name", "file_url", "file_url_signature", "address_position"):
        if not attributes.get(name):
            raise json_api_error(422, name)
    number = attributes["file_url"].rsplit("/", 1)[1]
    if attributes["file_url_signature"] != "sig-" + number or not STATE["files"].get(number):
        raise json_api_error(422, "file_url")
    if attributes["auto_send"] is not False or attributes["address_position"] not in ("left", "right"):
        raise json_api_error(422, "attributes")
    letter = dict(attributes, id=new_id("1e"), status="validating", submitted_at=None, created_at="2026-11-22T10:00:00+0000", sends=0, pdf_size=len(STATE["files"][number]), updated_at="2026-11-22T10:00:00+0000")
    STATE["letters"][letter["id"]] = letter
    STATE["keys"][key] = (body.decode(), letter_answer(dict(letter)))
    return 201, letter_answer(letter)


def send_letter(letter, given, key):
    if given.get("type") != "letters" or given.get("id") != letter["id"] or not key:
        raise json_api_error(422, "data")
    if not all(given["attributes"].get(n) for n in ("delivery_product", "print_mode", "print_spectrum")):
        raise json_api_error(422, "attributes")
    if letter["status"] != "valid":
        raise json_api_error(409, "the letter cannot be sent")
    letter.update(status="submitted", submitted_at="2026-11-22T10:00:01+0000", sends=letter["sends"] + 1, delivery_product=given["attributes"]["delivery_product"])
    return 200, letter_answer(letter)


# --- Lob ---

def lob(method, path, query, headers, body):
    if headers.get("authorization") != "Basic " + base64.b64encode(b"test_key:").decode():
        raise lob_error(401, "the API key is not valid", "unauthorized")
    if path == "/v1/letters" and method == "POST":
        return create_lob_letter(headers, body)
    if path == "/v1/letters":
        wanted = query.get("metadata[key]", [""])[0]
        return 200, {"data": [letter for letter in STATE["lob"].values() if letter["metadata"].get("key") == wanted], "object": "list"}
    letter = STATE["lob"].get(path.removeprefix("/v1/letters/"))
    if not letter:
        raise lob_error(404, "letter not found", "not_found")
    if method == "DELETE":
        if letter.get("mailed"):
            raise lob_error(422, "the letter is in production")
        letter["deleted"] = True
        return 200, {"id": letter["id"], "deleted": True}
    return 200, letter


def create_lob_letter(headers, body):
    parts = form_parts(headers.get("content-type", ""), body) if "multipart" in headers.get("content-type", "") else {}
    fields = {name: part[1].decode("utf-8", "replace") for name, part in parts.items() if part[0] is None}
    key = headers.get("idempotency-key", "")
    if key in STATE["keys"]:
        seen, answer = STATE["keys"][key]
        if seen != body.decode("latin-1"):
            raise lob_error(422, "another request had this idempotency key")
        return 200, answer
    for name in ("color", "use_type", "to[name]", "to[address_line1]", "to[address_city]"):
        if not fields.get(name):
            raise lob_error(422, f"{name} is required")
    american = fields.get("to[address_country]", "US") == "US"
    if american and not (re.fullmatch(r"[A-Z]{2}", fields.get("to[address_state]", "")) and re.fullmatch(r"\d{5}(-\d{4})?", fields.get("to[address_zip]", ""))):
        raise lob_error(422, "to: state and zip")
    if fields["use_type"] not in ("marketing", "operational") or fields["color"] not in ("true", "false") or not (fields.get("from") or fields.get("from[name]")):
        raise lob_error(422, "use_type, color or from")
    if fields.get("extra_service", "certified") not in ("certified", "certified_return_receipt", "registered"):
        raise lob_error(422, "extra_service")
    if not parts.get("file") or not parts["file"][1].startswith(b"%PDF-"):
        raise lob_error(422, "file is required")
    letter = {"id": f"ltr_{len(STATE['lob']) + 1:016x}", "metadata": {"key": fields.get("metadata[key]", "")}, "tracking_events": [], "object": "letter",
              "extra_service": fields.get("extra_service"), "to": {k: v for k, v in fields.items() if k.startswith("to[")}}
    STATE["lob"][letter["id"]] = letter
    if key:
        STATE["keys"][key] = (body.decode("latin-1"), dict(letter))
    return 200, letter


# --- all of them ---

def token(body):
    given = urllib.parse.parse_qs(body.decode())
    STATE["token_calls"] += 1
    if given.get("client_secret") != ["right secret"] or given.get("grant_type") not in (["client_credentials"], ["password"]):
        raise Refusal(401, {"error": "invalid_client", "error_description": "who are you?"})
    STATE["tokens"].append(f"token-{STATE['token_calls']}")
    return 200, {"access_token": STATE["tokens"][-1], "expires_in": TOKEN_LIFE_S, "token_type": "Bearer"}


def control(given):
    if "fault" in given:
        STATE["faults"].append(dict({"times": 1}, **given["fault"]))
    if given.get("expire_tokens"):
        STATE["tokens"].clear()
    if "recipient" in given:
        STATE["sendings"][given["recipient"]["sending"]]["recipients"][0].update(given["recipient"]["set"])
    if "sending" in given:
        STATE["sendings"][given["sending"]["sending"]].update(given["sending"]["set"])
    if "notification" in given:
        STATE["notifications"][given["notification"]["id"]] = given["notification"]
    for number in range(given.get("notifications_that_came", 0)):
        STATE["notifications"][f"came{number}"] = {"id": f"came{number}", "status": "SENT", "last_attempt_date": "2026-11-01T10:00:00Z", "content": {}}
    if "letter" in given:
        (STATE["letters"].get(given["letter"]["id"]) or STATE["lob"][given["letter"]["id"]]).update(given["letter"]["set"])
    return 200, {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        with LOCK:
            fault = self.fault(path)
            if fault and fault["then"] not in ("lose",):
                status, said = {"refuse": (400, {"errors": [{"code": "REFUSED", "message": "as told"}]}), "page": (200, "<html>we are back soon</html>"),
                                "wrong 200": (200, {"errors": [{"code": "BROKEN", "message": "as told"}]})}.get(fault["then"], (fault["then"], {}))
            else:
                try:
                    status, said = self.serve(path, urllib.parse.parse_qs(query), headers, body)
                except Refusal as refusal:
                    status, said = refusal.status, refusal.body
                except Exception as wrong:  # noqa: BLE001: a request that this double cannot read is a fault of the client
                    status, said = 400, {"errors": [{"code": "UNREADABLE", "message": repr(wrong)}]}
            STATE["calls"].append(f"{self.command} {path} {status}")
        if fault and fault["then"] == "lose":
            self.close_connection = True
            return
        data = b"" if said is None else said if isinstance(said, bytes) else said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/pdf" if isinstance(said, bytes) else "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fault(self, path):
        for fault in STATE["faults"]:
            method, _, rest = fault["on"].partition(" ")
            if self.command == method and rest in path and not path.startswith("/_"):
                fault["times"] -= 1
                if fault["times"] == 0:
                    STATE["faults"].remove(fault)
                return fault
        return None

    def serve(self, path, query, headers, body):
        if path == "/_do":
            return control(json.loads(body))
        if path == "/_seen":
            return 200, STATE
        if path.startswith("/_files/") and self.command == "PUT":
            if "authorization" in headers:
                raise Refusal(400, {"error": "a store of files gets no token"})
            STATE["files"][path.rsplit("/", 1)[1]] = body.decode("latin-1")
            return 200, {}
        if path in ("/auth/realms/services/protocol/openid-connect/token", "/auth/access-tokens"):
            return token(body)
        if path.startswith("/v1/letters"):
            return lob(self.command, path, query, headers, body)
        if headers.get("authorization", "").removeprefix("Bearer ") not in STATE["tokens"]:
            raise Refusal(401, {"error": "invalid_token"})
        if path.startswith(("/registered_mail/", "/mail/", "/notification_center/")):
            return maileva(self.command, path, query, headers, body)
        return pingen(self.command, path, query, headers, body, f"http://127.0.0.1:{self.server.server_address[1]}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
