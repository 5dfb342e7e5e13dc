#!/usr/bin/env python3
"""The session is cut, or the driver dies, at every step of a fax: counted is what calls, at the other end of the line or in the
fax server's queue. In no case a second fax; what was certainly not released is handed over again."""
import sys
import time

import fax_world
from fax_world import World, new_key, receipts_until_over

NUMBER = "+33140000001"
DRAFTING = ("USER", "PASS", "TYPE I", "FORM TIFF", "PASV", "STOT", "JNEW", "JPARM FROMUSER", "JPARM LASTTIME", "JPARM DIALSTRING", "JPARM JOBINFO", "JPARM DOCUMENT")


def released(world):
    """What the server has of jobs that are no drafts."""
    return world.office.submitted()


def a_cut_while_the_draft_is_made_releases_nothing():
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        for word in DRAFTING:
            for before in (True, False):
                if word == "STOT" and not before:
                    continue  # its answer comes in two
                world.office.gate.cut_at(word, before)
                if word in ("USER", "PASS", "TYPE I", "FORM TIFF"):
                    hand.end()
                    hand = world.hand()
                outcome = hand.ask("send", number=NUMBER, file=file, key=new_key())
                assert outcome["outcome"] == "not_sent" and outcome["whole_instance"] == "yes", (word, before, outcome)
                assert fax_world.PASSWORD not in outcome["text"], outcome
        assert not world.office.gate.cuts, world.office.gate.cuts
        assert not released(world), released(world)
        hand.sent(NUMBER, file)
        assert len(released(world)) == 1, released(world)


def a_driver_killed_at_each_step_sends_once():
    """A fax for each step: the driver dies there, another takes over with what the host has on record, and calls follow."""
    with World(lines=4) as world:
        file, refs, expected = world.pages(1), [], 0
        for step, (word, before) in enumerate((("JNEW", False), ("JPARM DOCUMENT", False), (None, None), ("JSUBM", True), ("JSUBM", False)), 10):
            number, key = f"+331400000{step}", new_key()
            hand = world.hand()
            expected += 1
            if word and word != "JSUBM":
                world.office.gate.cut_at(word, before)
                outcome = hand.ask("send", number=number, file=file, key=key)
                hand.kill()
                assert outcome["outcome"] == "not_sent", outcome  # nothing on record but the intent: handed over again
                refs.append(world.hand().sent(number, file))
                continue
            prepared = hand.ask("send", number=number, file=file, key=key)
            assert prepared["outcome"] == "prepared", prepared
            if word:
                world.office.gate.cut_at(word, before)
                outcome = hand.ask("commit", ref=prepared["ref"])
                assert outcome["outcome"] == "unknown", outcome
            hand.kill()
            follower = world.hand()
            again = follower.ask("commit", ref=prepared["ref"])
            if word == "JSUBM" and not before:  # released, and the answer was lost
                assert (again["outcome"], again["ref"]) == ("accepted", prepared["ref"]), again
                assert follower.ask("commit", ref=prepared["ref"])["outcome"] == "accepted"
                assert follower.ask("query", key=key)["ref"] == prepared["ref"]
                refs.append(prepared["ref"])
            else:  # the draft died with its session
                assert (again["outcome"], again["code"]) == ("not_sent", "no_job"), again
                assert follower.ask("query", ref=prepared["ref"])["outcome"] == "not_found"
                assert follower.ask("query", key=key)["outcome"] == "not_found"
                refs.append(follower.sent(number, file))
        told = receipts_until_over(world.hand(), refs)
        assert all(receipts[-1]["kind"] == "delivered" for receipts in told.values()), told
        calls = [call["number"] for call in world.office.calls if call["result"] == 0]
        assert len(calls) == len(set(calls)) == expected, world.office.calls


def a_draft_that_is_discarded_is_gone_and_no_other_is():
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        drafts = [hand.ask("send", number=NUMBER, file=file, key=new_key())["ref"] for _ in range(3)]
        assert hand.ask("discard", ref=drafts[1])["discard"] == "gone"
        assert hand.ask("discard", ref=drafts[1])["discard"] == "gone", "again does no harm"
        outcomes = [hand.ask("commit", ref=ref)["outcome"] for ref in drafts]
        assert outcomes == ["accepted", "not_sent", "accepted"], outcomes
        assert hand.ask("discard", ref=drafts[0])["discard"] == "released", "it stays"
        assert len(released(world)) == 2, released(world)


def what_was_released_is_known_in_the_session_that_did_it():
    """hfaxd reads a job again only when its file is a second newer: a session goes on to show what it has just released as held."""
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        for number in range(1, 7):
            ref = hand.sent(NUMBER, file)
            assert hand.ask("discard", ref=ref)["discard"] == "released", "it stays"
            assert hand.ask("query", ref=ref)["outcome"] == "accepted"
            for late in ("", "yes"):
                again = hand.ask("commit", ref=ref, late=late)
                assert again["outcome"] == "accepted", f"it was released, and is called {again}"
            assert len(released(world)) == number, released(world)


