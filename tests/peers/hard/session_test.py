#!/usr/bin/env python3
"""The plugin `session` against a message centre (npm's `smpp`), in a child of the real daemon: every stop of the table in
docs/decisions/0007, counted at the message centre."""
import signal
import sys
from pathlib import Path

import hard_world
from hard_world import PEER_PATIENCE_S, HardWorld, await_fact, expect
from node_peer import NodePeer

LONG = "Relance " * 30        # with the step and the invoice in front: two parts of 153 septets
UNICODE = "\\u2709 Merci d'avance. " + "\\u65e5" * 60


class Peer(NodePeer):
    def __init__(self):
        super().__init__(Path(__file__).with_name("smpp_peer.js"), "smpp")


def settings(peer):
    return f'host = "127.0.0.1"\nport = {peer.port}\nsystem_id = "relance"\npassword = "secret08"\n'


def sent_once(peer, invoices, parts=1):
    taken = peer.taken()
    expect(len(taken) == len(invoices) * parts and len(set(taken)) == len(invoices), f"at the message centre: {taken}, wanted {len(invoices)} × {parts}")


# --- the happy way ---

def a_text_is_delivered_and_its_receipt_acknowledged_only_once_it_is_stored(world, peer):
    world.live()
    world.due()
    submit = peer.await_seen("submit", taken=True)
    expect(submit["receipt"] == 1 and submit["text"].startswith("pre-due I00002"), f"submit_sm was {submit}")
    peer.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    peer.await_seen("deliver_resp", status=0)
    sent_once(peer, ["I00002"])
    world.kill(signal.SIGTERM)
    peer.await_seen("unbind")


def receipts_in_any_order_and_repeated_end_alike(world, peer):
    world.live()
    world.due(3)
    submits = [peer.await_seen("submit", n, taken=True) for n in (1, 2, 3)]
    for submit, states in zip(submits, (("DELIVRD", "ENROUTE", "DELIVRD"), ("ENROUTE", "DELIVRD", "ACCEPTD"), ("ACCEPTD", "UNDELIV", "ACCEPTD"))):
        for number, stat in enumerate(states):
            peer.tell(deliver={"id": submit["id"], "stat": stat, "tlv": number % 2 == 0})
    peer.await_seen("deliver_resp", 9, status=0)
    world.await_counts("two delivered, one not", lambda c: c["delivered"] == 2 and c["bounced"] == 1)


def a_long_text_goes_in_parts_under_one_reference(world, peer):
    world.write_words("{{step}} {{#items}}{{number}}{{/items}} " + LONG)
    world.live()
    world.due()
    parts = [peer.await_seen("submit", n, taken=True) for n in (1, 2)]
    expect([p["udh"] for p in parts] == [f"0003{parts[0]['udh'][4:6]}0201", f"0003{parts[0]['udh'][4:6]}0202"], f"headers: {[p['udh'] for p in parts]}")
    expect("".join(p["text"] for p in parts).strip() == ("pre-due I00002 " + LONG).strip(), "the parts are not the text")
    sent_once(peer, ["I00002"], parts=2)
    peer.tell(deliver={"id": parts[1]["id"], "stat": "DELIVRD", "tlv": True})
    peer.await_seen("deliver_resp", status=0)
    world.advance_a_little()  # returns when nothing is left to be read
    expect(world.counts()["delivered"] == 0, "one part of two has arrived")
    peer.tell(deliver={"id": parts[0]["id"], "stat": "DELIVRD", "tlv": True})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)


def other_alphabets_go_as_ucs2(world, peer):
    world.write_words("{{step}} " + UNICODE)
    world.live()
    world.due()
    parts = [peer.await_seen("submit", n, taken=True) for n in (1, 2)]
    expect(all(p["coding"] == 8 for p in parts), f"codings {[p['coding'] for p in parts]}")
    expect("".join(p["text"] for p in parts) == "pre-due \u2709 Merci d'avance. " + "\u65e5" * 60, f"texts {[p['text'] for p in parts]}")


def a_text_of_the_debtor_reaches_a_person(world, peer):
    world.live()
    world.due()
    submit = peer.await_seen("submit", taken=True)
    peer.tell(deliver={"from": submit["to"], "text": "I shall pay on Friday"})
    peer.await_seen("deliver_resp", status=0)
    await_fact(lambda: any("Friday" in t.get("text", "") for t in world.call("tasks", "list")["tasks"]), PEER_PATIENCE_S, "a task with the words")


# --- what the message centre refuses ---

def a_throttle_is_a_pause_and_no_doubt(world, peer):
    world.live()
    peer.tell(on="submit", then="throttle", times=3)
    invoices = world.due(5)
    counts = world.counts_as_time_passes("all five are sent", lambda c: c["sent"] == 5)
    expect(counts["in_doubt"] == 0, f"in doubt: {counts}")
    sent_once(peer, invoices)
    expect(len(peer.of("submit", then="throttle")) == 3, "three were throttled")


def a_dead_number_is_refused_and_not_tried_again(world, peer):
    world.live()
    peer.tell(on="submit", then="refuse")
    world.due()
    world.await_counts("it is refused", lambda c: c["rejected"] == 1)
    world.advance_a_little()
    expect(len(peer.of("submit")) == 1, f"{peer.of('submit')}")


# --- the link dies ---

