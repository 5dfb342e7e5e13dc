#!/usr/bin/env python3
"""The driver smpp in a child of the real daemon against a message centre (npm's `smpp`): what is lost, what comes twice, and
what an operator is told, counted at the message centre."""
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers" / "hard"))
from smsc import Smsc  # noqa: E402
import hard_world  # noqa: E402
import chaos_world  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, Skipped, await_fact, expect  # noqa: E402

LONG = "Relance " * 30        # with the step and the invoice in front: two parts of 153 septets


class World(HardWorld):
    def plugin_folder(self):
        return chaos_world.build_folder() / "plugins"


def settings(peer, more=""):
    return f'''host = "127.0.0.1"
port = {peer.port}
system_id = "relance"
password = "secret08"
reconnect_s_max = 1
enquire_link_s = 1
{more}
'''


def world_at(peer, more=""):
    return World("relance_sms", "sms", settings(peer, more), provider='driver = "smpp"')


def long_words(world):
    world.write_words("{{step}} {{#items}}{{number}}{{/items}} " + LONG)


def sent_once(peer, invoices, parts=1):
    taken = peer.taken()
    expect(len(taken) == len(invoices) * parts and len(set(taken)) == len(invoices), f"at the message centre: {taken}, wanted {len(invoices)} × {parts}")


# --- the happy way ---

def a_text_is_delivered_and_its_receipt_is_acknowledged(world, peer):
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


def receipts_before_the_answer_and_twice_end_alike(world, peer):
    peer.tell(receipts={"stat": "DELIVRD", "as": "tlv", "before": True, "count": 2})
    world.live()
    world.due(5)
    world.await_counts("all are delivered", lambda c: c["delivered"] == 5)
    peer.await_seen("deliver_resp", 10, status=0)


def ids_in_another_base_find_their_message(world, peer):
    peer.tell(ids="HEX", receipts={"stat": "DELIVRD", "as": "decimal"})
    world.live()
    world.due(5)
    world.await_counts("all are delivered", lambda c: c["delivered"] == 5)
    # Learned, and kept over a restart: the ids that were given before it are not in memory any more.
    peer.tell(receipts=None)
    world.due()
    submit = peer.await_seen("submit", 6, taken=True)
    world.kill(signal.SIGTERM)
    world.again()
    peer.await_seen("bind", 2)
    peer.tell(deliver={"id": str(int(submit["id"], 16)).zfill(10), "stat": "DELIVRD"})
    world.await_counts("the sixth, too", lambda c: c["delivered"] == 6)


def a_long_text_arrives_when_all_its_parts_have(world, peer):
    long_words(world)
    world.live()
    world.due()
    parts = [peer.await_seen("submit", n, taken=True) for n in (1, 2)]
    expect("".join(p["text"] for p in parts).strip() == ("pre-due I00002 " + LONG).strip(), "the parts are not the text")
    peer.tell(deliver={"id": parts[1]["id"], "stat": "DELIVRD", "tlv": True})
    peer.await_seen("deliver_resp", status=0)
    world.advance_a_little()
    expect(world.counts()["delivered"] == 0, "one part of two has arrived")
    peer.tell(deliver={"id": parts[0]["id"], "stat": "DELIVRD", "tlv": True})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)


def a_text_of_which_a_part_was_refused_has_not_arrived_with_the_other(world, peer):
    long_words(world)
    world.live()
    peer.tell(on="submit", then="accept")
    peer.tell(on="submit", then="status:69")  # ESME_RSUBMITFAIL
    world.due(settle=False)
    world.await_counts("a part of it is out", lambda c: c["in_doubt"] == 1)
    peer.tell(deliver={"id": peer.await_seen("submit", taken=True)["id"], "stat": "DELIVRD", "tlv": True})
    world.await_counts("the receipt is read", lambda c: c["receipts"] == 1)
    world.advance_a_little()
    counts = world.counts()
    expect(counts["delivered"] == 0 and counts["in_doubt"] == 0 and counts["sent"] == 1, f"half of it has arrived: {counts}")
    expect(len(peer.taken()) == 1, f"nothing goes again: {peer.taken()}")


