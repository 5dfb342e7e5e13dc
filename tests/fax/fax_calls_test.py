#!/usr/bin/env python3
"""Real calls: the driver hands faxes to Debian's HylaFAX, whose modems dial, and whoever is at the other end of the line answers,
or does not. What arrived is compared with what was sent, pixel by pixel."""
import sys

import fax_world
from fax_world import World, receipts_until_over

TEMPORARY = "2"


def without_margin(rows):
    """A fax may lose or gain white lines at the foot of a page."""
    rows = list(rows)
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def arrived(call, file):
    """The pages of a call, and whether each is what was sent."""
    sent, received = fax_world.fax_pages.read(file), fax_world.fax_pages.read(call["file"])
    assert len(sent) == len(received), f"{len(received)} of {len(sent)} pages arrived"
    for number, (left, right) in enumerate(zip(sent, received), 1):
        left, right = without_margin(left), without_margin(right)
        assert left == right, f"page {number}: {len(left)} and {len(right)} lines, {sum(a != b for a, b in zip(left, right))} differ"
    return len(received)


def last(receipts):
    return receipts[-1]


def whoever_is_at_the_other_end_the_receipts_say_what_became_of_the_fax():
    """All calls at the same time, a modem each, two calls a fax at most."""
    ends = {"+33140000001": "fax", "+33140000091": "busy", "+33140000092": "silent", "+33140000093": "hangs_up", "+33140000094": "noise",
            "+33140000095": "voice", "+33140000096": "busy, then a fax", "+33140000097": "no_dial_tone", "+33140000098": "hangs_up, then a fax"}
    with World(lines=len(ends)) as world:
        hand, file = world.hand(dials_max=2, tries_max=2), world.pages(1, 2)
        refs = {number: hand.sent(number, file) for number in ends}
        told = receipts_until_over(hand, list(refs.values()))
        receipts = {number: told[ref] for number, ref in refs.items()}
        fax_world.await_fact(lambda: len(world.office.calls) >= 14, 10, lambda: f"every call is over: {world.office.calls}")

        for number in ("+33140000001", "+33140000096", "+33140000098"):
            end = last(receipts[number])
            assert (end["kind"], end["text"]) == ("delivered", "2 of 2 pages arrived"), end
            assert arrived(world.calls_to(number)[-1], file) == 2
        assert len(world.calls_to("+33140000001")) == 1, world.calls_to("+33140000001")
        # Words of HylaFAX for each end of the line. E333: it has spent its calls; E002: it has heard no fax twice.
        for number, words in {"+33140000091": "Busy signal detected", "+33140000092": "No answer from remote", "+33140000093": "Transmit Phase",
                              "+33140000094": "No carrier detected", "+33140000095": "No carrier detected", "+33140000097": "No local dialtone"}.items():
            end = last(receipts[number])
            assert (end["kind"], end["failure"]) == ("failed", TEMPORARY) and end["code"] in ("E333", "E002"), end
            assert words in end["text"] and end["text"].endswith("0 of 2 pages arrived"), end
            assert len(world.calls_to(number)) == 2, world.calls_to(number)
        for number in ("+33140000096", "+33140000098"):  # not over with the first call, and told so
            assert len(world.calls_to(number)) == 2, world.calls_to(number)
            assert all(receipt["final"] == "no" for receipt in receipts[number][:-1]), receipts[number]
            assert any("1 of 2 calls made" in receipt["text"] for receipt in receipts[number]), receipts[number]
        assert {ref: count(told[ref]) for ref in told} == {ref: 1 for ref in told}, told


def count(receipts):
    return sum(receipt["final"] == "yes" for receipt in receipts)


def what_was_recalled_in_the_queue_never_calls():
    with World(lines=1) as world:
        hand, file = world.hand(), world.pages(3)
        first = hand.sent("+33140000001", file)
        second = hand.sent("+33140000002", file)  # waits for the one modem
        recalled = hand.ask("recall", ref=second)
        assert recalled["recall"] == "cancelled", recalled
        told = receipts_until_over(hand, [first, second])
        assert last(told[first])["kind"] == "delivered" and last(told[second])["kind"] == "cancelled", told
        assert hand.ask("recall", ref=first)["recall"] == "too_late"
        assert not world.calls_to("+33140000002") and len(world.calls_to("+33140000001")) == 1, world.office.calls


def a_call_that_is_recalled_is_broken_off_and_the_modem_calls_the_next():
    """The server waits for the end of the dialling first, so it may not know yet; what it did comes with a poll."""
    with World(lines=1) as world:
        hand, file = world.hand(), world.pages(3)
        ref = hand.sent("+33140000099", file)
        fax_world.await_fact(world.office.is_dialling, 60, "a call is under way")
        recalled = hand.ask("recall", ref=ref)
        assert recalled["recall"] in ("cancelled", "unknown"), recalled
        following = hand.sent("+33140000001", file)
        told = receipts_until_over(hand, [ref, following])
        assert last(told[ref])["kind"] == "cancelled" and last(told[following])["kind"] == "delivered", told
        assert len(world.calls_to("+33140000001")) == 1 and arrived(world.calls_to("+33140000001")[0], file) == 1


def what_ended_while_nobody_asked_is_told_at_the_next_start():
    """Also without its reference: the job bears our key."""
    with World(lines=1) as world:
        hand, file = world.hand(), world.pages(4)
        key = fax_world.new_key()
        ref = hand.sent("+33140000001", file, key)
        hand.kill()
        fax_world.await_fact(lambda: world.office.jobs("doneq"), 30, "the fax is over")
        polled = world.hand().ask("poll", refs="", cursor="")
        assert [(receipt["key"], receipt["ref"], receipt["kind"]) for receipt in polled["receipts"]] == [(key, ref, "delivered")], polled
        again = world.hand().ask("poll", refs="", cursor=str(int(polled["cursor"]) + 2 * 86_400_000))
        assert again["receipts"] == [], again  # told long ago


CASES = [whoever_is_at_the_other_end_the_receipts_say_what_became_of_the_fax, what_was_recalled_in_the_queue_never_calls,
         a_call_that_is_recalled_is_broken_off_and_the_modem_calls_the_next, what_ended_while_nobody_asked_is_told_at_the_next_start]

if __name__ == "__main__":
    sys.exit(fax_world.run(CASES))
