"""What the demo shows at its end: one table of sixty days, and the story of one invoice."""
from collections import Counter

from demo_figures import fate_of

TELL_ENTRIES_MAX = 40


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
    """One invoice whose debtor was tried by every channel: its ways as the journal has them, then what an operator sees of it."""
    number = figures.facts["lost_invoices"][0]
    invoice = figures.ledger.invoices[number]
    debtor = figures.ledger.debtors[invoice["debtor_id"]]
    print(f"  {number}, {invoice['open_amount']} {invoice['currency']}, {debtor['name']}: by every channel in a row")
    for way in figures.ways_of(number):
        receipts = ", ".join(receipt["receipt"] for receipt in way["receipts"]) or "no receipt yet"
        said = next((receipt["text"] for receipt in reversed(way["receipts"]) if receipt.get("text")), "")
        print(f"  {way['day']}  {way['channel']:<7} {way['address'].splitlines()[0]:<48.48}  {receipts:<20}  {said.splitlines()[0] if said else '':.70}".rstrip())
    print()
    for arguments in (("explain", number), ("journal", "--invoice", number, "--limit", str(TELL_ENTRIES_MAX)), ("evidence", "list", number)):
        print(f"$ relancectl {' '.join(arguments)}")
        print(daemon.text(*arguments))
