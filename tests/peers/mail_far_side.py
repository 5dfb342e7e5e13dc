"""What lies behind the debtors' mail server: a hop without DSN, an LMTP store, a greylist, and people's programs.

Started by mail_servers.py with its listening sockets already open (their descriptors come as JSON on the command line).
It answers Postfix with the fates that a sender only hears of later (the map is in mailhost.py), and itself writes the
mails that no standard describes: bounces in words, absence notes, read receipts. It also watches the process that
--die-with names, and takes the whole mail world down after it.
"""
import asyncio
import email.message
import email.parser
import email.utils
import json
import os
import re
import signal
import smtplib
import socket
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import mail_servers  # noqa: E402

BEHIND_MS_DEFER = 2000  # how long `defer` is told to wait
BEHIND_MS_BOUNCE = 1500  # a bounce comes "minutes later": first a 451, then the refusal
SENDERS_REMEMBERED_MAX = 100_000  # greylist and deferrals; a test that needs more restarts the host


def fate(address):
    """The word that chooses the fate, as in mailhost.py."""
    return re.split(r"[-.+@]", address, maxsplit=1)[0].lower()


class Waiting:
    """Who asked first when, so that a retry is told from a first attempt."""

    def __init__(self):
        self.first_seen_ = {}

    def since_first_s(self, *key):
        if len(self.first_seen_) > SENDERS_REMEMBERED_MAX:
            self.first_seen_.clear()
        return time.monotonic() - self.first_seen_.setdefault(key, time.monotonic())


class FarSide:
    def __init__(self, facts):
        self.facts = facts
        self.folder = Path(facts["dir"])
        self.waiting = Waiting()
        self.background = set()

    def recipient_reply(self, sender, recipient):
        """The reply to RCPT TO behind Postfix."""
        word = fate(recipient)
        age_s = self.waiting.since_first_s("behind", sender, recipient)
        if word == "defer" and age_s * 1000 < BEHIND_MS_DEFER:
            return "451 4.3.0 The mailbox is being moved, try again"
        if word == "bounce":
            if age_s * 1000 < BEHIND_MS_BOUNCE:
                return "451 4.3.2 The directory is busy, try again"
            return f"550 5.1.1 <{recipient}>: no such person here"
        if word == "full":
            return f"552 5.2.2 <{recipient}>: the mailbox is full"
        return "250 2.1.5 Ok"

    def deliver(self, sender, recipient, data):
        """Files the mail; written under tmp/ and renamed, as maildir readers expect. `text` ends in words, not here."""
        if fate(recipient) != "text":
            box = self.folder / "mail" / "far"
            name = f"{time.time_ns()}.{os.getpid()}.far"
            path = box / "tmp" / name
            path.write_bytes(f"Return-Path: <{sender}>\r\nX-Original-To: {recipient}\r\n".encode() + data)
            path.rename(box / "new" / name)
        answer = self.answer(sender, recipient, data)
        if answer is not None:
            to, mail = answer
            task = asyncio.get_running_loop().run_in_executor(None, self.send_back, to, mail)
            self.background.add(task)
            task.add_done_callback(self.background.discard)

    def answer(self, sender, recipient, data):
        """(envelope recipient, mail) of what comes back, or None."""
        original = email.parser.BytesHeaderParser().parsebytes(data)
        word = fate(recipient)
        if word == "text" and sender:
            return sender, bounce_in_words(sender, recipient, original)
        if word == "away" and original.get("Auto-Submitted", "no") == "no" or word == "away" and sender:
            to = email.utils.parseaddr(original.get("Reply-To") or original.get("From") or sender)[1] or sender
            return to, absence_note(to, recipient, original)
        if word == "read" and original.get("Disposition-Notification-To"):
            to = email.utils.parseaddr(original["Disposition-Notification-To"])[1]
            return to, read_receipt(to, recipient, original)
        return None

    def send_back(self, to, mail):
        with smtplib.SMTP("127.0.0.1", self.facts["back_port"], timeout=60) as back:
            back.sendmail("", [to], mail.as_bytes())

    async def smtp_session(self, reader, writer, greeting_verb):
        """One SMTP (EHLO) or LMTP (LHLO) session with Postfix. No DSN is offered: that is the point of this hop."""
        sender, recipients = "", []

        async def say(*lines):
            writer.write("".join(line + "\r\n" for line in lines).encode())
            await writer.drain()

        await say("220 far.debtors.example ready")
        while line := await reader.readline():
            command = line.decode(errors="replace").strip()
            verb = command[:4].upper()
            address = (re.search(r"<([^>]*)>", command) or [None, ""])[1]
            if verb in ("EHLO", "LHLO", "HELO"):
                if verb == greeting_verb:
                    await say("250-far.debtors.example", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250 ENHANCEDSTATUSCODES")
                else:
                    await say("500 5.5.1 wrong greeting" if greeting_verb == "LHLO" else "250 far.debtors.example")
            elif verb == "MAIL":
                sender, recipients = address, []
                await say("250 2.1.0 Ok")
            elif verb == "RCPT":
                reply = self.recipient_reply(sender, address)
                if reply.startswith("250"):
                    recipients.append(address)
                await say(reply)
            elif verb == "DATA" and recipients:
                await say("354 go on")
                data = await read_data(reader)
                for recipient in recipients:
                    self.deliver(sender, recipient, data)
                await say(*["250 2.0.0 Ok"] * (len(recipients) if greeting_verb == "LHLO" else 1))
                sender, recipients = "", []
            elif verb == "DATA":
                await say("554 5.5.1 no valid recipients")
            elif verb == "RSET":
                sender, recipients = "", []
                await say("250 2.0.0 Ok")
            elif verb == "NOOP":
                await say("250 2.0.0 Ok")
            elif verb == "QUIT":
                await say("221 2.0.0 Bye")
                break
            else:
                await say("502 5.5.2 not known here")
        writer.close()

    async def policy_session(self, reader, writer):
        """Postfix's policy protocol: a greylist for the recipients called grey. It forgets VERP, as real ones do."""
        asked = {}
        while line := await reader.readline():
            name, separator, value = line.decode(errors="replace").rstrip("\n").partition("=")
            if separator:
                asked[name] = value
                continue
            action = "DUNNO"
            if fate(asked.get("recipient", "")) == "grey":
                sender = re.sub(r"\+[^@]*", "", asked.get("sender", ""))
                if self.waiting.since_first_s("grey", sender, asked["recipient"]) < self.facts["grey_s"]:
                    action = "451 4.7.1 Greylisted, please come back"
            writer.write(f"action={action}\n\n".encode())
            await writer.drain()
            asked = {}
        writer.close()


async def read_data(reader):
    lines = []
    while (line := await reader.readline()) not in (b".\r\n", b""):
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)


