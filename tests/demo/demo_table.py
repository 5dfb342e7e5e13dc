"""What the demo shows at its end: one table of sixty days, and the story of one invoice."""
from collections import Counter

from demo_figures import fate_of

TELL_ENTRIES_MAX = 20


def show(figures, daemon, approved):
    print()
    for name, value, note in rows(figures, approved):
        print(f"  {name:<28}{value:>7}   {note}".rstrip())
    print()
    show_invoice(figures, daemon)


def rows(figures, approved):
    store, outcomes = figures.store, figures.outcomes
    steps = Counter(reminder["step"] or "thank-you" for reminder in figures.reminders)
    tasks = Counter(task["kind"] for task in figures.tasks)
    kinds = Counter(entry["kind"] for entry in figures.entries)
    settled = figures.ledger.settled()
    yield "days", figures.days, f"{figures.ledger.last_day} is the last morning"
    yield "reminders", store["reminders"], ", ".join(f"{count} {step}" for step, count in steps.most_common())
    yield "e-mails handed over", outcomes.total(), f"{len(figures.taken)} taken by the mail host, each once"
    mailed = Counter(reminder["delivery"] for reminder in figures.reminders if reminder["channel"] == "email")
    yield "  delivered", mailed["delivered"], "confirmed by a delivery report"
    yield "  bounced", store["bounced"] - figures.texts_failed, "accepted first, then failed"
    yield "  refused", store["rejected"], "by the mail server at RCPT"
    yield "  put off", outcomes["not_sent"], "greylisted, and sent a little later"
    yield "  in doubt", store["in_doubt"], "a provider may have them"
    yield "short messages", len(figures.texts), f"by Kannel, each once; {figures.texts_failed} of them to phones that are off"
    yield "letters printed", len(figures.letters), "by the office's printer, each once"
    yield "certified e-mails", len(figures.certified), "each with the signed receipts of its acceptance and its delivery"
    yield "receipts", store["receipts"], f"{store['receipts_unmatched']} without their message"
    yield "addresses suppressed", len(figures.suppressed), ", ".join(
        f"{count} {fate}" for fate, count in sorted(Counter(map(fate_of, figures.suppressed)).items()))
    yield "tasks for people", len(figures.tasks), ", ".join(f"{count} {kind}" for kind, count in tasks.most_common())
    yield "approvals given", approved, "formal notices and hand-overs"
    yield "invoices paid", store["receivables_paid"], f"of {len(figures.ledger.invoices)}; the ledger says {len(settled)}"
    yield "promises", kinds["promise"], f"{kinds['promise_kept']} kept, {kinds['promise_broken']} broken"
    yield "disputes", store["disputes_open"], "not reminded since"
    yield "journal entries", figures.verdict["entries"], "chain and seals verified" if figures.verdict["intact"] else "NOT intact"


def show_invoice(figures, daemon):
    """The shortest story of an invoice whose mail came back and whose reminder then reached the debtor's telephone."""
    length, failed, texted = Counter(), set(), set()
    for entry in figures.entries:
        payload = entry["payload"] or {}
        length[entry["case"]] += 1
        if entry["kind"] == "receipt" and payload.get("receipt") == "failed":
            failed.add(entry["case"])
        if entry["kind"] in ("intent", "intent_again") and payload.get("channel") == "sms" and entry["case"] in failed:
            texted.add(entry["case"])
    listed = {reminder["id"]: reminder["invoices"] for reminder in figures.reminders}
    settled = figures.ledger.settled()
    unpaid = {}
    for entry in figures.entries:
        if entry["kind"] == "intent" and entry["case"] in (texted or failed):
            for number in listed.get((entry["payload"] or {}).get("reminder"), ()):
                if number not in settled:
                    unpaid.setdefault(entry["case"], set()).add(number)
    if not unpaid:
        return
    invoices = sorted(unpaid[min(unpaid, key=lambda case: (length[case], case))])
    for arguments in (("explain", invoices[0]), ("journal", "--invoice", invoices[0], "--limit", str(TELL_ENTRIES_MAX))):
        print(f"$ relancectl {' '.join(arguments)}")
        print(daemon.text(*arguments))
