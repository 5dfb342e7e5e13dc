#!/usr/bin/env python3
"""The disk of the store is full: the daemon says so, keeps what it holds, sends nothing that it could not write down, and goes
on when there is room again. Nothing is lost or doubled, counted at the mail host."""
import datetime
import signal
import subprocess
import sys

import chaos_world
from chaos_world import CLOCK_START, Skipped, await_fact, expect

DISK_MB = 12
DEBTORS = 5


class Disk:
    """A small disk of its own for the store."""

    def __init__(self, folder):
        self.folder, self.filler = folder, folder / "filler"

    def __enter__(self):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "relance-chaos", self.folder],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Skipped(f"no small disk can be mounted here: {made.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder], check=False)

    def fill(self):
        with open(self.filler, "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def free(self):
        self.filler.unlink()


def run(world):
    with Disk(world.folder / "state") as disk:
        try:
            fill_and_free(world, disk)
        finally:
            world.kill()


def fill_and_free(world, disk):
    now, tomorrow = CLOCK_START, CLOCK_START + datetime.timedelta(days=1)
    expect(world.start(), "the first start failed")
    world.go_live()
    world.add_debtors(DEBTORS, now.date())
    world.add_debtors(DEBTORS, tomorrow.date(), ["late"])  # they become due while the disk is full
    world.import_pending()
    world.advance(now)
    disk.fill()
    advancing = world.begin(*world.advance_words(tomorrow))
    fault = await_fact(lambda: world.call("status").get("fault"), 30, "status names the fault")
    expect("full" in fault, f"status does not say that the disk is full: {fault}")
    await_fact(lambda: world.log_has("the store could not be written"), 30, "the log says it")
    expect(world.daemon.poll() is None, "the daemon ended")
    chaos_world.mailhost.settle(world.folder / "mail", 60)
    held = world.peer()
    expect(not any(held.by_item[f"pre-due I{code[1:]}"] for code, address in world.debtors.items() if chaos_world.fate_of(address) == "late"),
           "a reminder was sent that could not be written down")
    disk.free()
    said, complaint = advancing.communicate(timeout=120)
    expect(advancing.returncode == 0, f"it did not go on: {said}{complaint}{world.log_tail()}")
    world.await_fates()
    expect(not world.call("status").get("fault"), "status still names the fault")
    expect(world.log_has("the store can be written again"), "the log does not say that it goes on")
    peer = world.peer()
    expect(not peer.doubled(), f"doubled: {peer.doubled()}")
    expect(all(peer.by_item[f"pre-due I{code[1:]}"] == 1 for code in world.debtors), f"lost: {peer.by_item}")
    counts = world.store_counts()
    expect(counts["in_doubt"] == 0 and counts["sent"] == len(world.debtors), f"outcomes were lost: {counts}")
    expect(world.call("journal", "verify")["intact"], "the journal does not verify")
    world.kill(signal.SIGTERM)
    print(f'status while the disk was full: "{fault}"')
    print(f"nothing of {DEBTORS} due reminders was sent while it was, {len(world.debtors)} were sent in all, each once")


if __name__ == "__main__":
    sys.exit(chaos_world.main(run))