def answering(to, sender_name, sender, subject):
    mail = email.message.EmailMessage()
    mail["From"] = f"{sender_name} <{sender}>"
    mail["To"] = to
    mail["Subject"] = " ".join(subject.split())  # the original's may be folded over lines
    mail["Date"] = email.utils.formatdate()
    mail["Message-ID"] = email.utils.make_msgid(domain="far.debtors.example")
    return mail


def bounce_in_words(sender, recipient, original):
    """One of three families by the recipient's name; none of them is a multipart/report."""
    domain = recipient.partition("@")[2]
    copy = f"Message-ID: {original.get('Message-ID', '')}\nSubject: {original.get('Subject', '')}\nTo: {recipient}\n"
    family = zlib.crc32(recipient.encode()) % 3
    if family == 0:  # the qmail-send bounce message format (QSBMF)
        mail = answering(sender, "Mail Delivery", f"MAILER-DAEMON@{domain}", "failure notice")
        mail.set_content(f"Hi. This is the mail program at {domain}.\nThese addresses could not be reached; I have given up.\n\n"
                         f"<{recipient}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{copy}")
    elif family == 1:
        mail = answering(sender, "Postmaster", f"postmaster@{domain}", f"Undeliverable: {original.get('Subject', '')}")
        mail.set_content(f"Your message did not reach the following recipient:\n\n    {recipient}\n\n"
                         f"550 User unknown; the address does not exist.\n\nOriginal message headers:\n\n{copy}")
    else:
        mail = answering(sender, "Service de messagerie", f"postmaster@{domain}", "Échec de remise de votre message")
        mail.set_content(f"Bonjour,\n\nVotre message à {recipient} n'a pas pu être remis : cette adresse n'existe pas (erreur 550).\n\n"
                         f"En-têtes du message d'origine :\n\n{copy}")
    return mail


def absence_note(to, recipient, original):
    mail = answering(to, "Accounts", recipient, f"Out of office: {original.get('Subject', '')}")
    mail["Auto-Submitted"] = "auto-replied"
    mail["In-Reply-To"] = original.get("Message-ID", "")
    mail.set_content("I am away until Monday and will read your message then.\n")
    return mail


def read_receipt(to, recipient, original):
    """RFC 8098: multipart/report; report-type=disposition-notification."""
    mail = answering(to, "Accounts", recipient, f"Read: {original.get('Subject', '')}")
    mail.set_content("Your message was displayed.\n")
    mail.make_mixed()
    notification = email.message.EmailMessage()
    notification["Content-Type"] = "message/disposition-notification"
    notification.set_payload(f"Reporting-UA: far.debtors.example\nFinal-Recipient: rfc822;{recipient}\n"
                             f"Original-Message-ID: {original.get('Message-ID', '')}\n"
                             "Disposition: manual-action/MDN-sent-manually; displayed\n")
    mail.attach(notification)
    mail.replace_header("Content-Type", f'multipart/report; report-type=disposition-notification; boundary="r{time.time_ns()}"')
    return mail


def forget_parent(folder):
    """--die-with's process is gone: end Postfix and Dovecot, then this process."""
    mail_servers.MailServers(folder, None).stop(spare_pid=os.getpid())
    os._exit(0)


async def serve(facts):
    far = FarSide(facts)
    handlers = {
        "far_smtp": lambda r, w: far.smtp_session(r, w, "EHLO"),
        "far_lmtp": lambda r, w: far.smtp_session(r, w, "LHLO"),
        "policy": far.policy_session,
    }
    loop = asyncio.get_running_loop()
    servers = [await asyncio.start_server(handler, sock=socket.socket(fileno=facts["sockets"][name]), limit=1 << 20)
               for name, handler in handlers.items()]
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    if facts["die_with"]:
        try:
            loop.add_reader(os.pidfd_open(facts["die_with"]), forget_parent, far.folder)
        except ProcessLookupError:
            forget_parent(far.folder)
    await stopped.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
