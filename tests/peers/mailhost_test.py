#!/usr/bin/env python3
"""Holds mailhost.py to its docstring with Python's own smtplib and imaplib: each fate, TLS, AUTH, IMAP, its counting and its end."""
import contextlib
import email
import email.policy
import imaplib
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import mail_servers  # noqa: E402
import mailhost  # noqa: E402

AWAIT_S = 40

# Sent before the first test, so that the slow fates ripen together: recipient, key, NOTIFY, further header lines.
EARLY = [
    ("expire@acme.example", "k-expire", "SUCCESS,FAILURE,DELAY", ""),
    ("defer@acme.example", "k-defer", "SUCCESS,FAILURE,DELAY", ""),
    ("bounce.weber@acme.example", "k-bounce", "SUCCESS,FAILURE,DELAY", ""),
    ("full.bianchi@acme.example", "k-full", "FAILURE", ""),
    ("relay.keller@acme.example", "k-relay", "SUCCESS,FAILURE", ""),
    ("away.petit@acme.example", "k-away", "NEVER", ""),
    ("read@acme.example", "k-read", "NEVER", "Disposition-Notification-To: <bounces+k-read@creditor.example>\r\n"),
    *((f"text.p{number}@acme.example", f"k-text-{number}", "FAILURE", "") for number in range(6)),
]


def mail_to(recipient, key, extra=""):
    return (f"From: Creditor <replies@creditor.example>\r\nTo: <{recipient}>\r\nSubject: Facture {key}\r\n"
            f"Message-ID: <{key}@creditor.example>\r\nDate: Sun, 22 Nov 2026 09:00:00 +0100\r\n{extra}\r\nPlease pay.\r\n")


