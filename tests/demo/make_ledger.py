#!/usr/bin/env python3
"""Invents a ledger: 80 debtors in France, Germany, Britain and Italy, 340 open invoices, and 60 days of what their customers then do.

    make_ledger.py --out DIR [--start 2026-03-02] [--seed 20260302] [--flavour plain|fr] [--quiet]

The same seed and start give the same bytes. DIR receives:
    debtors.csv    debtor_id, name, country, region, language, segment, contact_name, email, mobile, phone, fax,
                   registered_email, street, postal_code, city
    invoices.csv   debtor_id, invoice_number, issue_date, due_date, amount, currency, open_amount, reference
    payments/YYYY-MM-DD.csv   one file for each bank day of the 60 on which money moves:
                   payment_id, invoice_number, date, amount, currency, kind (payment, credit_note, reversal), reference
    events.csv     date, event (dispute, promise), invoice_number, promised_date, because: for the script that plays the days
    facts.json     what a check may rely on: counts, sums in minor units, invoices settled at the end, fates by address

Flavour `plain`: comma, UTF-8, ISO dates, the names above. Flavour `fr`: what a French package exports (semicolon, windows-1252, dd/mm/yyyy,
decimal comma, its own column names), read with config/mappings/fr-export.toml. COLUMNS below is the one place that names them.

The local part of an e-mail address chooses what the private mail server does with it (tests/peers/mailhost.py): FATES says how many
of each. Amounts are integers of cents throughout.
"""
import argparse
import csv
import datetime
import json
import random
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from ledger_names import COUNTRIES  # noqa: E402

DEBTORS = {"FR": 36, "DE": 22, "GB": 14, "IT": 8}
INVOICES = 340
DAYS = 60
# How many of the 80 meet which end of the mail server; the others are delivered.
FATES = {"gone": 5, "bounce": 5, "full": 2, "expire": 1, "grey": 5, "defer": 4, "relay": 4, "text": 3, "away": 2, "policy": 1}
WITHOUT_EMAIL = 2
# The last of the Italians, who bought once: their mail bounces, their buyer's French telephone is off, and only paper and certified
# mail arrive. Their one invoice goes through every channel in a row.
LOST = 3
LOST_MOBILE = "+33 6 39 98 {:02d} 17"
TERMS_DAYS = (30, 30, 30, 45, 60)
# How customers pay: name, weight. What they do is in Debtor.pay().
HABITS = (("punctual", 30), ("late", 35), ("in_parts", 15), ("never", 20))
SEGMENTS = (("sme", 70), ("large", 15), ("occasional", 15))

# our name -> the French package's name; None where it has no such column
COLUMNS = {
    "debtors": {"debtor_id": "Code client", "name": "Raison sociale", "country": "Pays", "region": None, "language": "Langue",
                "segment": "Catégorie", "contact_name": "Interlocuteur", "email": "Courriel", "mobile": "Portable",
                "phone": "Téléphone", "fax": "Télécopie", "registered_email": "E-mail recommandé", "street": "Adresse", "postal_code": "Code postal", "city": "Ville"},
    "invoices": {"debtor_id": "Code client", "invoice_number": "N° facture", "issue_date": "Date facture", "due_date": "Échéance",
                 "amount": "Montant TTC", "currency": "Devise", "open_amount": "Solde", "reference": "Référence"},
    "payments": {"payment_id": "N° règlement", "invoice_number": "N° facture", "date": "Date règlement", "amount": "Montant",
                 "currency": "Devise", "kind": "Nature", "reference": "Libellé"},
    "events": {name: None for name in ("date", "event", "invoice_number", "promised_date", "because")},
}
KINDS = ("payment", "credit_note", "reversal")
# The French package's words; config/mappings/fr-export.toml translates them back.
FRENCH_WORDS = {"kind": {"payment": "Règlement", "credit_note": "Avoir", "reversal": "Impayé"},
                "country": {"FR": "France", "DE": "Allemagne", "GB": "Royaume-Uni", "IT": "Italie"}}


