#!/usr/bin/env python3
"""The driver `ar24` in a child of the real daemon, without any network of its own: letters are counted at a double of AR24,
its webhooks come through the daemon's listener, and its proofs end as evidence."""
import json
import signal
import socket
import sys
import urllib.error
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "hard"))
import hard_world  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, await_fact, expect  # noqa: E402
from ar24 import OTP_SECRET, PRIVATE_KEY, TOKEN, USER, Ar24  # noqa: E402


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Ar24World(HardWorld):
    def __init__(self, double):
        self.double, self.hook_port = double, free_port()
        settings = (f'url = "{double.origin}/api"\ntoken = "{TOKEN}"\nprivate_key = "{PRIVATE_KEY}"\nuser_id = "{USER}"\n'
                    f'otp_secret = "{OTP_SECRET}"\ntimeout_s = 10\npause_s = 1\n')
        super().__init__("relance_lre", "lre", settings,
                         provider=f'driver = "ar24"\n[sandbox]\nnetwork = "none"\n[http]\nhosts = ["{double.origin}"]\n')

    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"

    def configure(self):
        super().configure()
        main = self.folder / "config" / "relanced.toml"
        main.write_text(main.read_text()
                        .replace("[log]", f'[hooks]\nlisten = ["127.0.0.1:{self.hook_port}"]\npublic_url = "http://127.0.0.1:{self.hook_port}"\n[log]')
                        .replace('hand_over_within = "20s"', 'hand_over_within = "8s"')  # then a doubt is asked about
                        .replace('address = "+33140000000"', 'address = "billing@acme.example"'))

    def await_letter(self, count=1):
        await_fact(lambda: len(self.double.letters) >= count, PEER_PATIENCE_S, f"{count} letters at AR24{self.log_tail()}")
        return list(self.double.letters)[count - 1]

    def evidence(self, invoice):
        return json.dumps(self.call("evidence", "list", invoice))

    def sent_once_each(self, count):
        self.advance_a_little()
        expect(sorted(self.double.taken.values()) == [1] * count, f"taken: {self.double.taken}")


def a_letter_goes_out_and_its_dates_and_proofs_come_back(world):
    world.live()
    [invoice] = world.due()
    number = world.await_letter()
    letter = world.double.letters[number]
    expect(letter["to_email"] == "debtor2@debtor.example" and letter["content"].startswith("pre-due I00002"), f"{letter}")
    expect(letter["status"] == "waiting", "it was no eIDAS letter")
    world.await_counts("it is sent", lambda c: c["sent"] == 1 and c["attempts_open"] == 0)
    expect(world.double.happens(number, "ts_ev_date") == 200, "the webhook was not taken")
    world.double.proofs_are_late = True
    expect(world.double.happens(number, "view_date") == 200, "the webhook was not taken")
    world.await_counts("the addressee accepted it", lambda c: c["delivered"] == 1)
    await_fact(lambda: "preuve-envoi" in world.evidence(invoice), PEER_PATIENCE_S, "the proof of sending is filed")
    world.sent_once_each(1)


def a_refusal_is_no_delivery_and_a_hint_alone_is_nothing(world):
    world.live()
    world.due(2)
    first, second = world.await_letter(1), world.await_letter(2)
    world.await_counts("both are sent", lambda c: c["sent"] == 2 and c["attempts_open"] == 0)
    hook = world.double.letters[first]["webhook"]
    # Somebody who learnt the address says that it was accepted: AR24 is asked, and says otherwise.
    def looked():
        return world.double.calls.count(("GET", "/api/mail/"))
    before = looked()
    expect(world.double.call(hook, id_mail=first, new_state="ar") == 200, "a hint is taken")
    await_fact(lambda: looked() > before, PEER_PATIENCE_S, "AR24 is asked")
    try:
        world.double.call(hook, new_state="ar")
        expect(False, "a hint at nothing was taken")
    except urllib.error.HTTPError as refused:
        expect(refused.code == 401, f"it was answered {refused.code}")
    world.double.happens(second, "refused_date")
    world.await_counts("one was refused", lambda c: c["bounced"] == 1)
    expect(world.counts()["delivered"] == 0, f"{world.counts()}")
    world.sent_once_each(2)


def what_no_webhook_told_is_found_by_looking(world):
    world.live()
    world.due()
    number = world.await_letter()
    world.await_counts("it is sent", lambda c: c["sent"] == 1 and c["attempts_open"] == 0)
    world.kill(signal.SIGTERM)
    world.double.happens(number, "ts_ev_date", tells=False)
    world.double.happens(number, "negligence_date", tells=False)
    world.again()
    world.await_counts("nobody claimed it", lambda c: c["bounced"] == 1)
    world.sent_once_each(1)


def an_answer_that_was_lost_is_found_in_the_list_and_not_sent_again(world):
    world.live()
    world.double.loses_answers = 1
    world.due(1, settle=False)
    world.await_letter()

    def is_settled():
        world.advance_a_little(may_fail=True)
        counts = world.counts()
        return counts["sent"] == 1 and counts["in_doubt"] == 0 and counts["attempts_open"] == 0
    await_fact(is_settled, PEER_PATIENCE_S, f"the doubt ends: {world.counts()}")
    world.sent_once_each(1)


def a_daemon_killed_between_intent_and_answer_sends_nothing_twice(world):
    world.live()
    for number, point in enumerate(("intended", "submitted", "outcome_taken"), 1):
        world.die_at(point)
        world.again()
        world.await_counts(f"what nobody knows is in doubt or found, killed at {point}",
                           lambda c, n=number: c["in_doubt"] + c["sent"] == n and c["attempts_open"] == 0)

    def are_found():
        world.advance_a_little(may_fail=True)
        counts = world.counts()
        return len(world.double.letters) >= 1 and counts["sent"] == len(world.double.letters) and counts["in_doubt"] == 3 - counts["sent"]
    await_fact(are_found, PEER_PATIENCE_S, f"letters that AR24 has are found in its list: {world.counts()} {world.double.taken}")
    world.sent_once_each(len(world.double.letters))


def nothing_is_lost_or_doubled_over_a_maintenance_and_an_ended_code(world):
    world.live()
    world.due()
    world.await_letter()
    world.double.forget_codes()
    world.due()
    world.await_letter(2)
    world.double.is_in_maintenance = True
    world.due(1, settle=False)
    world.await_log("maintenance")
    expect(len(world.double.letters) == 2, "a letter came through")
    world.double.is_in_maintenance = False

    def all_sent():
        world.advance_a_little(may_fail=True)
        return len(world.double.letters) == 3
    await_fact(all_sent, PEER_PATIENCE_S, "the third is sent")
    expect(world.counts()["in_doubt"] == 0, f"{world.counts()}")
    world.sent_once_each(3)
    log = (world.folder / "daemon.log").read_text(errors="replace")
    expect(not any(secret in log for secret in (TOKEN, PRIVATE_KEY, OTP_SECRET)), "a secret is in the log")


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:1] == ("world",)]


def in_world(case):
    with Ar24() as double, Ar24World(double) as world:
        return case(world)


if __name__ == "__main__":
    sys.exit(hard_world.run(CASES, in_world))