def a_link_cut_at_the_submit_leaves_a_doubt_that_is_not_sent_again(world, peer):
    """Before the message centre took it and after: nobody here can tell the two apart."""
    world.live()
    for number, then in enumerate(("cut_before", "cut_after"), 1):
        peer.tell(on="submit", then=then)
        world.due()
        world.await_counts(f"{number} in doubt", lambda c, n=number: c["in_doubt"] == n)
    peer.await_seen("bind", 3)
    world.advance_a_little()
    expect(len(peer.of("submit")) == 2 and len(peer.taken()) == 1, f"submits {peer.of('submit')}")
    resumed = world.due()
    peer.await_seen("submit", 2, taken=True)
    expect(len(resumed) == 1 and world.counts()["in_doubt"] == 2, "the link works again, and the doubts stay")


def one_part_answered_then_the_link_dies(world, peer):
    world.write_words("{{step}} {{#items}}{{number}}{{/items}} " + LONG)
    world.live()
    peer.tell(on="submit", then="accept")
    peer.tell(on="submit", then="cut_before")
    world.due()
    world.await_counts("it is in doubt", lambda c: c["in_doubt"] == 1)
    part = peer.of("submit", taken=True)[0]
    peer.await_seen("bind", 2)
    peer.tell(deliver={"id": part["id"], "stat": "DELIVRD", "tlv": True})
    world.await_counts("its receipt names it", lambda c: c["in_doubt"] == 0)
    world.advance_a_little()
    expect(len(peer.of("submit")) == 2, "nothing was sent again")


def a_link_cut_at_the_bind_and_at_enquire_link_comes_back(world, peer):
    peer.tell(on="bind", then="cut", times=2)
    peer.tell(on="bind", then="refuse")
    peer.tell(on="enquire", then="cut")
    world.live()
    peer.await_seen("enquire", then="cut")
    peer.await_seen("bind", 5, password_ok=True)
    invoices = world.due()
    world.await_counts("it is sent", lambda c: c["sent"] == 1)
    sent_once(peer, invoices)


def nothing_is_handed_over_while_the_link_is_down(world, peer):
    peer.tell(on="bind", then="refuse", times=4)
    world.live()
    peer.await_seen("bind", 1)
    invoices = world.due(2, settle=False)
    peer.await_seen("bind", 5)
    world.counts_as_time_passes("both are sent", lambda c: c["sent"] == 2)
    expect(world.counts()["in_doubt"] == 0, "nothing was in doubt")
    sent_once(peer, invoices)


# --- deaths ---

def a_child_killed_before_the_answer_leaves_exactly_that_batch_in_doubt(world, peer):
    world.live()
    peer.tell(on="submit", then="cut_after")
    world.due()
    world.await_counts("it is in doubt", lambda c: c["in_doubt"] == 1)
    bound = len(peer.of("bind"))
    world.kill_child()
    peer.await_seen("bind", bound + 1)
    invoices = world.due(3)
    world.await_counts("three are sent", lambda c: c["sent"] == 3)
    expect(world.counts()["in_doubt"] == 1 and len(peer.taken()) == 1 + len(invoices), f"{world.counts()} {peer.taken()}")


def a_receipt_that_was_not_stored_is_not_acknowledged_and_comes_again(world, peer):
    """Killed with the receipt read, stored, and its response written: the message centre repeats it, the state is the same."""
    for point in ("inbound_taken", "inbound_stored", "inbound_released"):
        if world.daemon:
            world.kill(signal.SIGTERM)
            expect(world.start(point), "the start failed")
        else:
            world.live(point)
        before = len(peer.of("submit", taken=True))
        delivered = world.counts()["delivered"]
        world.due()
        submit = peer.await_seen("submit", before + 1, taken=True)
        world.await_counts("it is sent", lambda c, n=before: c["sent"] == n + 1)
        answered = len(peer.of("deliver_resp", status=0))
        peer.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
        world.await_death(point)
        if point != "inbound_released":  # there the response may be out
            expect(len(peer.of("deliver_resp", status=0)) == answered, f"acknowledged before it was stored, at {point}")
        world.again()
        world.await_counts("it is delivered", lambda c, n=delivered: c["delivered"] == n + 1)
        await_fact(lambda n=answered: len(peer.of("deliver_resp", status=0)) > n, PEER_PATIENCE_S, "the repeat is acknowledged")
    sent_once(peer, [1, 2, 3])


def an_acknowledgement_that_is_lost_makes_a_repeat_that_changes_nothing(world, peer):
    world.live()
    world.due()
    submit = peer.await_seen("submit", taken=True)
    peer.tell(believes=False)
    peer.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    peer.await_seen("deliver_resp", status=0)
    peer.tell(cut=True)
    peer.await_seen("deliver", 2)
    peer.tell(believes=True)
    peer.await_seen("deliver_resp", 2, status=0)
    world.await_counts("delivered once", lambda c: c["delivered"] == 1)


def a_daemon_killed_between_intent_and_answer_sends_nothing_twice(world, peer):
    world.live()
    for number, point in enumerate(("intended", "submitted", "outcome_taken", "outcome_recorded"), 1):
        world.die_at(point)
        world.again()
        counts = world.await_counts("what nobody knows is in doubt", lambda c, n=number: c["in_doubt"] + c["sent"] == n and c["attempts_open"] == 0)
        world.advance_a_little()
        expect(len(peer.of("submit")) <= number and len(set(peer.taken())) == len(peer.taken()), f"{point}: {peer.of('submit')} {counts}")
        expect(world.counts()["sent"] <= len(peer.taken()), f"lost: {counts} {peer.taken()}")


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:2] == ("world", "peer")]


def in_world(case):
    with Peer() as peer, HardWorld("hard_session", "sms", settings(peer)) as world:
        case(world, peer)


if __name__ == "__main__":
    sys.exit(hard_world.run(CASES, in_world))