@dataclass
class Invoice:
    debtor: dict
    number: str
    issue_date: datetime.date
    due_date: datetime.date
    amount: int
    open_amount: int
    payments: list = field(default_factory=list)

    @property
    def currency(self):
        return "GBP" if self.debtor["country"] == "GB" else "EUR"

    def settled(self):
        return sum(p["amount"] * (-1 if p["kind"] == "reversal" else 1) for p in self.payments) >= self.open_amount


def ascii_slug(text):
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def easter(year):
    """Gregorian Easter Sunday (Gauss, in the form of Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return datetime.date(year, f // 31, f % 31 + 1)


def bank_day(day):
    """The day, or the next on which euro payments settle: weekends and the six TARGET closing days are skipped."""
    while True:
        good_friday, easter_monday = easter(day.year) - datetime.timedelta(2), easter(day.year) + datetime.timedelta(1)
        closed = {good_friday, easter_monday} | {datetime.date(day.year, m, d) for m, d in ((1, 1), (5, 1), (12, 25), (12, 26))}
        if day.weekday() < 5 and day not in closed:
            return day
        day += datetime.timedelta(1)


class Ledger:
    def __init__(self, seed, start):
        self.random = random.Random(seed)
        self.start = start
        self.end = start + datetime.timedelta(DAYS)
        self.debtors = self.make_debtors()
        self.invoices = self.make_invoices()
        self.events = []
        self.payment_count = 0
        for invoice in self.invoices:
            self.pay(invoice)
        self.make_special_cases()

    def chance(self, weighted):
        return self.random.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]

    def make_debtors(self):
        fates = [name for name, count in FATES.items() for _ in range(count)] + [None] * WITHOUT_EMAIL
        fates += ["ok"] * (sum(DEBTORS.values()) - len(fates))
        self.random.shuffle(fates)
        self.bounce_the_last(fates)
        taken, debtors = set(), []
        for country, count in DEBTORS.items():
            for _ in range(count):
                debtors.append(self.make_debtor(f"C{len(debtors) + 1:04d}", country, fates[len(debtors)], taken))
        for number, debtor in enumerate(debtors[-LOST:]):
            debtor |= {"segment": "occasional", "habit": "never", "mobile": LOST_MOBILE.format(10 + number), "is_lost": True}
        return debtors

    @staticmethod
    def bounce_the_last(fates):
        """So many bounce as before: each takes the place of another."""
        for at in range(len(fates) - LOST, len(fates)):
            other = next(i for i in [at, *range(len(fates))] if fates[i] == "bounce" and (i == at or i < len(fates) - LOST))
            fates[at], fates[other] = fates[other], fates[at]

    def make_debtor(self, debtor_id, country, fate, taken):
        place, choice = COUNTRIES[country], self.random.choice
        while True:
            trade, surname, form = choice(place["trades"]), choice(place["surnames"]), choice(place["forms"])
            name = f"{trade} {surname} {form}" if country != "GB" else f"{surname} {trade} {form}"
            domain = ascii_slug(f"{surname} {trade}") + ".example"
            if domain not in taken:
                taken.add(domain)
                break
        given, family = choice(place["given"]), choice(place["surnames"])
        number, street = self.random.randint(1, 180), choice(place["streets"])
        postal_code, city = choice(place["towns"])
        person = f"{ascii_slug(given)}.{ascii_slug(family)}"
        local = choice(place["mailbox"] + [person]) if fate == "ok" else f"{fate}.{ascii_slug(family)}"
        digits = (self.random.randint(10, 99), self.random.randint(0, 9))
        return {
            "debtor_id": debtor_id, "name": name, "country": country, "region": country, "language": place["language"],
            "segment": self.chance(SEGMENTS), "contact_name": f"{given} {family}", "email": f"{local}@{domain}" if fate else "",
            "mobile": place["mobile"].format(*digits), "phone": place["phone"].format(*digits),
            "fax": place["phone"].format(digits[0], (digits[1] + 1) % 10) if self.random.random() < 0.3 else "",
            "registered_email": f"{place['certified']}{domain}" if "certified" in place else "",
            "street": f"{number} {street}" if place["number_first"] else f"{street} {number}",
            "postal_code": postal_code, "city": city,
            "fate": fate, "habit": self.chance(HABITS), "is_lost": False,
        }

    def make_invoices(self):
        """Due from 60 days before the start to 50 after it; the larger customer buys more and more often."""
        weights = [0 if debtor["is_lost"] else 3 if debtor["segment"] == "large" else 1 for debtor in self.debtors]
        owners = self.debtors + self.random.choices(self.debtors, weights, k=INVOICES - len(self.debtors))
        drafts = []
        for debtor in owners:
            term = self.random.choice(TERMS_DAYS)
            due = self.start + datetime.timedelta(self.random.randint(-60, min(50, term - 1)))
            if debtor["habit"] == "punctual" and due < self.start:
                due = self.start + datetime.timedelta(self.random.randint(0, min(50, term - 1)))  # older ones are paid and gone
            if debtor["is_lost"]:
                due = self.start - datetime.timedelta(self.random.randint(8, 20))  # so that a month sees all of it
            amount = round(self.random.lognormvariate(7.2, 1.0) * (4 if debtor["segment"] == "large" else 1) * 100)
            drafts.append((due - datetime.timedelta(term), due, debtor, max(amount, 4500)))
        drafts.sort(key=lambda draft: (draft[0], draft[2]["debtor_id"], draft[3]))
        invoices = []
        for sequence, (issued, due, debtor, amount) in enumerate(drafts, start=1):
            part_paid = debtor["habit"] == "in_parts" and due < self.start
            invoices.append(Invoice(debtor, f"FA{issued.year}-{sequence:05d}", issued, due, amount, amount - amount // 3 if part_paid else amount))
        return invoices

    def add_payment(self, invoice, day, amount, kind="payment"):
        day = bank_day(day)
        if self.start < day <= self.end:
            self.payment_count += 1
            invoice.payments.append({"payment_id": f"P{self.payment_count:05d}", "invoice_number": invoice.number, "date": day, "amount": amount,
                                     "currency": invoice.currency, "kind": kind, "reference": f"{invoice.debtor['debtor_id']} {invoice.number}"})

    def pay(self, invoice):
        """What the debtor's habit does to this invoice within the 60 days."""
        habit, after = invoice.debtor["habit"], lambda days: max(invoice.due_date, self.start) + datetime.timedelta(days)
        if habit == "punctual":
            self.add_payment(invoice, invoice.due_date + datetime.timedelta(self.random.randint(-2, 3)), invoice.open_amount)
        elif habit == "late":
            self.add_payment(invoice, after(self.random.randint(6, 28)), invoice.open_amount)
        elif habit == "in_parts":
            half = invoice.open_amount // 2
            self.add_payment(invoice, after(self.random.randint(8, 16)), half)
            self.add_payment(invoice, after(self.random.randint(25, 40)), invoice.open_amount - half)

    def make_special_cases(self):
        """A dispute, a promise broken, a promise kept, two over-payments, two credit notes, a payment that the bank takes back."""
        def due_about(days):
            """An invoice that nobody has paid yet, due at most 12 days after that day of the 60."""
            return next(invoice for invoice in self.invoices if invoice.debtor["fate"] == "ok" and invoice.debtor["habit"] == "never"
                        and invoice.number not in chosen and not invoice.payments
                        and 0 <= (invoice.due_date - self.start).days - days <= 12)

        def day(number):
            return self.start + datetime.timedelta(number)

        def event(number, what, invoice, because, promised=None):
            self.events.append({"date": day(number), "event": what, "invoice_number": invoice.number,
                                "promised_date": promised or "", "because": because})

        chosen = set()
        picks = []
        for earliest in (-5, -16, -12, -10, -3):
            pick = due_about(earliest)
            chosen.add(pick.number)
            picks.append(pick)
        disputed, broken, kept, noted, reversed_one = picks
        event(9, "dispute", disputed, "two of the pallets never arrived")
        event(4, "promise", broken, "the contact promised on the telephone", bank_day(day(9)))
        event(7, "promise", kept, "the contact promised by e-mail", bank_day(day(14)))
        self.add_payment(kept, bank_day(day(14)), kept.open_amount)
        self.add_payment(noted, day(11), noted.open_amount, "credit_note")
        self.add_payment(reversed_one, day(10), reversed_one.open_amount)
        self.add_payment(reversed_one, day(18), reversed_one.open_amount, "reversal")
        paid_late = [invoice for invoice in self.invoices if invoice.debtor["habit"] == "late" and invoice.payments]
        for invoice, too_much in zip(paid_late, (1500, 9990)):
            invoice.payments[0]["amount"] += too_much
        partly = next(invoice for invoice in self.invoices if invoice.debtor["habit"] == "in_parts" and len(invoice.payments) == 2)
        partly.payments[1]["kind"] = "credit_note"

    # --- rows ---

    def rows(self):
        invoices = [{"debtor_id": i.debtor["debtor_id"], "invoice_number": i.number, "issue_date": i.issue_date, "due_date": i.due_date, "amount": i.amount,
                     "currency": i.currency, "open_amount": i.open_amount, "reference": f"CMD-{4000 + n}"} for n, i in enumerate(self.invoices)]
        payments = sorted((p for i in self.invoices for p in i.payments), key=lambda p: (p["date"], p["payment_id"]))
        return {"debtors": self.debtors, "invoices": invoices, "payments": payments, "events": sorted(self.events, key=lambda e: e["date"])}

    def facts(self, rows):
        dispute, broken, kept = (event["invoice_number"] for event in self.events)
        return {
            "start": self.start.isoformat(), "days": DAYS, "debtors": len(self.debtors), "invoices": len(self.invoices),
            "open_minor": {currency: sum(i.open_amount for i in self.invoices if i.currency == currency) for currency in ("EUR", "GBP")},
            "payments": {kind: sum(p["kind"] == kind for p in rows["payments"]) for kind in KINDS},
            "settled_invoices": sorted(i.number for i in self.invoices if i.settled()),
            "lost_invoices": [i.number for i in self.invoices if i.debtor["is_lost"]],
            "disputed_invoice": dispute, "broken_promise_invoice": broken, "kept_promise_invoice": kept,
            "fates": {fate or "none": sorted(d["debtor_id"] for d in self.debtors if d["fate"] == fate)
                      for fate in [*FATES, "ok", None]},
        }