def a_long_answer_of_a_debtor_reaches_a_person_once(world, peer):
    world.live()
    world.due()
    submit = peer.await_seen("submit", taken=True)
    peer.tell(deliver={"from": submit["to"], "text": "on Friday at noon", "udh": "050003070202"})
    peer.tell(deliver={"from": submit["to"], "text": "I shall pay ", "udh": "050003070201"})
    peer.await_seen("deliver_resp", 2, status=0)
    words = lambda: [t.get("text", "") for t in world.call("tasks", "list")["tasks"]]  # noqa: E731
    await_fact(lambda: any("I shall pay on Friday at noon" in text for text in words()), PEER_PATIENCE_S, "a task with the words")
    expect(len(words()) == 1, f"tasks: {words()}")


# --- what the message centre refuses ---

def throttling_is_a_pause_and_no_doubt(world, peer):
    world.live()
    peer.tell(on="submit", then="throttle", times=2)
    peer.tell(on="submit", then="full")
    invoices = world.due(5)
    world.counts_as_time_passes("all five are sent", lambda c: c["sent"] == 5)
    expect(world.counts()["in_doubt"] == 0, f"in doubt: {world.counts()}")
    sent_once(peer, invoices)


def a_wrong_password_is_told_in_words(world, peer):
    peer.tell(on="bind", then="status:14")
    world.live()
    world.await_log("the password is wrong")
    invoices = world.due(2, settle=False)
    peer.await_seen("bind", 2)
    world.counts_as_time_passes("both are sent", lambda c: c["sent"] == 2)
    expect(world.counts()["in_doubt"] == 0, "nothing was in doubt")
    sent_once(peer, invoices)


# --- the link dies ---

