#!/usr/bin/env python3
"""Rounds of sudden death: `kill -9` of the daemon, or of its channel child, at each arrow of a reminder's way or at any
moment; then a restart. At the end the mail host must have every reminder once.

    kill_rounds.py [--rounds N] [--seconds S] [--seed X]

One mail host and one store for the whole run. A round imports debtors that are due, arms a crash point (every point in turn,
daemon and child in turn, at different passes) or picks a random moment, lets business time pass, and meets the death; the next
round's start is the restart. Every few rounds the run comes to rest: what is in doubt is listed, compared
with the peer and resolved as an operator would, and the peer's mailboxes are counted.
"""
import argparse
import collections
import datetime
import os
import random
import signal
import sys
import time

import chaos_world
from chaos_world import CLOCK_START, expect, fate_of, process_state

WAY_BACK = ("inbound_taken", "inbound_stored", "inbound_released", "parsed", "applied")
POINTS = ("rows_read", "rows_imported", "claimed", "decided", "intended", "submitted", "outcome_taken", "outcome_recorded", *WAY_BACK)
MAIL_PATIENCE_S = 3        # a delivery report comes back within a second or two, at the next look into the mailbox
PASSES = (1, 1, 1, 2, 2, 3)
FATES = ("d",) * 12 + ("bounce", "gone")
DEBTORS_A_ROUND = 3
ROUND = datetime.timedelta(hours=4)
REST_EVERY = 20
IN_DOUBT_MAX = 64        # the provider's window, limits.in_doubt_max: nothing more is handed out beyond it
MOMENT_MAX_S = 0.4       # random moments: within the time that a round's work takes


