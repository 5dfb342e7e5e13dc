"""What the private mail world knows to be true: what lies in the mailboxes, what Postfix's own log says it took.

Tests count lost and doubled messages here, at the peer, never in the product's own tables.
"""
import email.header
import email.parser
import email.policy
import re

DEBTOR_MAILBOXES = ("debtors", "far")
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")
# The listeners that a sender meets; "back" is the far side answering.
FRONT = ("mx", "strict", "submission", "smtps")

LOG_LINE = re.compile(r"^(\w{3} +\d+ [\d:]{8}) \S+ (\S+)/(\w+)\[\d+\]: ([0-9A-Za-z]{10,}): (.*)$")


def received(folder):
    """Yields one record for each mail in a debtor's mailbox, oldest first. Only the header is read."""
    files = [path for box in DEBTOR_MAILBOXES for state in ("new", "cur") for path in (folder / "mail" / box / state).glob("*")]
    for path in sorted(files, key=lambda p: p.stat().st_mtime_ns):
        with path.open("rb") as mail:
            header = email.parser.BytesHeaderParser(policy=email.policy.compat32).parse(mail)
        yield {
            "recipient": header.get("X-Original-To") or header.get("Delivered-To"),
            "return_path": (header.get("Return-Path") or "").strip("<> "),
            "message_id": (header.get("Message-ID") or "").strip(),
            "subject": str(email.header.make_header(email.header.decode_header(header.get("Subject") or ""))),
            "time_ms": path.stat().st_mtime_ns // 1_000_000,
            "file": str(path),
        }


def accepted(folder):
    """Yields one record for each mail that Postfix queued for a sender: {queue_id, message_id, return_path, listener,
    recipients: [{recipient, status: sent|deferred|bounced|expired, dsn, tries, said}], count}.

    A mail is queued when qmgr speaks of it, which is after its end-of-data and before or after the sender read the 250.
    Recipients appear with their first delivery attempt: call it when the queue has settled.
    """
    log = folder / "log" / "mail.log"
    mails = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ():
        match = LOG_LINE.match(line)
        if not match:
            continue
        _, listener, process, queue_id, said = match.groups()
        if process == "smtpd" and listener in FRONT and said.startswith("client="):
            mails[queue_id] = {"queue_id": queue_id, "message_id": "", "return_path": "", "listener": listener,
                               "count": 0, "recipients": {}, "queued": False}
        mail = mails.get(queue_id)
        if mail is None:
            continue
        if process == "cleanup" and said.startswith("message-id="):
            mail["message_id"] = said[len("message-id="):]
        elif process == "qmgr" and (queued := re.match(r"from=<([^>]*)>, size=\d+, nrcpt=(\d+)", said)):
            mail.update(queued=True, return_path=queued[1], count=max(mail["count"], int(queued[2])))
        elif process == "qmgr" and (expired := re.match(r"from=<[^>]*>, status=(?:force-)?expired", said)):
            for recipient in mail["recipients"].values():
                if recipient["status"] == "deferred" and expired:
                    recipient["status"] = "expired"
        elif attempt := re.match(r"to=<([^>]*)>,(?: orig_to=<([^>]*)>,)? .*?dsn=([\d.]+), status=(\w+) \((.*)\)$", said):
            to, orig_to, dsn, status, text = attempt.groups()
            entry = mail["recipients"].setdefault(orig_to or to, {"recipient": orig_to or to, "tries": 0})
            entry.update(dsn=dsn, status=status, said=text, tries=entry["tries"] + 1)
    for mail in mails.values():
        if mail.pop("queued"):
            yield mail | {"recipients": list(mail["recipients"].values())}


def queued(folder):
    """How many mails wait in Postfix's queues."""
    return sum(1 for queue in QUEUES for path in (folder / "spool" / queue).rglob("*") if path.is_file())
