#!/usr/bin/env python3
"""The store belongs to another process: a second daemon refuses in words, and the first goes on. A stranger who locks the
database file for a while makes the daemon wait, and nothing is lost or doubled."""
import datetime
import signal
import sqlite3
import subprocess
import sys

import chaos_world
from chaos_world import CLOCK_START, await_fact, expect

EXIT_TEMPORARY = 75  # sysexits.h EX_TEMPFAIL
DEBTORS = 4


def refuse_second(world):
    """The same store and state, another socket: only the store's lock can refuse it."""
    file = world.folder / "config" / "relanced.toml"
    second = file.with_name("second.toml")
    second.write_text(file.read_text().replace("control.sock", "second.sock"))
    words = [second if word == file else word for word in world.command()]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    expect(ended.returncode == EXIT_TEMPORARY, f"the second daemon ended with {ended.returncode}: {ended.stderr}")
    expect(str(world.daemon.pid) in ended.stderr and ".lock" in ended.stderr,
           f"it does not say who holds the store: {ended.stderr}")
    return next(line for line in ended.stderr.splitlines() if ".lock" in line)


def lock_file(world, tomorrow):
    stranger = sqlite3.connect(world.folder / "state" / "relance.db", isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    advancing = world.begin(*world.advance_words(tomorrow))
    fault = await_fact(lambda: world.call("status").get("fault"), 60, "status names the fault")
    expect(world.peer().by_key.total() == 1, "a reminder was sent that could not be written down")
    stranger.execute("ROLLBACK")
    stranger.close()
    said, complaint = advancing.communicate(timeout=120)
    expect(advancing.returncode == 0, f"it did not go on: {said}{complaint}{world.log_tail()}")
    return fault


def run(world):
    tomorrow = CLOCK_START + datetime.timedelta(days=1)
    expect(world.start(), "the first start failed")
    world.go_live()
    world.add_debtors(DEBTORS, tomorrow.date())
    world.import_pending()
    world.advance(CLOCK_START)
    world.await_fates()
    print(f"second daemon: exit {EXIT_TEMPORARY}: {refuse_second(world)}")
    fault = lock_file(world, tomorrow)
    world.await_fates()
    peer = world.peer()
    expect(not peer.doubled(), f"doubled: {peer.doubled()}")
    expect(all(peer.by_item[f"pre-due I{code[1:]}"] == 1 for code in world.debtors), f"lost: {peer.by_item}")
    expect(not world.call("status").get("fault"), "status still names the fault")
    world.kill(signal.SIGTERM)
    print(f'database locked by a stranger: status said "{fault}"; then all {DEBTORS} due reminders were sent, each once')


if __name__ == "__main__":
    sys.exit(chaos_world.main(run))
