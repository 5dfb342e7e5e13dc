#!/usr/bin/env python3
"""What debtors and their programs answer to a reminder, from the debtor's mailbox through real Postfix and Dovecot to what
relanced does about it: a person's words rest the debtor and give somebody a task, STOP and a complaint end the address, a
read receipt is noted, a machine's note changes nothing."""
import argparse
import datetime
import email
import email.policy
import os
import shutil
import smtplib
import sys
import tempfile
import time
import unittest
from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "demo")]
import mail_servers  # noqa: E402
import mailhost  # noqa: E402
from demo_daemon import Daemon, programs_of, replace_once, write_configuration  # noqa: E402

ROOT = HERE.parents[1]
START = datetime.date(2026, 3, 2)
AWAIT_S = 60
DEBTORS = ("talks", "stops", "complains", "reads", "machine")
build = None


def feedback_report(original):
    """RFC 5965, as a provider that blacks out addresses and ids sends it."""
    lines = [line for line in original.split(b"\n\n")[0].split(b"\n")
             if not line.lower().startswith((b"to:", b"message-id:", b"x-original-to:", b"delivered-to:", b"return-path:"))]
    return (b"From: Feedback Loop <fbl@provider.example>\r\nTo: abuse@creditor.example\r\nSubject: FW: complaint\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=cut\r\n\r\n"
            b"--cut\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n\r\n"
            b"--cut\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Loop/1\r\nVersion: 1\r\n"
            b"Original-Rcpt-To: <redacted>\r\n\r\n--cut\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            + b"\r\n".join([b"To: redacted", b"Message-ID: <redacted>", *lines]) + b"\r\n\r\n--cut--\r\n")


class Replies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="relance-mr-"))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.mail = mailhost.start(cls.folder / "mail", die_with=os.getpid())
        cls.addClassCleanup(mailhost.stop, cls.folder / "mail")
        programs, plugins = programs_of(build)
        configuration = write_configuration(ROOT / "config", cls.folder / "config", plugins, cls.mail)
        provider = cls.folder / "config" / "providers" / "smtp.toml"
        provider.write_text(replace_once(provider.read_text(encoding="utf-8"), "[settings]\n",
                                         '[settings]\nreply_to = "bounces+KEY@creditor.example"\nrequest_read_receipt = true\n',
                                         provider.name), encoding="utf-8")
        cls.daemon = Daemon(programs, configuration, cls.folder)
        cls.daemon.start(f"{START}T09:00:00Z")
        cls.addClassCleanup(cls.daemon.stop)
        cls.open_books()
        cls.reminders = {name: cls.await_reminder(name) for name in DEBTORS}

    @classmethod
    def open_books(cls):
        debtors = ["debtor_id,name,country,region,language,segment,contact_name,email,mobile,phone,fax,street,postal_code,city"]
        invoices = ["debtor_id,invoice_number,issue_date,due_date,amount,currency,open_amount,reference"]
        due = START - datetime.timedelta(days=6)
        for name in DEBTORS:
            debtors.append(f"{name},{name.title()} SAS,FR,FR,fr,sme,Anne Petit,{name}@debtor.example,,,,1 rue Neuve,35000,Rennes")
            invoices.append(f"{name},F-{name},2026-01-02,{due},500.00,EUR,500.00,")
        for kind, rows in (("debtors", debtors), ("invoices", invoices)):
            file = cls.folder / f"{kind}.csv"
            file.write_text("\n".join(rows) + "\n", encoding="utf-8")
            cls.daemon.ask("import", kind, file)
        cls.import_payments(START)
        cls.daemon.ask("onboard", "--start-at", "reminder-1")
        cls.daemon.ask("clock", "advance", "1h", "--settle")

    @classmethod
    def import_payments(cls, day):
        """No movement; says that payment data are of this day."""
        file = cls.folder / f"payments-{day}.csv"
        file.write_text("payment_id,invoice_number,date,amount,currency,kind,reference\n", encoding="utf-8")
        cls.daemon.ask("import", "payments", file)

    @classmethod
    def received(cls, name):
        return [Path(mail["file"]) for mail in mailhost.received(cls.folder / "mail")
                if mail["recipient"] == f"{name}@debtor.example"]

    @classmethod
    def await_reminder(cls, name):
        cls.await_fact(lambda: cls.received(name), f"a reminder for {name}")
        return cls.received(name)[0].read_bytes()

    @classmethod
    def await_fact(cls, fact, what):
        deadline = time.monotonic() + AWAIT_S
        while not (found := fact()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come about in {AWAIT_S} s{cls.daemon.log_tail()}")
            time.sleep(0.05)
        return found

    def send(self, name, mail, sender=None, to=None):
        with smtplib.SMTP(self.mail["smtp"]["host"], self.mail["smtp"]["port"], timeout=60) as client:
            client.sendmail(f"{name}@debtor.example" if sender is None else sender, [to or self.reply_address(name)],
                            mail if isinstance(mail, bytes) else mail.as_bytes(policy=email.policy.SMTP))

    def reminder(self, name):
        return email.message_from_bytes(self.reminders[name], policy=email.policy.default)

    def reply_address(self, name):
        return self.reminder(name)["Reply-To"]

    def answer(self, name, words, **headers):
        original = self.reminder(name)
        mail = EmailMessage()
        mail["From"] = f"Anne Petit <{name}@debtor.example>"
        mail["To"] = original["Reply-To"]
        mail["Subject"] = "Re: " + original["Subject"]
        mail["In-Reply-To"] = original["Message-ID"]
        for header, value in headers.items():
            mail[header.replace("_", "-")] = value
        quoted = "".join(f"> {line}\n" for line in original.get_body(("plain",)).get_content().splitlines())
        mail.set_content(f"{words}\n\nLe lun. 2 mars 2026 à 10:00, Comptabilité a écrit :\n{quoted}")
        return mail

    def tasks(self, name):
        return [task for task in self.daemon.ask("tasks", "list")["tasks"] if task["debtor"] == name]

    def await_read(self):
        """Every mail that was sent to us has been read and understood."""
        box = self.folder / "mail" / "mail" / "bounces"
        mailhost.settle(self.folder / "mail")
        self.await_fact(lambda: not any(any((box / part).iterdir()) for part in ("new", "cur"))
                        and self.daemon.ask("status")["store"]["inbound_waiting"] == 0, "an empty mailbox")

    def test_1_a_reminder_can_be_answered(self):
        for name in DEBTORS:
            mail = self.reminder(name)
            key = mail["X-Relance-Key"]
            self.assertEqual(mail["Reply-To"], f"bounces+{key}@creditor.example")
            self.assertEqual(mail["Message-ID"], f"<{key}@creditor.example>")

    def test_2_words_of_a_person_rest_the_debtor_and_are_a_task_without_what_they_quote(self):
        mail = self.answer("talks", "Bonjour,\nla facture est contestée, voir le bon ci-joint.")
        mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="bon.pdf")
        self.send("talks", mail)
        task, = self.await_fact(lambda: self.tasks("talks"), "a task")
        self.assertEqual(task["kind"], "reply")
        self.assertIn("la facture est contestée, voir le bon ci-joint.\n\n[bon.pdf]", task["text"])
        self.assertNotIn("a écrit", task["text"])
        self.assertNotIn("F-talks", task["text"])  # which the reminder names
        self.assertIn("F-talks", self.reminder("talks").get_body(("plain",)).get_content())

    def test_3_a_machines_note_is_nobodys_words(self):
        self.send("machine", self.answer("machine", "Je suis absente.", Auto_Submitted="auto-replied"), sender="")
        self.send("machine", self.answer("machine", "Votre demande 4711 est enregistrée.", Auto_Submitted="auto-generated"))
        self.await_read()
        self.assertEqual(self.tasks("machine"), [])

    def test_4_stop_and_a_blacked_out_complaint_end_the_address(self):
        self.send("stops", self.answer("stops", "STOP"))
        self.send("complains", feedback_report(self.reminders["complains"]), sender="fbl@provider.example",
                  to="bounces@creditor.example")

        def suppressed():
            rows = self.daemon.ask("suppressions", "list")["suppressions"]
            return {row["address"] for row in rows} >= {"stops@debtor.example", "complains@debtor.example"}
        self.await_fact(suppressed, "two suppressed addresses")

    def test_5_a_read_receipt_is_noted(self):
        asked = self.reminder("reads")["Disposition-Notification-To"]
        self.assertEqual(asked, self.reply_address("reads"))
        self.send("reads", (
            f"From: reads@debtor.example\r\nTo: {asked}\r\nSubject: Lu\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; "
            "report-type=disposition-notification; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\nLu.\r\n\r\n--cut\r\n"
            "Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;reads@debtor.example\r\n"
            f"Original-Message-ID: {self.reminder('reads')['Message-ID']}\r\n"
            "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--cut--\r\n").encode())

        def state():
            rows = self.daemon.ask("reminders", "--debtor", "reads")["reminders"]
            return rows[0]["delivery"] == "read"
        self.await_fact(state, "a reminder that was read")

    def test_6_who_talks_is_left_alone_until_the_task_is_done_and_others_go_on(self):
        for _ in range(12):
            self.daemon.ask("clock", "advance", "1d", "--settle")
            self.import_payments(datetime.date.fromisoformat(self.daemon.ask("status")["business_time"][:10]))
        self.await_fact(lambda: len(self.received("machine")) == 2, "the machine's second reminder")
        self.assertEqual(len(self.received("talks")), 1)
        self.assertEqual(len(self.received("stops")), 1)
        self.assertEqual(len(self.received("complains")), 1)
        task, = self.tasks("talks")
        self.daemon.ask("tasks", "done", task["id"], "--outcome", "done")
        self.daemon.ask("clock", "advance", "1d", "--settle")
        self.await_fact(lambda: len(self.received("talks")) == 2, "the next reminder of the one who talked")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=Path, help="the build folder with relanced, relancectl and the plugin")
    build = parser.parse_args().build
    try:
        with tempfile.TemporaryDirectory(prefix="relance-mr-") as there:
            os.chmod(there, 0o755)
            mail_servers.check_machine(Path(there) / "mail")
    except mail_servers.MailHostError as error:
        print(f"all of this suite skipped: {error}")
        sys.exit(0)
    print("peers: Postfix, Dovecot", flush=True)
    unittest.main(argv=[sys.argv[0], "-v"])