class MailHost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="relance-mh-"))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        began = time.monotonic()
        cls.facts = mailhost.start(cls.folder / "mail", queue_lifetime_s=7, delay_warning_s=2, die_with=os.getpid())
        cls.addClassCleanup(mailhost.stop, cls.folder / "mail")
        cls.start_s = time.monotonic() - began
        cls.early = {key: cls.send(recipient, key, notify, extra) for recipient, key, notify, extra in EARLY}

    @classmethod
    def connect(cls):
        client = smtplib.SMTP(cls.facts["smtp"]["host"], cls.facts["smtp"]["port"], local_hostname="test.example", timeout=60)
        cls.addClassCleanup(client.close)
        client.ehlo()
        return client

    @classmethod
    def send(cls, recipient, key, notify="SUCCESS,FAILURE,DELAY", extra=""):
        """Returns (code, text) of the reply that decided."""
        client = cls.connect()
        client.mail(f"bounces+{key}@creditor.example", [f"ENVID={key}", "RET=HDRS"])
        reply = client.rcpt(recipient, [f"NOTIFY={notify}"])
        return client.data(mail_to(recipient, key, extra)) if reply[0] == 250 else reply

    def setUp(self):
        self.imap_clients = {}  # one connection a mailbox: Dovecot allows ten

    def imap(self, user):
        if user not in self.imap_clients:
            self.imap_clients[user] = self.imap_login(user)
        return self.imap_clients[user]

    def imap_login(self, user):
        password = (self.facts["imaps"] if user == "bounces" else self.facts["replies"])["password"]
        context = ssl.create_default_context(cafile=self.facts["ca_file"])
        client = imaplib.IMAP4_SSL(self.facts["imaps"]["host"], self.facts["imaps"]["port"], ssl_context=context, timeout=60)
        self.addCleanup(client.logout)
        client.login(user, password)
        client.select("INBOX", readonly=True)
        return client

    def await_mails(self, user, header, text, count=1):
        """The first `count` mails whose header holds the text, parsed; polls IMAP until they are there."""
        client = self.imap(user)
        deadline = time.monotonic() + AWAIT_S
        while True:
            client.noop()
            found = client.search(None, "HEADER", header, f'"{text}"')[1][0].split()
            if len(found) >= count:
                return [email.message_from_bytes(client.fetch(number, "(RFC822)")[1][0][1], policy=email.policy.default)
                        for number in found]
            self.assertLess(time.monotonic(), deadline, f"no {count} mails with {header}: {text} for {user}")
            time.sleep(0.1)

    def await_dsn(self, key, action):
        """The delivery-status fields of the first DSN with this Action sent to bounces+key@."""
        deadline = time.monotonic() + AWAIT_S
        while True:
            for mail in self.await_mails("bounces", "X-Original-To", f"bounces+{key}@"):
                for part in mail.walk():
                    if part.get_content_type() == "message/delivery-status":
                        message, recipient = part.get_payload()[:2]
                        if recipient["Action"].startswith(action):
                            self.assertEqual(message["Original-Envelope-Id"], key)
                            return recipient
            self.assertLess(time.monotonic(), deadline, f"no DSN {action} for {key}")
            time.sleep(0.1)

    def received(self, key):
        return [record for record in mailhost.received(self.facts["dir"]) if key in record["return_path"]]

    def accepted(self, key):
        return [record for record in mailhost.accepted(self.facts["dir"]) if key in record["return_path"]]

    # --- answered in the dialog ---

    def test_it_starts_quickly(self):
        self.assertLess(self.start_s, 3 * (1 + os.getloadavg()[0]))

    def test_gone_is_refused_at_rcpt(self):
        code, text = self.send("gone.dupont@acme.example", "k-gone")
        self.assertEqual((code, text[:5]), (550, b"5.1.1"))

    def test_policy_is_refused_at_rcpt(self):
        code, text = self.send("policy@acme.example", "k-policy")
        self.assertEqual((code, text[:5]), (550, b"5.7.1"))

    def test_quota_is_told_to_wait(self):
        code, text = self.send("quota.rossi@acme.example", "k-quota")
        self.assertEqual((code, text[:5]), (452, b"4.2.2"))

    def test_grey_is_accepted_on_a_later_try_whatever_the_verp_key(self):
        code, text = self.send("grey.meier@acme.example", "k-grey-1")
        self.assertEqual((code, text[:5]), (451, b"4.7.1"))
        deadline = time.monotonic() + AWAIT_S
        while self.send("grey.meier@acme.example", "k-grey-2")[0] != 250:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.await_dsn("k-grey-2", "delivered")

    def test_other_domains_are_no_business_of_this_server(self):
        self.assertEqual(self.send("someone@elsewhere.test", "k-elsewhere")[0], 550)

    # --- answered later ---

    def test_others_are_delivered_with_a_dsn_and_counted_once(self):
        self.assertEqual(self.send("ok.martin@acme.example", "k-ok")[0], 250)
        self.assertEqual(self.await_dsn("k-ok", "delivered")["Status"], "2.0.0")
        self.assertEqual([(r["recipient"], r["message_id"], r["subject"]) for r in self.received("k-ok")],
                         [("ok.martin@acme.example", "<k-ok@creditor.example>", "Facture k-ok")])
        self.assertEqual([(r["return_path"], [x["status"] for x in r["recipients"]]) for r in self.accepted("k-ok")],
                         [("bounces+k-ok@creditor.example", ["sent"])])

    def test_a_mail_sent_twice_is_counted_twice(self):
        for _ in range(2):
            self.assertEqual(self.send("m.lefevre@acme.example", "k-twice", notify="NEVER")[0], 250)
        self.assertTrue(self.await_count(lambda: len(self.received("k-twice")), 2))
        self.assertEqual(len(self.accepted("k-twice")), 2)

    def test_a_mail_cut_before_its_end_is_not_counted(self):
        client = self.connect()
        client.mail("bounces+k-cut@creditor.example")
        client.rcpt("ok.cut@acme.example")
        client.docmd("DATA")
        client.send(b"Subject: never ended\r\n\r\nhalf a line")
        client.close()
        self.assertEqual(self.send("ok.after@acme.example", "k-after", notify="NEVER")[0], 250)
        self.assertTrue(self.await_count(lambda: len(self.accepted("k-after")), 1))
        self.assertEqual(self.accepted("k-cut"), [])

    def test_defer_is_delivered_in_the_end(self):
        self.assertEqual(self.early["k-defer"][0], 250)
        self.await_dsn("k-defer", "delivered")
        self.assertEqual(len(self.received("k-defer")), 1)
        self.assertGreater(self.accepted("k-defer")[0]["recipients"][0]["tries"], 1)

    def test_bounce_fails_later_with_5_1_1(self):
        self.assertEqual(self.early["k-bounce"][0], 250)
        dsn = self.await_dsn("k-bounce", "failed")
        self.assertEqual(dsn["Status"], "5.1.1")
        self.assertIn("bounce.weber@acme.example", dsn["Final-Recipient"])
        self.assertEqual(self.received("k-bounce"), [])

    def test_full_fails_later_with_5_2_2(self):
        self.assertEqual(self.early["k-full"][0], 250)
        self.assertEqual(self.await_dsn("k-full", "failed")["Status"], "5.2.2")

    def test_expire_is_delayed_and_then_failed_with_a_4_status(self):
        self.assertEqual(self.early["k-expire"][0], 250)
        self.assertEqual(self.await_dsn("k-expire", "delayed")["Status"], "4.4.1")
        self.assertEqual(self.await_dsn("k-expire", "failed")["Status"], "4.4.1")

    def test_relay_reports_relayed_not_delivered(self):
        self.assertEqual(self.early["k-relay"][0], 250)
        self.await_dsn("k-relay", "relayed")
        self.assertEqual(len(self.received("k-relay")), 1)

    def test_text_bounces_without_a_delivery_status(self):
        subjects = set()
        for number in range(6):
            self.assertEqual(self.early[f"k-text-{number}"][0], 250)
            mail = self.await_mails("bounces", "X-Original-To", f"bounces+k-text-{number}@")[0]
            self.assertEqual(mail["Return-Path"], "<>")
            self.assertEqual([part.get_content_type() for part in mail.walk()], ["text/plain"])
            self.assertIn(f"text.p{number}@acme.example", mail.get_content())
            subjects.add(str(mail["Subject"]).split(":")[0])
            self.assertEqual(self.received(f"k-text-{number}"), [])
        self.assertEqual(len(subjects), 3, subjects)

    def test_away_answers_automatically(self):
        self.assertEqual(self.early["k-away"][0], 250)
        mail = self.await_mails("replies", "In-Reply-To", "k-away@")[0]
        self.assertEqual(mail["Auto-Submitted"], "auto-replied")
        self.assertEqual(len(self.received("k-away")), 1)

    def test_read_returns_a_disposition_notification_when_asked(self):
        self.assertEqual(self.early["k-read"][0], 250)
        mail = self.await_mails("bounces", "X-Original-To", "bounces+k-read@")[0]
        self.assertEqual((mail.get_content_type(), mail.get_param("report-type")), ("multipart/report", "disposition-notification"))
        self.assertIn("<k-read@creditor.example>", mail.as_string())

    # --- TLS, AUTH, IMAP ---

    def test_submission_wants_tls_and_a_login(self):
        server = self.facts["submission"]
        client = smtplib.SMTP(server["host"], server["port"], timeout=60)
        self.addCleanup(client.close)
        client.ehlo("test.example")
        self.assertEqual(client.mail("bounces+k-sub@creditor.example")[0], 530)
        client.starttls(context=ssl.create_default_context(cafile=self.facts["ca_file"]))
        client.ehlo("test.example")
        self.assertEqual(client.mail("bounces+k-sub@creditor.example")[0], 250)
        self.assertEqual(client.rcpt("ok@acme.example")[0], 554)
        client.rset()
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            client.login(server["user"], "wrong")
        client.login(server["user"], server["password"])
        client.sendmail("bounces+k-sub@creditor.example", ["ok@acme.example"], mail_to("ok@acme.example", "k-sub"))
        self.assertTrue(self.await_count(lambda: [r["listener"] for r in self.accepted("k-sub")], ["submission"]))

    def test_smtps_speaks_tls_from_the_first_byte(self):
        server = self.facts["smtps"]
        context = ssl.create_default_context(cafile=self.facts["ca_file"])
        with smtplib.SMTP_SSL(server["host"], server["port"], context=context, timeout=60) as client:
            client.login(server["user"], server["password"])
            client.sendmail("bounces+k-tls@creditor.example", ["ok@acme.example"], mail_to("ok@acme.example", "k-tls"))
        self.assertTrue(self.await_count(lambda: [r["listener"] for r in self.accepted("k-tls")], ["smtps"]))

    def test_a_client_that_trusts_another_ca_turns_away(self):
        context = ssl.create_default_context(cafile=self.facts["other_ca_file"])
        with self.assertRaises(ssl.SSLCertVerificationError):
            smtplib.SMTP_SSL(self.facts["smtps"]["host"], self.facts["smtps"]["port"], context=context, timeout=60)
        client = self.connect()
        with self.assertRaises(ssl.SSLCertVerificationError):
            client.starttls(context=context)

    def test_imap_offers_starttls_and_refuses_a_wrong_password(self):
        server = self.facts["imap"]
        client = imaplib.IMAP4(server["host"], server["port"], timeout=60)
        self.addCleanup(client.shutdown)
        client.starttls(ssl.create_default_context(cafile=self.facts["ca_file"]))
        with self.assertRaises(imaplib.IMAP4.error):
            client.login(server["user"], "wrong")
        client.login(server["user"], server["password"])

    # --- its own life ---

    def await_count(self, fact, expected):
        deadline = time.monotonic() + AWAIT_S
        while fact() != expected:
            self.assertLess(time.monotonic(), deadline, f"{fact()} instead of {expected}")
            time.sleep(0.05)
        return True

    def test_a_second_start_in_the_same_folder_is_refused(self):
        with self.assertRaises(mail_servers.MailHostError):
            mailhost.start(self.facts["dir"])
        self.assertEqual(self.connect().noop()[0], 250)

    def test_two_hosts_do_not_share_a_port_and_stop_leaves_nothing(self):
        other = mailhost.start(self.folder / "other")
        try:
            names = ("smtp", "submission", "smtps", "imap", "imaps")
            self.assertFalse({self.facts[n]["port"] for n in names} & {other[n]["port"] for n in names})
        finally:
            self.assertTrue(mailhost.stop(self.folder / "other"))
        self.assertEqual(processes_naming(self.folder / "other"), [])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((other["smtp"]["host"], other["smtp"]["port"]), timeout=5)
        self.assertFalse(mailhost.stop(self.folder / "other"))

    def test_it_dies_with_the_process_named(self):
        parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        other = mailhost.start(self.folder / "dying", die_with=parent.pid)
        parent.communicate(b"\n")
        self.assertTrue(self.await_count(lambda: processes_naming(self.folder / "dying"), []))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((other["imap"]["host"], other["imap"]["port"]), timeout=5)

    def test_a_folder_closed_to_others_is_refused_with_the_reason(self):
        with tempfile.TemporaryDirectory() as closed, self.assertRaisesRegex(mail_servers.MailHostError, "closed to other users"):
            mailhost.start(Path(closed) / "mail")

    def test_settle_returns_once_nothing_is_queued(self):
        self.send("ok.settle@acme.example", "k-settle", notify="NEVER")
        self.assertTrue(mailhost.settle(self.facts["dir"], AWAIT_S))
        self.assertEqual(len(self.received("k-settle")), 1)


def processes_naming(folder):
    """Living processes whose command line or working folder lies in `folder`: (pid, command line)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if command and (str(folder) in command or str(folder) in os.readlink(entry / "cwd")):
                    found.append((int(entry.name), command))
    return found


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("all of this suite skipped: Postfix and Dovecot need root")
        sys.exit(0)
    unittest.main()