def a_job_of_the_same_number_that_is_anothers_is_left_alone():
    """The server begins anew at 1 after 32,000 jobs: a reference holds the key, too."""
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        job = hand.sent(NUMBER, file).split("/")[0]
        mine = f"{job}/{new_key()}"
        assert hand.ask("query", ref=mine)["outcome"] == "not_found"
        assert hand.ask("recall", ref=mine)["recall"] == "unknown"
        assert hand.ask("commit", ref=mine)["outcome"] == "not_sent"
        assert hand.ask("poll", refs=mine)["receipts"][0]["key"] != mine.split("/")[1]  # told at the start: the other one
        assert [job["status"] for job in released(world)] == [""], released(world)


def a_server_that_ended_the_session_is_not_asked_to_release_in_it():
    """A restart between the two phases: nothing is in doubt."""
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        ref = hand.ask("send", number=NUMBER, file=file, key=new_key())["ref"]
        world.office.gate.cut_all()
        outcome = hand.ask("commit", ref=ref)
        assert (outcome["outcome"], outcome["code"]) == ("not_sent", "no_job"), outcome
        assert not released(world) and not world.office.gate.count("JSUBM"), released(world)


def a_scheduler_that_is_away_keeps_faxes_waiting_and_refuses_none():
    with World() as world:
        hand, file = world.hand(), world.pages(1)
        ref = hand.ask("send", number=NUMBER, file=file, key=new_key())["ref"]
        scheduler = world.office.processes[0]
        scheduler.terminate()
        scheduler.wait(10)
        outcome = hand.ask("commit", ref=ref)
        assert (outcome["outcome"], outcome["code"], outcome["whole_instance"]) == ("not_sent", "460", "yes"), outcome
        assert "scheduler" in outcome["text"], outcome
        assert not released(world) and hand.ask("query", ref=ref)["outcome"] == "not_found", released(world)


def what_the_operator_and_the_message_say_reaches_the_job():
    with World() as world:
        hand = world.hand(dials_max=4, tries_max=2, priority=100, dial={"country_code": "33", "prefix": "0,"})
        key = new_key()
        prepared = hand.ask("send", number="+4930123456", file=world.pages(1, 2), key=key, valid_for_ms=2 * 3_600_000)
        assert hand.ask("commit", ref=prepared["ref"])["outcome"] == "accepted"
        file = next(world.office.spool.glob("sendq/q[0-9]*"))
        job = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
        wanted = {"number": "0,004930123456", "maxdials": "4", "maxtries": "2", "jobtag": key, "resolution": "196", "notify": "none", "sender": "Exemple SARL"}
        assert {name: job[name] for name in wanted} == wanted, job
        long = hand.ask("send", number="+4930123456", file=world.pages(1, 2), key=new_key(), sender="é" * 900)
        assert long["outcome"] == "prepared", long  # hfaxd reads a command of more than 1,000 bytes as two
        left = int(job["killtime"]) - time.time()
        assert 2 * 3600 - 120 < left <= 2 * 3600, left


def what_the_server_refuses_is_told_in_words():
    with World() as world:
        file = world.pages(1)
        wrong = world.hand(password="not it").ask("send", number=NUMBER, file=file, key=new_key())
        assert (wrong["outcome"], wrong["failure"], wrong["whole_instance"]) == ("not_sent", "4", "yes"), wrong
        hand = world.hand()
        late = hand.ask("send", number=NUMBER, file=file, key=new_key(), valid_for_ms=20_000)
        assert (late["outcome"], late["code"]) == ("not_sent", "expired"), late
        for number in ("0140000001", "+33 1", "+33140000001;x", ""):
            refused = hand.ask("send", number=number, file=file, key=new_key())
            assert (refused["outcome"], refused["code"]) == ("rejected", "number"), refused
        torn = world.folder / "torn.tif"
        torn.write_bytes(file.read_bytes()[:-40])
        refused = hand.ask("send", number=NUMBER, file=torn, key=new_key())
        assert (refused["outcome"], refused["code"]) == ("rejected", "document"), refused
        nobody = world.hand(port=1).ask("send", number=NUMBER, file=file, key=new_key())
        assert (nobody["outcome"], nobody["whole_instance"]) == ("not_sent", "yes"), nobody
        no_modem = hand.ask("send", number=NUMBER, file=file, key=new_key())
        assert no_modem["outcome"] == "prepared", no_modem
        picky = world.hand(modem="ttyS9")
        prepared = picky.ask("send", number=NUMBER, file=file, key=new_key())
        refused = picky.ask("commit", ref=prepared["ref"])
        assert (refused["outcome"], refused["failure"]) == ("rejected", "4") and "ttyS9" in refused["text"], refused
        assert not released(world) or all("REJECT" in job["status"] for job in released(world)), released(world)


CASES = [a_cut_while_the_draft_is_made_releases_nothing, a_driver_killed_at_each_step_sends_once, a_draft_that_is_discarded_is_gone_and_no_other_is,
         a_job_of_the_same_number_that_is_anothers_is_left_alone, a_scheduler_that_is_away_keeps_faxes_waiting_and_refuses_none, a_server_that_ended_the_session_is_not_asked_to_release_in_it,
         what_the_operator_and_the_message_say_reaches_the_job, what_the_server_refuses_is_told_in_words,
         what_was_released_is_known_in_the_session_that_did_it]

if __name__ == "__main__":
    sys.exit(fax_world.run(CASES))
