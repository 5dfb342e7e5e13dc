#!/usr/bin/env python3
"""The driver `pec` in a child of the real daemon: reminders leave through real Postfix, receipts that a provider's double
signs come back through Dovecot between forgeries, and what they say moves the case and is filed as evidence."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "hard")]
import hard_world  # noqa: E402
import mail_servers  # noqa: E402
import mailhost  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, Skipped, await_fact, expect  # noqa: E402
from pec import SIGNER, PecProvider, deliver  # noqa: E402

ADDRESS = "bounces@creditor.example"  # the mailbox that the mail host has


class PecWorld(HardWorld):
    def __init__(self, mail, provider):
        self.mail, self.pec = mail, provider
        settings = (f'address = "{ADDRESS}"\n[settings.server]\nhost = "127.0.0.1"\nport = {mail["smtps"]["port"]}\n'
                    f'ca_file = "{mail["ca_file"]}"\nserver_name = "{mail["server_name"]}"\n[settings.auth]\nuser = "{mail["smtps"]["user"]}"\n'
                    f'secret = "{mail["smtps"]["password"]}"\n[settings.mailbox]\nurl = "imaps://localhost:{mail["imaps"]["port"]}"\n'
                    f'user = "{mail["imaps"]["user"]}"\nsecret = "{mail["imaps"]["password"]}"\nca_file = "{mail["ca_file"]}"\npoll_interval_s = 1\n'
                    f'[settings.trust]\nauthorities_file = "{provider.authority}"\nsigners = ["{SIGNER}"]\n')
        super().__init__("relance_lre", "lre", settings, provider='driver = "pec"\n')

    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"

    def configure(self):
        super().configure()
        main = self.folder / "config" / "relanced.toml"
        main.write_text(main.read_text().replace('address = "+33140000000"', f'address = "{ADDRESS}"'))

    def arrived(self, count):
        """The mails that lie in the debtors' mailboxes, as (Message-ID, addressee, bytes)."""
        def look():
            mails = [entry.read_bytes() for entry in sorted((Path(self.mail["dir"]) / "mail/debtors/new").iterdir())]
            return mails if len(mails) >= count else None
        return [(field(mail, "Message-ID"), field(mail, "X-Original-To"), mail) for mail in await_fact(look, PEER_PATIENCE_S, f"{count} mails arrive")]

    def receipt(self, kind, letter, by=None, **more):
        return (by or self.pec).receipt(kind, letter[0], ADDRESS, letter[1], **more)


def field(mail, name):
    for line in mail.decode(errors="replace").splitlines():
        if line.startswith(name + ": "):
            return line.partition(": ")[2].strip()
    return ""


def receipts_move_the_case_and_forgeries_do_not(world, impostor):
    world.live()
    invoices = world.due(3)
    letters = world.arrived(3)
    world.await_counts("three are sent", lambda c: c["sent"] == 3 and c["attempts_open"] == 0)
    first, second, third = letters
    original = first[2].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    deliver(world.mail["smtp"], [
        world.receipt("avvenuta-consegna", second, by=impostor),
        world.receipt("preavviso-errore-consegna", third, error="altro", claims="avvenuta-consegna"),
        b"From: a@debtor.example\r\nSubject: CONSEGNA\r\nX-Ricevuta: avvenuta-consegna\r\nX-Riferimento-Message-ID: " + second[0].encode() + b"\r\n\r\nciao\r\n",
        world.receipt("accettazione", first),
        world.receipt("avvenuta-consegna", first, original=original)], ADDRESS)
    world.await_counts("the first is delivered", lambda c: c["delivered"] == 1)
    def filed():
        """Of the one that arrived: the receipt with its signature, and the message as the provider had it."""
        lists = [world.call("evidence", "list", invoice)["files"] for invoice in invoices]
        return [files for files in lists if any(file["file_name"] == "postacert.eml" for file in files)]
    [files] = await_fact(filed, PEER_PATIENCE_S, f"the receipt is filed: {[world.call('evidence', 'list', one) for one in invoices]}")
    shown = [world.folder / file["sha256"] for file in files if file["bytes"] > 0]
    for path in shown:
        world.call("evidence", "show", path.name, "--output", path)
    receipts = [path for path in shown if b"X-Ricevuta: avvenuta-consegna" in path.read_bytes()]
    expect(len(receipts) == 1, f"the receipt is not filed: {files}")
    subprocess.run(["openssl", "cms", "-verify", "-in", receipts[0], "-CAfile", world.pec.authority, "-out", os.devnull],
                   check=True, capture_output=True, timeout=60)  # years later, with nothing of ours
    counts = world.counts()
    expect(counts["delivered"] == 1 and counts["bounced"] == 0, f"a forgery or a delay counted: {counts}")
    expect(world.log_has("is not believed"), "nothing was said of the forgeries")
    deliver(world.mail["smtp"], [world.receipt("errore-consegna", third, error="no-dest", extended="5.1.1 - casella inesistente")], ADDRESS)
    world.await_counts("the third failed", lambda c: c["bounced"] == 1)
    world.advance_a_little()
    expect(len(world.arrived(3)) == 3, "something was sent again")
    # It was no forgery: the operator adds the authority that was missing, and has what was refused read again.
    with world.pec.authority.open("ab") as authorities:
        authorities.write(impostor.authority.read_bytes())
    settings = world.folder / "config/providers/peer.toml"
    settings.write_text(settings.read_text().replace(f'signers = ["{SIGNER}"]', f'signers = ["{SIGNER}", "posta@altro.example"]'))
    world.call("reload")
    world.call("receipts", "reparse", "--provider", "peer")
    world.await_counts("the second is delivered, too", lambda c: c["delivered"] == 2 and c["bounced"] == 1)
    log = (world.folder / "daemon.log").read_text(errors="replace")
    expect(world.mail["smtps"]["password"] not in log and world.mail["imaps"]["password"] not in log, "a secret is in the log")


def a_daemon_killed_between_intent_and_answer_sends_nothing_twice(world, _impostor):
    world.live()
    for number, point in enumerate(("intended", "submitted", "outcome_taken"), 1):
        world.die_at(point)
        world.again()
        world.await_counts(f"what nobody knows is in doubt, killed at {point}",
                           lambda c, n=number: c["in_doubt"] + c["sent"] == n and c["attempts_open"] == 0)
    letters = world.arrived(1)  # the last one at least, whose answer was lost
    deliver(world.mail["smtp"], [world.receipt("accettazione", letter) for letter in letters], ADDRESS)
    world.await_counts("the provider's receipts end the doubts", lambda c: c["sent"] == len(letters) and c["in_doubt"] == 3 - len(letters))
    world.advance_a_little()
    again = world.arrived(len(letters))
    expect(len(again) == len({letter[0] for letter in again}) == len(letters), f"sent twice: {again}")


def in_world(case):
    folder = Path(tempfile.mkdtemp(prefix="rl-pec-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        mail = mailhost.start(folder / "mail", die_with=os.getpid())
    except (mail_servers.MailHostError, OSError, subprocess.CalledProcessError) as reason:
        shutil.rmtree(folder, ignore_errors=True)
        raise Skipped(reason) from reason
    try:
        with PecWorld(mail, PecProvider(folder / "provider")) as world:
            return case(world, PecProvider(folder / "impostor"))
    finally:
        mailhost.stop(folder / "mail")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(hard_world.run([receipts_move_the_case_and_forgeries_do_not, a_daemon_killed_between_intent_and_answer_sends_nothing_twice], in_world))
