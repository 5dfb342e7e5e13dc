#!/usr/bin/env python3
"""The plugin `polled` against Debian's own hfaxd and faxq, in a child of the real daemon: every stop of the table in
docs/decisions/0007, counted in the fax server's queues."""
import sys
import tempfile
import shutil
from pathlib import Path

import hard_world
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fax_line"))
from fax_office import FaxOffice, Skipped as NoFax  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, Skipped, await_fact, expect  # noqa: E402


def sent_once(server, count):
    numbers = [job["number"] for job in server.submitted()]
    expect(len(numbers) == count and len(set(numbers)) == count, f"at the fax server: {server.submitted()}, wanted {count}")


def all_settled(world, sent):
    """Time passes until so many are sent and nothing is open; fails on a doubt."""
    counts = world.counts_as_time_passes(f"{sent} are sent", lambda c: c["sent"] == sent and c["attempts_open"] == 0)
    expect(counts["in_doubt"] == 0, f"in doubt: {counts}")


# --- the happy way ---

def a_fax_is_a_draft_until_it_is_committed_and_carries_our_key(world, server):
    world.live()
    world.due(3)
    all_settled(world, 3)
    sent_once(server, 3)
    expect(all(job["key"] and len(job["key"]) == 26 for job in server.submitted()), f"{server.submitted()}")


def what_is_paid_is_called_back_and_the_server_says_so(world, server):
    world.live()
    invoice = world.due()[0]
    all_settled(world, 1)
    world.pay(invoice, "102.00")
    await_fact(lambda: server.jobs("doneq"), PEER_PATIENCE_S, "the job is killed")
    job = server.jobs("doneq")[0]
    expect("aborted" in job["status"], f"{job}")
    await_fact(lambda: any(r["delivery"] == "cancelled" or r["state"] in ("not_sent", "void", "withdrawn") for r in world.reminders()),
               PEER_PATIENCE_S, f"the recall is on record: {world.reminders()}")


def a_job_that_another_has_killed_is_told_by_the_poll(world, server):
    """Also when nobody was there to hear it: the list of what is done tells it after the next start."""
    world.live()
    world.due()
    all_settled(world, 1)
    world.kill()
    server.kill_job(server.jobs()[0]["id"])
    world.again()
    await_fact(lambda: any(r["delivery"] == "cancelled" for r in world.reminders()), PEER_PATIENCE_S, f"it is told: {world.reminders()}")


# --- the line is cut ---

def a_line_cut_while_the_draft_is_made_leaves_no_doubt_and_no_job(world, server):
    world.live()
    for word in ("PASV", "STOT", "JNEW", "JPARM FROMUSER", "JPARM DIALSTRING", "JPARM DOCUMENT"):
        for before in (True, False):
            if not (word == "STOT" and not before):
                server.gate.cut_at(word, before)
    world.due(2)
    all_settled(world, 2)
    sent_once(server, 2)
    expect(not server.gate.cuts, f"not every cut was met: {server.gate.cuts}")


def a_line_cut_at_the_release_is_settled_by_a_second_one(world, server):
    """Answer lost: the server says that the job runs already. Command lost: the draft died with its session."""
    world.live()
    server.gate.cut_at("JSUBM", before=False)
    world.due()
    all_settled(world, 1)
    sent_once(server, 1)
    expect(server.gate.count("JSUBM") == 2, f"{server.gate.count('JSUBM')} × JSUBM")


def a_release_that_never_arrived_is_asked_for_and_never_doubled(world, server):
    world.live()
    server.gate.cut_at("JSUBM", before=True)
    world.due()
    await_fact(lambda: world.log_has("OUTCOME_ASKED"), PEER_PATIENCE_S, "it is in doubt and asked about")
    expect(not server.submitted(), f"{server.submitted()}")
    world.advance_a_little()
    counts = world.counts()
    expect(counts["sent"] + counts["in_doubt"] == 1 and len(server.submitted()) == counts["sent"], f"{counts} {server.submitted()}")


# --- deaths ---

def a_child_killed_with_drafts_loses_them_and_makes_others(world, server):
    world.live()
    server.gate.cut_at("JPARM DOCUMENT", before=True)
    world.kill_child()
    world.due(3)
    all_settled(world, 3)
    sent_once(server, 3)


def a_daemon_killed_at_each_arrow_sends_everything_once(world, server):
    world.live()
    for sent, point in enumerate(("intended", "submitted", "outcome_taken", "outcome_recorded"), 1):
        world.die_at(point)
        world.again()
        all_settled(world, sent)
        sent_once(server, sent)


def a_daemon_killed_at_the_release_never_doubles(world, server):
    """The job may be gone with its session, or queued: what is queued is known to be sent, what is gone is left in doubt."""
    world.live()
    for number, point in enumerate(("releasing", "released"), 1):
        world.die_at(point)
        world.again()
        counts = world.await_counts("its end is known, or in doubt", lambda c, n=number: c["sent"] + c["in_doubt"] == n and c["attempts_open"] == 0)
        world.advance_a_little()
        expect(len(server.submitted()) == world.counts()["sent"], f"{point}: {counts} {server.submitted()}")


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:2] == ("world", "server")]


def in_world(case):
    folder = Path(tempfile.mkdtemp(prefix="rl-fax-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        with FaxOffice(folder / "spool", users="127.0.0.1") as server:
            with HardWorld("hard_polled", "fax", f'host = "127.0.0.1"\nport = {server.port}\nuser = "relance"\n') as world:
                case(world, server)
    except NoFax as reason:
        raise Skipped(reason) from None
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(hard_world.run(CASES, in_world))
