"""Holds the demo's run to its own truth: the mail host's count, the mails themselves, and the ledger's sums.

Nothing is taken from the daemon alone. What it says was sent is compared with what Postfix took, key by key; what it wrote
to people is read from their mailboxes and compared with the ledger's CSV files as of that business day.
"""
import csv
import datetime
import email
import email.policy
import email.utils
import re
import subprocess
import zoneinfo
from collections import Counter, defaultdict

from demo_certified import SIGNER, is_certified
from demo_phones import is_off

CREDITOR_ZONE = zoneinfo.ZoneInfo("Europe/Paris")
# What the mail host does with an address; the words are explained in tests/peers/mailhost.py.
BOUNCING = {"bounce", "full", "expire", "text"}  # accepted, then failed
DEAD = {"gone", "bounce", "text"}  # for good: the address must not be used again
REFUSED = {"gone", "policy"}  # at RCPT
UNREPORTED = {"relay", "away"}  # delivered by a hop that reports no more than "relayed"
KEY = re.compile(r"\+([0-9A-Za-z-]{20,40})@")
INVOICE = re.compile(r"\bFA\d{4}-\d{5}\b")
# A line of a message that lists an invoice: its number, words and dates, a colon, the balance, perhaps how late it is.
LISTED = re.compile(r"^- \D*(FA\d{4}-\d{5})\b[^\n]*?:\s*([^\n:(]+?)(?:\s*\([^\n]*\))?$", re.MULTILINE)
FAULTS_SHOWN_MAX = 5
# By then each invoice of facts["lost_invoices"] has gone all the ways that there are.
EVERY_CHANNEL_DAYS = 30
EVERY_CHANNEL = {"email": "failed", "sms": "failed", "postal": "dispatched", "lre": "delivered"}
# Three business days of grace and a weekend, holidays aside: by then a promise is kept or broken and the next step is due.
PROMISE_SETTLED_AFTER = datetime.timedelta(14)


def minor(text):
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents or 0)


def numbers_of(text):
    """Every run of digits with its separators, as an integer: amounts of any language, in minor units."""
    return [int(re.sub(r"\D", "", run)) for run in re.findall(r"\d[\d.,\u2019 ]*\d", text)]


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def fate_of(address):
    return re.split(r"[-.+@]", address, maxsplit=1)[0].lower()


class Ledger:
    """The CSV files that were imported, as balances on any business day."""

    def __init__(self, folder, last_day):
        self.debtors = {row["debtor_id"]: row for row in rows_of(folder / "debtors.csv")}
        self.by_mobile = defaultdict(list)  # invented numbers are few: some debtors share one
        for row in self.debtors.values():
            self.by_mobile[row["mobile"].replace(" ", "")].append(row)
        self.by_address = {row["email"]: row for row in self.debtors.values() if row["email"]}
        self.invoices = {row["invoice_number"]: row for row in rows_of(folder / "invoices.csv")}
        self.moves = defaultdict(list)
        for file in sorted((folder / "payments").iterdir()):
            if datetime.date.fromisoformat(file.stem) <= last_day:
                for row in rows_of(file):
                    sign = 1 if row["kind"] == "reversal" else -1
                    self.moves[row["invoice_number"]].append((datetime.date.fromisoformat(row["date"]), sign * minor(row["amount"])))
        self.last_day = last_day
        self.events = [row | {name: datetime.date.fromisoformat(row[name]) if row[name] else None
                              for name in ("date", "promised_date")} for row in rows_of(folder / "events.csv")]

    def balance(self, number, day):
        """What is open after the payments imported on the morning of that day."""
        return minor(self.invoices[number]["open_amount"]) + sum(amount for date, amount in self.moves[number] if date <= day)

    def overdue(self, debtor_id, day):
        return sum(max(0, self.balance(number, day)) for number, row in self.invoices.items()
                   if row["debtor_id"] == debtor_id and datetime.date.fromisoformat(row["due_date"]) < day)

    def settled(self):
        return {number for number in self.invoices if self.balance(number, self.last_day) <= 0}