class Rounds:
    def __init__(self, world, seed, in_doubt_max=IN_DOUBT_MAX):
        self.world, self.random = world, random.Random(seed)
        self.in_doubt_max = in_doubt_max
        self.now = CLOCK_START
        self.deaths, self.missed = collections.Counter(), collections.Counter()
        self.in_doubt_most = 0
        self.doubted = {}  # attempt → whether the peer had it

    def plan(self, index):
        """(victim, point or None): all points of the daemon and of the child in turn, every fourth round a random moment."""
        if index % 4 == 3:
            return self.random.choice(("daemon", "child")), None
        turn = index - index // 4
        return ("daemon", "child")[turn // len(POINTS) % 2], POINTS[turn % len(POINTS)]

    def round(self, index):
        world = self.world
        self.victim, self.point = self.plan(index)
        self.is_met, self.moment = False, None
        passes = 1 if self.point in WAY_BACK else self.random.choice(PASSES)
        armed = self.point and f"{self.point}:{passes}" + (":stop" if self.victim == "child" else "")
        self.now += ROUND
        world.add_debtors(DEBTORS_A_ROUND, self.now.date(), self.random.sample(FATES, DEBTORS_A_ROUND))
        if not world.start(armed):
            self.look()  # it met its death while it recovered from the last one: recover from that too
            if self.victim == "daemon":
                world.kill()
                world.start()
            else:
                chaos_world.await_fact(lambda: world.is_up_or_ended() == "up", chaos_world.READY_TIMEOUT_S, "the daemon goes on")
        if self.point is None:
            self.moment = time.monotonic() + self.random.uniform(0, MOMENT_MAX_S)
        world.watch = self.look
        self.work()
        world.watch = lambda: None
        (self.deaths if self.is_met else self.missed)[self.victim, self.point or "any moment"] += 1
        world.kill()

    def work(self):
        """Imports and lets business time pass; ends when that is done and the death was met, or will not be."""
        world = self.world
        may_die = self.victim == "daemon"
        answered = world.import_pending(may_fail=may_die) and world.advance(self.now, may_fail=may_die) is not None
        if not answered:  # its socket closes a little before the process has ended
            chaos_world.await_fact(lambda: world.daemon.poll() is not None, chaos_world.END_TIMEOUT_S, "the daemon that broke off a call ends")
            self.look()
        if self.point in WAY_BACK:
            patience = time.monotonic() + MAIL_PATIENCE_S
            while not self.is_met and time.monotonic() < patience:
                self.look()
                time.sleep(chaos_world.AWAIT_STEP_S)
        while self.moment and not self.is_met:  # the work was faster than the moment came
            self.look()
            time.sleep(chaos_world.AWAIT_STEP_S)

    def look(self):
        """Sees whether the daemon died at its point; or stands still there, or the moment came, and strikes then."""
        daemon = self.world.daemon
        if self.is_met:
            return
        if self.victim == "daemon" and daemon.poll() is not None:
            self.is_met = True
        elif self.moment and time.monotonic() >= self.moment:
            self.strike()
        elif self.victim == "child" and process_state(daemon.pid) == "T":
            self.strike()
            daemon.send_signal(signal.SIGCONT)

    def strike(self):
        if self.victim == "daemon":
            self.world.daemon.kill()
            self.world.daemon.wait()
        elif (child := self.world.child_pid()) is not None:
            os.kill(child, signal.SIGKILL)
        self.is_met = True

    def rest(self):
        """A start without any death: everything is read, listed and counted, and goes on."""
        world = self.world
        expect(world.start(), "a daemon without crash point died")
        world.import_pending()
        world.advance(self.now)
        world.await_fates()
        world.advance(self.now)
        peer = world.peer()
        expect(not peer.doubled(), f"doubled at the peer: {peer.doubled()}")
        self.judge_in_doubt(peer)
        self.now += ROUND
        world.advance(self.now)  # what was certainly not sent is sent now
        world.await_fates()
        world.advance(self.now)

    def judge_in_doubt(self, peer):
        attempts = self.world.call("in-doubt", "list")["attempts"]
        self.in_doubt_most = max(self.in_doubt_most, len(attempts))
        expect(len(attempts) <= self.in_doubt_max, f"{len(attempts)} attempts in doubt, more than the window of {self.in_doubt_max}")
        for attempt in attempts:
            self.doubted[attempt["attempt"]] = peer.has(attempt)
            resolved = self.world.call("in-doubt", "resolve", str(attempt["attempt"]),
                                       "--sent" if peer.has(attempt) else "--not-sent",
                                       "--because", "the mail host's log says so", may_fail=True)
            if resolved is None:  # a bounce that came just now settled it
                left = {a["attempt"] for a in self.world.call("in-doubt", "list")["attempts"]}
                expect(attempt["attempt"] not in left, f"attempt {attempt['attempt']} cannot be resolved")

    def finish(self):
        """Until nothing is open; then every figure is taken at the peer."""
        world = self.world
        for _ in range(6):
            self.rest()
            reminders = world.reminders()
            unfinished = [r for r in reminders if r["state"] in ("open", "in_doubt", "not_sent", "prepared")]
            if not unfinished:
                break
            world.kill(signal.SIGTERM)
        expect(not unfinished, f"still not sent after six rests: {unfinished[:3]}")
        peer = world.peer()
        lost = [r for r in reminders if r["channel"] == "email" and r["state"] not in ("void", "withdrawn")
                and not peer.has(r) and fate_of(r["address"]) != "gone"]
        expect(not peer.doubled(), f"doubled at the peer: {peer.doubled()}")
        expect(not lost, f"lost: {lost[:5]}")
        known = {f"{r['step']} {invoice}" for r in reminders for invoice in r["invoices"]}
        expect(set(peer.by_item) <= known, f"the peer has what nobody intended: {sorted(set(peer.by_item) - known)[:5]}")
        for code, address in world.debtors.items():
            if fate_of(address) == "d":
                expect(peer.by_item[f"pre-due I{code[1:]}"] == 1, f"{code} never got the first step, or twice")
        verdict = world.call("journal", "verify")
        expect(verdict["intact"], f"the journal does not verify: {verdict}")
        world.kill(signal.SIGTERM)
        return peer, reminders, verdict


def run(world, args):
    rounds = Rounds(world, args.seed)
    began = time.monotonic()
    expect(world.start(), "the first start failed")
    world.go_live()
    world.kill()
    done = 0  # rounds that met their death; a point that is passed too seldom for its pass number is not one
    begun = 0
    while done < args.rounds and (args.seconds is None or time.monotonic() - began < args.seconds):
        rounds.round(begun)
        begun += 1
        done = sum(rounds.deaths.values())
        if begun % REST_EVERY == 0:
            rounds.rest()
            world.kill()
    took = time.monotonic() - began
    peer, reminders, verdict = rounds.finish()
    for victim in ("daemon", "child"):
        met = ", ".join(f"{point} {rounds.deaths[victim, point]}" for point in (*POINTS, "any moment") if rounds.deaths[victim, point])
        print(f"kill -9 of the {victim}: {met or 'none'}")
    print(f"{done} rounds that met their death in {took:.0f} s ({took / max(done, 1):.2f} s each); {begun - done} more passed their "
          f"point too seldom and were killed at rest; seed {args.seed}")
    print(f"{len(reminders)} reminders, {sum(peer.by_key.values())} mails at the peer under {len(peer.by_key)} keys: 0 doubled, 0 lost; "
          f"{len(rounds.doubted)} attempts were left in doubt (at most {rounds.in_doubt_most} at a time, window {IN_DOUBT_MAX}), "
          f"{sum(rounds.doubted.values())} of them at the peer; journal of {verdict['entries']} entries verifies")
    never = [f"{victim} {point}" for victim in ("daemon", "child") for point in POINTS if not rounds.deaths[victim, point]]
    if done >= 4 * 2 * len(POINTS):
        expect(not never, f"never met in {done} rounds: {never}")
    expect(done >= args.at_least, f"only {done} rounds fitted, {args.at_least} are asked for")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seconds", type=float, help="begin no further round after so many seconds")
    parser.add_argument("--at-least", type=int, default=0, help="fewer rounds than that fail the test")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(chaos_world.main(lambda world: run(world, options)))
