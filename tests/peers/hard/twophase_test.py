#!/usr/bin/env python3
"""The plugin `twophase` against a print service, in a child of the real daemon: every stop of the table in
docs/decisions/0007, counted at the print service."""
import subprocess
import sys

import hard_world
import print_house
from hard_world import PEER_PATIENCE_S, HardWorld, await_fact, expect
from print_house import PrintHouse


def settings(house):
    return (f'api_url = "{house.url}"\ntoken_url = "{house.url}/token"\nclient_id = "{print_house.CLIENT[0]}"\n'
            f'client_secret = "{print_house.CLIENT[1]}"\nwebhook_user = "{print_house.WEBHOOK[0]}"\nwebhook_password = "{print_house.WEBHOOK[1]}"\n')


def released_once(house, count):
    addressees = [s["recipients"][0]["address_line_1"] for s in house.released()]
    expect(len(addressees) == count and len(set(addressees)) == count, f"at the print service: {addressees}, wanted {count}")
    expect(all(len(s["recipients"]) == 1 and len(s["documents"]) == 1 for s in house.released()), f"{house.released()}")


def all_sent(world, sent):
    counts = world.counts_as_time_passes(f"{sent} are sent", lambda c: c["sent"] == sent and c["attempts_open"] == 0)
    expect(counts["in_doubt"] == 0, f"in doubt: {counts}")


# --- the happy way ---

def a_letter_is_a_draft_then_released_and_its_receipts_are_polled(world, house):
    world.live()
    world.due(3)
    all_sent(world, 3)
    released_once(house, 3)
    first, second, third = house.released()
    for sending, events in ((first, ("ON_STATUS_ACCEPTED", "ON_STATUS_PROCESSED", "ON_MAIN_DELIVERY_STATUS_DELIVERED")),
                            (second, ("ON_MAIN_DELIVERY_STATUS_DELIVERED", "ON_STATUS_PROCESSED", "ON_STATUS_ACCEPTED", "ON_MAIN_DELIVERY_STATUS_DELIVERED")),
                            (third, ("ON_UNDELIVERED_MAIL_RECEIVED", "ON_STATUS_PROCESSED"))):
        for event in events:
            house.notify(sending, event, "N02" if event.startswith("ON_UND") else "")
    world.await_counts("two delivered, one returned", lambda c: c["delivered"] == 2 and c["bounced"] == 1)
    expect({r["delivery"] for r in world.reminders()} == {"delivered", "returned"}, f"{world.reminders()}")


def words_of(body):
    """What the PDF in this request says."""
    pdf = body[body.index("%PDF-"):body.rindex("%%EOF") + 5].encode("latin-1")
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, stdout=subprocess.PIPE, check=True).stdout.decode()


def a_draft_carries_our_key_and_an_address_in_lines(world, house):
    world.live()
    world.due()
    all_sent(world, 1)
    sending = house.released()[0]
    expect(len(sending["custom_id"]) == 26, f"{sending}")
    recipient = sending["recipients"][0]
    expect(recipient == {"country_code": "FR", "address_line_1": "Debtor 2", "address_line_2": "2 rue du Debiteur", "address_line_6": "75002 PARIS"}, f"{recipient}")
    words = words_of(sending["documents"][0])
    expect("pre-due" in words and "I00002" in words, words)


# --- the connection breaks ---

def a_reset_at_each_call_of_the_first_phase_leaves_no_doubt(world, house):
    for what in ("token", "sendings", "documents", "recipients"):
        house.break_at(what, "before", "after")
    world.live()
    house.break_at("sendings", "status:503", "status:500")
    world.due(2)
    all_sent(world, 2)
    released_once(house, 2)
    expect(not any(house.breaks.values()), f"not every break was met: {house.breaks}")


def a_reset_at_the_release_is_settled_by_a_second_one(world, house):
    """Before and after: the second release says what the first one did."""
    world.live()
    for number, how in enumerate(("before", "after", "status:500"), 1):
        house.break_at("submit", how)
        world.due()
        all_sent(world, number)
    released_once(house, 3)
    expect(house.count("submit") == 6, f"{house.count('submit')} × submit")


def a_token_that_was_withdrawn_is_asked_for_anew(world, house):
    world.live()
    world.due()
    all_sent(world, 1)
    house.tokens.clear()
    world.due()
    all_sent(world, 2)
    released_once(house, 2)


def a_letter_paid_between_the_phases_is_never_released(world, house):
    world.live()
    invoice = world.add_debtors(1, world.now.date())[0]
    world.import_pending()
    house.break_at("submit", *["before"] * 50)
    world.advance_a_little(may_fail=True)
    await_fact(lambda: house.count("submit") >= 1, PEER_PATIENCE_S, "its release is tried")
    world.pay(invoice, "102.00")
    with house.mutex:
        house.breaks.clear()
    await_fact(lambda: world.counts()["attempts_open"] == 0, PEER_PATIENCE_S, "its end is known")
    world.advance_a_little()
    expect(not house.released(), f"released: {house.released()}")


# --- deaths ---

def a_daemon_killed_at_each_arrow_sends_everything_once(world, house):
    world.live()
    for sent, point in enumerate(("intended", "submitted", "outcome_taken", "outcome_recorded", "releasing", "released"), 1):
        world.die_at(point)
        world.again()
        all_sent(world, sent)
        released_once(house, sent)


def a_receipt_stored_and_not_parsed_and_one_not_stored_come_again(world, house):
    world.live()
    for number, point in enumerate(("inbound_taken", "inbound_stored", "parsed", "applied"), 1):
        world.due()
        all_sent(world, number)
        sending = [s for s in house.released() if "told" not in s][0]
        sending["told"] = True
        world.kill()
        house.notify(sending, "ON_MAIN_DELIVERY_STATUS_DELIVERED")
        expect(world.start(point) or True, "")
        world.await_death(point)
        world.again()
        world.await_counts("it is delivered", lambda c, n=number: c["delivered"] == n)
    released_once(house, 4)


def a_child_killed_between_the_phases_and_at_the_release(world, house):
    world.live()
    house.break_at("recipients", *["before"] * 2)
    world.due(2, settle=False)
    world.kill_child()
    all_sent(world, 2)
    house.break_at("submit", "after")
    world.due(1, settle=False)
    world.kill_child()
    all_sent(world, 3)
    released_once(house, 3)


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:2] == ("world", "house")]


def in_world(case):
    with PrintHouse() as house:
        with HardWorld("hard_twophase", "postal", settings(house), provider=f'http.hosts = ["{house.url}"]') as world:
            case(world, house)


if __name__ == "__main__":
    sys.exit(hard_world.run(CASES, in_world))