class Mail:
    """One mail as its reader's program shows it."""

    def __init__(self, record):
        with open(record["file"], "rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        self.recipient, self.return_path = record["recipient"], record["return_path"]
        self.subject = str(message["Subject"])
        self.day = email.utils.parsedate_to_datetime(str(message["Date"])).astimezone(CREDITOR_ZONE).date()
        self.text = message.get_body(("plain",)).get_content()
        html = message.get_body(("html",))
        self.html = html.get_content() if html else ""
        self.letters = sum(1 for part in message.walk() if part.get_content_type() == "application/pdf")
        self.defects = [str(defect) for part in message.walk() for defect in part.defects]
        self.invoices = set(INVOICE.findall(self.text))


class Letter:
    """What came out of the printer: KEY.NUMBER.pdf, read by poppler."""

    def __init__(self, file):
        self.key = file.name.split(".")[0]
        self.text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        self.invoices = set(INVOICE.findall(self.text))


class Figures:
    """Gathers everything once, then compares. `faults` is empty when all of it adds up."""

    def __init__(self, daemon, mailhost, mail_folder, texts, letters, ledger, facts, days):
        self.ledger, self.facts, self.days = ledger, facts, days
        self.status = daemon.ask("status")
        self.store = self.status["store"]
        self.entries = daemon.rows("entries", "journal")
        self.verdict = daemon.ask("journal", "verify")
        self.reminders = daemon.rows("reminders", "reminders")
        self.tasks = daemon.ask("tasks", "list", "--all")["tasks"]
        self.approvals = daemon.ask("approvals", "list", "--all")["approvals"]
        self.suppressed = {row["address"] for row in daemon.ask("suppressions", "list")["suppressions"]}
        taken = [mail for mail in mailhost.accepted(mail_folder) if mail["listener"] != "back" and mail["return_path"] != SIGNER]
        self.certified_taken = [mail for mail in taken if is_certified(mail["recipients"][0]["recipient"])]
        self.taken = [mail for mail in taken if mail not in self.certified_taken]
        received = [Mail(record) for record in mailhost.received(mail_folder)]
        self.certified = [mail for mail in received if is_certified(mail.recipient)]
        self.mails = [mail for mail in received if not is_certified(mail.recipient)]
        self.texts = texts
        self.letters = [Letter(file) for file in letters]
        self.faults = []
        self.read_attempts()

    def read_attempts(self):
        """Every hand-over with how it ended, from the journal; those of mails are looked at most."""
        self.all_attempts = {}
        for entry in self.entries:
            payload = entry["payload"] or {}
            if entry["kind"] in ("intent", "intent_again"):
                self.all_attempts[payload["attempt"]] = payload | {"day": datetime.date.fromisoformat(entry["at"][:10]), "outcome": "none",
                                                                   "receipts": []}
            elif entry["kind"] == "outcome":
                self.all_attempts[payload["attempt"]]["outcome"] = payload["outcome"]
            elif entry["kind"] == "receipt":
                self.all_attempts[payload["attempt"]]["receipts"].append(payload)
        self.attempts = {number: attempt for number, attempt in self.all_attempts.items() if attempt["provider"] == "smtp"}
        self.outcomes = Counter(attempt["outcome"] for attempt in self.attempts.values())
        self.by_key = {attempt["key"]: attempt for attempt in self.all_attempts.values()}
        self.texted = [attempt for attempt in self.all_attempts.values() if attempt["channel"] == "sms"]
        self.texts_failed = sum(1 for number, _ in self.texts if is_off(number))

    def expect(self, what, found, expected):
        if found != expected:
            self.faults.append(f"{what}: {found}, expected {expected}")

    def expect_none(self, what, found):
        found = sorted(map(str, found))
        if found:
            more = f" and {len(found) - FAULTS_SHOWN_MAX} more" if len(found) > FAULTS_SHOWN_MAX else ""
            self.faults.append(f"{what}: {'; '.join(found[:FAULTS_SHOWN_MAX])}{more}")

    def check(self):
        self.check_hand_over()
        self.check_receipts()
        self.check_ledger()
        self.check_mails()
        self.check_texts()
        self.check_letters()
        self.check_certified()
        self.check_every_channel()
        self.check_rests()
        self.expect_none("faults of the journal", self.verdict["faults"])
        return self.faults

    def check_hand_over(self):
        """Each message at the mail host once: none twice, none lost, none that nobody sent."""
        keys = [KEY.search(mail["return_path"]) for mail in self.taken]
        self.expect_none("mails without our key in their envelope",
                         (mail["queue_id"] for mail, key in zip(self.taken, keys) if key is None))
        at_peer = Counter(key[1] for key in keys if key)
        sent = {attempt["key"] for attempt in self.attempts.values() if attempt["outcome"] in ("accepted", "delivered")}
        in_doubt = {attempt["key"] for attempt in self.attempts.values() if attempt["outcome"] in ("unknown", "none")}
        self.expect_none("mails that the server took twice", (key for key, count in at_peer.items() if count > 1))
        self.expect_none("mails lost: handed over, but not at the server", sent - at_peer.keys())
        self.expect_none("mails at the server that the journal does not know as sent", at_peer.keys() - sent - in_doubt)
        for name in ("in_doubt", "attempts_open", "receipts_unmatched", "inbound_waiting", "inbound_failed"):
            self.expect(f"status: {name}", self.store[name], 0)

    def check_receipts(self):
        """What came back is what the mail host did."""
        fates = Counter(fate_of(mail["recipients"][0]["recipient"]) for mail in self.taken)
        bouncing = sum(fates[fate] for fate in BOUNCING)
        self.expect("bounced", self.store["bounced"], bouncing + self.texts_failed)
        self.expect("delivered", self.store["delivered"], len(self.taken) - bouncing - sum(fates[fate] for fate in UNREPORTED)
                    + len(self.texts) - self.texts_failed + len(self.certified_taken))
        refused = Counter(fate_of(attempt["address"]) for attempt in self.attempts.values() if attempt["outcome"] == "rejected")
        self.expect_none("refused at RCPT without reason", refused.keys() - REFUSED)
        self.expect("refused at RCPT", self.store["rejected"], refused.total())
        tried = {attempt["address"] for attempt in self.attempts.values()}
        dead = {address for address in tried if fate_of(address) in DEAD}
        self.expect_none("dead addresses not suppressed", dead - self.suppressed)
        self.expect_none("addresses suppressed that work", self.suppressed - dead)
        uses = Counter(attempt["address"] for attempt in self.attempts.values())
        self.expect_none("dead addresses used again", (address for address in dead if uses[address] > 1))

    def check_ledger(self):
        settled = self.ledger.settled()
        self.expect("invoices paid", self.store["receivables_paid"], len(settled))
        if self.days == self.facts["days"]:
            self.expect_none("settled in the CSV files or in facts.json, not in both", settled ^ set(self.facts["settled_invoices"]))
        listed = {number for reminder in self.reminders for number in reminder["invoices"]}
        self.expect_none("reminders of unknown invoices", listed - self.ledger.invoices.keys())

    def check_mails(self):
        """What people read: their language, true balances, nothing paid or disputed, nothing twice."""
        seen, contacts = Counter(), Counter()
        for mail in self.mails:
            debtor = self.ledger.by_address.get(mail.recipient)
            where = f"{mail.day} to {mail.recipient}"
            if debtor is None:
                self.faults.append(f"{where}: a mail to somebody who is not in the ledger")
                continue
            seen[mail.return_path] += 1
            contacts[mail.recipient, mail.day] += 1
            self.expect_none(f"{where}: defects of the mail", mail.defects)
            if f'<html lang="{debtor["language"]}"' not in mail.html:
                self.faults.append(f"{where}: not in the debtor's language, {debtor['language']}")
            self.check_amounts(mail, debtor, where)
        self.expect_none("one message twice in a mailbox", (path for path, count in seen.items() if count > 1))
        self.expect_none("two mails on one day", (f"{address} {day}" for (address, day), count in contacts.items() if count > 1))

    def check_texts(self):
        """What phones show: each short message once, to the debtor's own number, with a true amount."""
        taken, sent = Counter(), Counter(attempt["address"] for attempt in self.texted if attempt["outcome"] == "accepted")
        for number, text in self.texts:
            number = number if number.startswith("+") else f"+{number}"
            taken[number] += 1
            debtors = self.ledger.by_mobile.get(number, ())
            if not debtors:
                self.faults.append(f"a short message to {number}, who is not in the ledger")
                continue
            days = {attempt["day"] for attempt in self.texted if attempt["address"] == number}
            owed = {self.ledger.overdue(debtor["debtor_id"], day) for debtor in debtors for day in days}
            if not owed & set(numbers_of(text)):
                self.faults.append(f"to {number}: none of what was owed ({sorted(owed)}, minor units) is in {text!r}")
        self.expect("short messages at the message centre, by number", dict(taken), dict(sent))

    def check_letters(self):
        """What lies in the printer's tray: each letter once, its invoices owed on that day, each with its true balance."""
        printed = Counter(letter.key for letter in self.letters)
        self.expect_none("letters printed twice", (key for key, count in printed.items() if count > 1))
        sent = {reminder["id"] for reminder in self.reminders if reminder["channel"] == "postal" and reminder["state"] == "sent"}
        self.expect("letters printed", {self.by_key[key]["reminder"] for key in printed if key in self.by_key}, sent)
        decided = {reminder["id"]: reminder for reminder in self.reminders}
        for letter in self.letters:
            reminder = decided[self.by_key[letter.key]["reminder"]]
            day = datetime.date.fromisoformat(reminder["decided_on"])
            where = f"letter of {day} to {reminder['address'].splitlines()[0]}"
            shown = set(numbers_of(letter.text))
            self.expect(f"{where}: its invoices", letter.invoices, set(reminder["invoices"]))
            for number in letter.invoices & self.ledger.invoices.keys():
                balance = self.ledger.balance(number, day)
                if balance <= 0:
                    self.faults.append(f"{where}: {number} was paid already")
                elif balance not in shown:
                    self.faults.append(f"{where}: the balance {balance} of {number} (minor units) is not in it")

    def check_certified(self):
        """Certified mails: each once, a letter with it."""
        sent = [reminder for reminder in self.reminders if reminder["channel"] == "lre" and reminder["state"] == "sent"]
        self.expect("certified mails", Counter(mail.recipient for mail in self.certified), Counter(reminder["address"] for reminder in sent))
        self.expect_none("certified mails without their receipt of delivery",
                         (reminder["address"] for reminder in sent if reminder["delivery"] != "delivered"))
        for mail in self.certified:
            where = f"{mail.day} to {mail.recipient}"
            self.expect_none(f"{where}: defects of the mail", mail.defects)
            self.expect(f"{where}: its letter", mail.letters, 1)

    def ways_of(self, number):
        """What providers took of the reminders that list this invoice, in order. A printer that was busy took nothing."""
        listing = {reminder["id"] for reminder in self.reminders if number in reminder["invoices"]}
        return [attempt for _, attempt in sorted(self.all_attempts.items())
                if attempt["reminder"] in listing and attempt["channel"] != "task" and attempt["outcome"] != "not_sent"]

    def check_every_channel(self):
        """The lost: mail, telephone, paper, certified mail, each once and in this order, as each of the peers has it."""
        if self.days < EVERY_CHANNEL_DAYS:
            return
        at_peer = Counter(KEY.search(mail["return_path"])[1] for mail in self.taken) + Counter(letter.key for letter in self.letters)
        for number in self.facts["lost_invoices"]:
            ways = self.ways_of(number)
            told = [(way["channel"], sorted(receipt["receipt"] for receipt in way["receipts"])) for way in ways]
            if [channel for channel, _ in told] != list(EVERY_CHANNEL) or any(EVERY_CHANNEL[channel] not in receipts for channel, receipts in told):
                self.faults.append(f"{number}: its ways are {told}, expected {EVERY_CHANNEL}")
                continue
            mail, text, letter, certified = ways
            self.expect(f"{number}: at the mail host and in the tray", [at_peer[way["key"]] for way in (mail, letter)], [1, 1])
            self.expect(f"{number}: at the telephone", Counter("+" + to.lstrip("+") for to, _ in self.texts)[text["address"]], 1)
            self.expect(f"{number}: in the certified mailbox", Counter(mail.recipient for mail in self.certified)[certified["address"]], 1)
            self.expect(f"{number}: the receipts of its certified mail", told[-1][1], ["accepted", "delivered"])

    def check_amounts(self, mail, debtor, where):
        shown = {number: int(re.sub(r"\D", "", amount)) for number, amount in LISTED.findall(mail.text)}
        self.expect_none(f"{where}: invoices without a readable balance", mail.invoices - shown.keys())
        for number, amount in shown.items():
            balance = self.ledger.balance(number, mail.day)
            if self.ledger.invoices[number]["debtor_id"] != debtor["debtor_id"]:
                self.faults.append(f"{where}: {number} is somebody else's")
            if balance <= 0:
                self.faults.append(f"{where}: {number} was paid already")
            elif amount != balance:
                self.faults.append(f"{where}: {number} shows {amount}, the ledger has {balance} (minor units)")
            if number not in mail.html:
                self.faults.append(f"{where}: {number} is in the text and not in the HTML")

    def check_rests(self):
        """A disputed invoice rests from that day on, a promised one until the promise counts as broken."""
        named = defaultdict(list)
        for mail in self.mails:
            for number in mail.invoices:
                named[number].append(mail.day)
        for reminder in self.reminders:
            if reminder["channel"] == "email":
                for number in reminder["invoices"]:
                    named[number].append(datetime.date.fromisoformat(reminder["decided_on"]))
        kinds = Counter(entry["kind"] for entry in self.entries)
        for event in self.ledger.events:
            if event["date"] > self.ledger.last_day:
                continue
            number, until = event["invoice_number"], event["promised_date"] or self.ledger.last_day
            self.expect_none(f"{number} reminded while it was {event['event']}d",
                             {day for day in named[number] if event["date"] <= day <= until})
            if event["event"] == "promise" and until + PROMISE_SETTLED_AFTER <= self.ledger.last_day:
                self.check_promise(number, until, kinds, named[number])

    def check_promise(self, number, promised, kinds, named):
        is_broken = number == self.facts["broken_promise_invoice"]
        self.expect(f"journal: {'promise_broken' if is_broken else 'promise_kept'}",
                    kinds["promise_broken" if is_broken else "promise_kept"], 1)
        if is_broken and not any(day > promised for day in named):
            self.faults.append(f"{number}: nothing followed its broken promise of {promised}")