def money(cents, decimal):
    return f"{cents // 100}{decimal}{cents % 100:02d}"


def cell(name, value, flavour):
    if name in ("amount", "open_amount"):
        return money(value, "," if flavour == "fr" else ".")
    if isinstance(value, datetime.date):
        return value.strftime("%d/%m/%Y") if flavour == "fr" else value.isoformat()
    return FRENCH_WORDS[name][value] if flavour == "fr" and name in FRENCH_WORDS else value


def write_csv(path, kind, rows, flavour):
    french = flavour == "fr" and kind != "events"
    columns = {ours: theirs for ours, theirs in COLUMNS[kind].items() if theirs or not french}
    with path.open("w", encoding="windows-1252" if french else "utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";" if french else ",", lineterminator="\r\n" if french else "\n")
        writer.writerow(columns.values() if french else columns.keys())
        for row in rows:
            writer.writerow([cell(name, row[name], flavour if french else "plain") for name in columns])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--start", default="2026-03-02", type=datetime.date.fromisoformat, help="the day of the import")
    parser.add_argument("--seed", default=20260302, type=int)
    parser.add_argument("--flavour", default="plain", choices=["plain", "fr"])
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    ledger = Ledger(args.seed, args.start)
    rows = ledger.rows()
    (args.out / "payments").mkdir(parents=True, exist_ok=True)
    for kind in ("debtors", "invoices", "events"):
        write_csv(args.out / f"{kind}.csv", kind, rows[kind], args.flavour)
    for day in sorted({payment["date"] for payment in rows["payments"]}):
        write_csv(args.out / "payments" / f"{day}.csv", "payments", [p for p in rows["payments"] if p["date"] == day], args.flavour)
    (args.out / "facts.json").write_text(json.dumps(ledger.facts(rows), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not args.quiet:
        print(f"{len(rows['debtors'])} debtors, {len(rows['invoices'])} invoices, {len(rows['payments'])} payments in {args.out}")


if __name__ == "__main__":
    main()
