#!/usr/bin/env python3
"""`kill -9` of the channel child, again and again at random moments while it works; the daemon lives through all of it. At the
end the mail host must have every reminder once, and what was in doubt must have been listed, never more than the window.

    child_kills.py [--kills N] [--worlds N] [--seconds S] [--at-least N] [--seed X]

Each of the worlds has its own store, mail host and number of kills.
"""
import argparse
import datetime
import os
import signal
import subprocess
import sys
import time

import chaos_world
import kill_rounds
from chaos_world import CLOCK_START, expect

DEBTORS_A_ROUND = 24
WINDOW = 16              # credit_window: messages that one death may leave in doubt
PAUSE_MAX_S = 0.12       # between a child's start and its death: its start, and the work of a few messages
COUNT_EVERY = 12         # kills; then what is in doubt is judged
IN_DOUBT_MAX = COUNT_EVERY * WINDOW   # all that these kills may leave in doubt: the daemon stops at more, as it must
ROUND = datetime.timedelta(hours=4)
PROVIDER = f'credit_window = {WINDOW}\nquarantine_after = 10000\nrestart_delay_max = "100ms"\n'


class ChildKills(kill_rounds.Rounds):
    def __init__(self, world, seed):
        super().__init__(world, seed, IN_DOUBT_MAX)
        self.kills = 0

    def round(self, kills_max):
        """Debtors that are due, and deaths while their reminders leave."""
        world = self.world
        self.now += ROUND
        world.add_debtors(DEBTORS_A_ROUND, self.now.date(), self.random.choices(kill_rounds.FATES, k=DEBTORS_A_ROUND))
        world.import_pending()
        working = world.begin(*world.advance_words(self.now))
        last = None
        while working.poll() is None and self.kills < kills_max:
            time.sleep(self.random.uniform(0, PAUSE_MAX_S))  # the moment is the test
            child = world.child_pid()
            if child is None or child == last or working.poll() is not None:
                continue
            os.kill(child, signal.SIGKILL)
            last = child
            self.kills += 1
        try:
            said, complaint = working.communicate(timeout=chaos_world.CALL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            working.kill()
            working.communicate()
            raise chaos_world.Fault(f"the clock did not advance after {self.kills} kills{world.log_tail()}") from None
        expect(working.returncode == 0, f"the clock did not advance: {complaint}{said}{world.log_tail()}")
        expect(world.daemon.poll() is None, f"the daemon ended with {world.daemon.returncode}: {world.log_tail()}")

    def count(self):
        """What has left by now is compared with the peer; what is in doubt is judged as an operator would."""
        world = self.world
        world.await_fates()
        world.advance(self.now)
        peer = world.peer()
        expect(not peer.doubled(), f"doubled at the peer: {peer.doubled()}")
        self.judge_in_doubt(peer)


def run(world, args, seed):
    world.configure(limits=f"in_doubt_max = {IN_DOUBT_MAX}", provider=PROVIDER)
    kills = ChildKills(world, seed)
    began = time.monotonic()
    expect(world.start(), "the first start failed")
    world.go_live()
    counted = 0
    while kills.kills < args.kills and (args.seconds is None or time.monotonic() - began < args.seconds):
        kills.round(min(args.kills, counted + COUNT_EVERY))
        if kills.kills >= counted + COUNT_EVERY:
            kills.count()
            counted = kills.kills
    took = time.monotonic() - began
    world.kill(signal.SIGTERM)
    peer, reminders, verdict = kills.finish()
    print(f"{kills.kills} kills of the channel child in {took:.0f} s, the daemon never ended; seed {seed}")
    print(f"{len(reminders)} reminders, {sum(peer.by_key.values())} mails at the peer under {len(peer.by_key)} keys: 0 doubled, 0 lost; "
          f"{len(kills.doubted)} attempts were left in doubt (at most {kills.in_doubt_most} at a time), "
          f"{sum(kills.doubted.values())} of them at the peer; journal of {verdict['entries']} entries verifies")
    expect(len(kills.doubted) <= kills.kills * WINDOW, "more was in doubt than all deaths together may leave")
    expect(kills.kills >= args.at_least, f"only {kills.kills} kills fitted, {args.at_least} are asked for")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--worlds", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="kill no more after so many seconds")
    parser.add_argument("--at-least", type=int, default=0, help="fewer kills than that fail the test")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for number in range(options.seed, options.seed + options.worlds):
        if status := chaos_world.main(lambda world, seed=number: run(world, options, seed)):
            sys.exit(status)