def a_link_cut_at_every_pdu_loses_nothing_and_doubles_nothing(world, peer):
    """Every point that the PDUs of a text of two parts, its receipts, a bind and enquire_link pass."""
    long_words(world)
    peer.tell(receipts={"stat": "DELIVRD", "as": "tlv"})
    world.live()
    world.due()
    world.await_counts("without a cut it is delivered", lambda c: c["delivered"] == 1)
    invoices = ["I00002"]
    for point, nth in POINTS:
        cuts = len(peer.of("cut"))
        peer.tell(cut_at=point, nth=nth)
        if "bind" in point:
            peer.tell(cut=True)
        invoices += world.due()
        peer.await_seen("cut", cuts + 1)
        world.counts_as_time_passes(f"settled after a cut {point}", lambda c: settled(c, len(invoices)))
    parts = [(e["to"], e["udh"]) for e in peer.of("submit", taken=True)]
    expect(len(parts) == len(set(parts)), f"doubled: {[p for p in parts if parts.count(p) > 1]}")
    counts = world.counts()
    whole = {to for to, _ in parts if len([1 for other, _ in parts if other == to]) == 2}
    expect(len(whole) + counts["in_doubt"] >= len(invoices), f"lost: {len(invoices)} intended, {len(whole)} taken, {counts}")
    # A part whose answer was lost has an id that nobody here knows: its receipt can't be told from a stranger's.
    answers = [e["to"] for e in peer.of("submit_resp")]
    known = {to for to in whole if answers.count(to) == 2}
    expect(len(known) >= len(invoices) // 2, f"the cuts are all that was seen: {len(known)} answered whole")
    world.await_counts("what was answered whole is known to have arrived", lambda c: c["delivered"] >= len(known))
    counts = world.counts()
    expect(counts["delivered"] <= len(whole), f"more delivered than taken: {len(whole)} whole, {counts}")
    print(f"        cut at {len(POINTS)} points: {len(whole)} of {len(invoices)} taken whole, {len(known)} answered whole, "
          f"{counts['delivered']} known to have arrived, {counts['in_doubt']} in doubt", flush=True)


POINTS = [(point, nth) for point in ("before a submit_sm", "behind a submit_sm", "behind a submit_sm_resp", "before a deliver_sm",
                                     "behind a deliver_sm", "at a deliver_sm_resp") for nth in (1, 2)]
POINTS += [(point, 1) for point in ("before a bind", "behind a bind_resp", "before an enquire_link", "behind an enquire_link_resp")]


def settled(counts, wanted):
    return counts["sent"] + counts["delivered"] + counts["in_doubt"] >= wanted and counts["attempts_open"] == 0


def a_text_of_which_a_part_is_out_is_completed_on_the_next_link(world, peer):
    """The second part was throttled, so it is certainly not taken, when the link dies."""
    long_words(world)
    world.live()
    peer.tell(on="submit", then="accept")
    peer.tell(on="submit", then="throttle")
    world.due(settle=False)
    peer.await_seen("submit", then="throttle")
    peer.tell(cut=True)
    peer.await_seen("submit", 2, taken=True)
    world.await_counts("it is sent", lambda c: c["sent"] == 1)
    expect(world.counts()["in_doubt"] == 0 and len(peer.taken()) == 2, f"{world.counts()} {peer.taken()}")


def a_silent_message_centre_is_left_and_found_again(world, peer):
    world.live()
    peer.await_seen("bind")
    peer.tell(on="enquire", then="ignore", times=1)
    peer.await_seen("bind", 2)
    invoices = world.due()
    world.await_counts("it is sent", lambda c: c["sent"] == 1)
    sent_once(peer, invoices)


# --- deaths ---

def a_child_killed_before_the_answer_leaves_exactly_that_batch_in_doubt(world, peer):
    world.live()
    peer.tell(on="submit", then="silent")
    world.due(settle=False)
    peer.await_seen("submit", taken=True)
    bound = len(peer.of("bind"))
    world.kill_child()
    world.await_counts("it is in doubt", lambda c: c["in_doubt"] == 1)
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
        sent = len(peer.of("deliver"))
        peer.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
        world.await_death(point)
        world.again()
        if point != "inbound_released":
            peer.await_seen("deliver", sent + 2)
        world.await_counts(f"delivered after {point}", lambda c, d=delivered: c["delivered"] == d + 1)


def a_certificate_that_has_expired_is_refused_and_a_good_one_taken(_world, _peer):
    with tempfile.TemporaryDirectory(prefix="rl-smpp-") as folder:
        authority = Authority(Path(folder))
        Path(folder).chmod(0o755)
        key, expired = authority.certificate("expired", "20200101000000Z", "20200201000000Z")
        with Smsc(key, expired) as peer, world_at(peer, authority.settings()) as world:
            world.live()
            world.await_log("certificate has expired")
            expect(not peer.of("bind"), "a login was sent to it")
        key, good = authority.certificate("good", "20200101000000Z", "20400101000000Z")
        with Smsc(key, good) as peer, world_at(peer, authority.settings()) as world:
            world.live()
            invoices = world.due(3)
            world.await_counts("all are sent", lambda c: c["sent"] == 3)
            sent_once(peer, invoices)


class Authority:
    """Certificates of its own, through the program openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "3650")
        (folder / "index").write_text("")
        (folder / "ca.cnf").write_text("""[ca]
default_ca = here
[here]
database = index
new_certs_dir = .
default_md = sha256
policy = any
rand_serial = yes
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
""")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def certificate(self, name, begin, end):
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost",
                     "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr", "-out", f"{name}.pem",
                     "-startdate", begin, "-enddate", end)
        return self.folder / f"{name}.key", self.folder / f"{name}.pem"

    def settings(self):
        return f'tls = {{ ca_file = "{self.folder}/ca.pem" }}'


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and tuple(name.lstrip("_") for name in value.__code__.co_varnames[:2]) == ("world", "peer")]
OWN_WORLD = {a_certificate_that_has_expired_is_refused_and_a_good_one_taken}


def in_world(case):
    if case in OWN_WORLD:
        return case(None, None)
    with Smsc() as peer, world_at(peer) as world:
        case(world, peer)


if __name__ == "__main__":
    sys.exit(hard_world.run(CASES, in_world))
