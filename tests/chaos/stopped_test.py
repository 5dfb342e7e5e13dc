#!/usr/bin/env python3
"""A daemon or a channel child that stood still (SIGSTOP) past `not_after` sends nothing when it wakes: counted at the mail
host. What was not sent for this reason is certainly not sent, and goes out later, once."""
import datetime
import os
import random
import signal
import sys
import time

import chaos_world
from chaos_world import CLOCK_START, await_fact, expect, process_state

HAND_OVER_WITHIN_S = 1   # the least that limits.hand_over_within takes
STANDSTILL_S = 1.2       # past it: time itself is what these tests wait for
DEBTORS = 6
RETRY = datetime.timedelta(minutes=10)   # business time after which what was not sent is tried again
MID_DIALOG_TIMES = 5
MID_DIALOG_MAX_S = 0.06  # into the SMTP dialog of DEBTORS messages


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    await_fact(lambda: process_state(pid) == "T", 10, f"process {pid} is stopped")


def the_daemon(world):
    """Stands still by itself when the intents are durable and nothing has been handed over."""
    await_fact(lambda: process_state(world.daemon.pid) == "T", 30, "the daemon stands still at its point")
    return world.daemon.pid


def the_child(world):
    """Stopped before the first message reached it."""
    return world.stopped_child


def the_child_mid_dialog(world):
    time.sleep(random.uniform(0, MID_DIALOG_MAX_S))
    child = world.child_pid()
    stop(child)
    # The limit counts from the intent: on a slow machine the child may stand still before there is one.
    await_fact(lambda: world.store_counts()["reminders"] >= len(world.debtors), 30, "every reminder is intended")
    return child


def stand_still(world, who, point=None, stops_first=False):
    """One standstill. Returns how many mails had left before it."""
    expect(world.start(), "the daemon did not start")
    world.call("pause", "--because", "nothing leaves before the test says so")
    world.add_debtors(DEBTORS, world.now.date())
    world.import_pending()
    if point:  # armed at a start only; the pause survives it
        world.kill(signal.SIGTERM)
        world.start(point)
    if stops_first:
        world.stopped_child = world.child_pid()
        stop(world.stopped_child)
    before = world.peer().by_key.total()
    resuming = world.begin("resume")
    if stops_first:
        await_fact(lambda: world.store_counts()["attempts_open"] == DEBTORS, 30, "the child owes its answers")
    stopped = who(world)
    time.sleep(STANDSTILL_S)
    at_wake = world.peer().by_key
    os.kill(stopped, signal.SIGCONT)
    resuming.communicate(timeout=60)
    await_fact(lambda: world.store_counts()["attempts_open"] == 0 and world.store_counts()["reminders"] >= len(world.debtors), 60,
               "every attempt has its end")
    world.await_fates()
    after = world.peer().by_key
    expect(after == at_wake, f"{(after - at_wake).total()} mails were sent after not_after: {list(after - at_wake)}")
    world.now += RETRY
    world.advance(world.now)
    world.await_fates()
    peer = world.peer()
    expect(not peer.doubled(), f"doubled: {peer.doubled()}")
    expect(all(peer.by_item[f"pre-due I{code[1:]}"] == 1 for code in world.debtors), "a reminder was lost after the standstill")
    world.kill(signal.SIGTERM)
    return at_wake.total() - before


def run(world):
    world.now = CLOCK_START
    world.configure(limits=f'hand_over_within = "{HAND_OVER_WITHIN_S}s"', claim_batch=100)
    expect(world.start(), "the first start failed")
    world.go_live()
    world.await_fates()
    world.kill(signal.SIGTERM)
    left = stand_still(world, the_daemon, point="intended:1:stop")
    expect(left == 0, "mails left before the hand-over")
    print(f"daemon stopped between intent and hand-over for {STANDSTILL_S} s (limit {HAND_OVER_WITHIN_S} s): "
          f"0 of {DEBTORS} sent when it woke, {DEBTORS} later, each once")
    left = stand_still(world, the_child, stops_first=True)
    expect(left == 0, "mails left through a stopped child")
    print(f"child stopped with {DEBTORS} messages before it: 0 sent when it woke, {DEBTORS} later, each once")
    lefts = [stand_still(world, the_child_mid_dialog) for _ in range(MID_DIALOG_TIMES)]
    print(f"child stopped in the middle of its SMTP dialogs, {MID_DIALOG_TIMES} times: {lefts} of {DEBTORS} had left before, "
          "0 were sent when it woke, the others later, each once")


if __name__ == "__main__":
    random.seed(7)
    sys.exit(chaos_world.main(run))
