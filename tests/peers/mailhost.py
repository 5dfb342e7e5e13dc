#!/usr/bin/env python3
"""A private mail world on loopback: Postfix as the debtors' mail server, Dovecot for the bounce mailbox.

    mailhost.py start    --dir D [--json] [--die-with PID] [--queue-lifetime 20] [--delay-warning 6] [--grey 1]
    mailhost.py stop     --dir D
    mailhost.py received --dir D            JSON lines: every mail that lies in a debtor's mailbox
    mailhost.py accepted --dir D            JSON lines: every mail the server took responsibility for, with its fate
    mailhost.py settle   --dir D [--timeout 60]   returns when the queue is empty

Needs root (Postfix and Dovecot drop to their own users) and the packages of scripts/bootstrap. Everything lives under D,
whose parents must be open to other users (mode o+x); processes are ended by pid. Ports are free ones of 127.0.0.1,
locked for the life of the host, and each banner carries this start's token: two masters can share a port silently
(SO_REUSEPORT), and a test must never speak to another test's server. --die-with ends everything when that process ends.

`start` writes D/mailhost.json (mode 0600; --json prints it too):
    token, pid, dir, log, ca_file, other_ca_file (a CA that did not sign the servers' certificate), server_name,
    smtp {host, port}                       as a foreign mail server meets it: no AUTH, STARTTLS offered
    strict {host, port}                     the same, which ends a session that sends a bare newline
    submission {host, port, user, password} STARTTLS required, AUTH PLAIN or LOGIN through Dovecot
    smtps {…}                               the same with TLS from the first byte
    imap, imaps {host, port, user, password}   the mailbox `bounces`; imap offers STARTTLS
    bounce_address, bounce_pattern          bounces@creditor.example, bounces+KEY@creditor.example
    replies {address, user, password}       a second mailbox, for what people and their programs answer

Every domain under .example is a debtor's. The local part before the first '.', '+' or '-' chooses the fate:

    gone        550 5.1.1 at RCPT                       policy   550 5.7.1 at RCPT
    quota       452 4.2.2 at RCPT, for ever             grey     451 4.7.1 at RCPT, accepted on a retry --grey s later
    defer       accepted, 451 behind for 2 s, then delivered (LMTP, counts as final)
    bounce      accepted, bounced as a DSN 5.1.1 a few seconds later
    full        accepted, bounced as a DSN 5.2.2        expire   accepted, a delay notice, then failed with 4.4.1
    relay       accepted by a hop without DSN: Action relayed, not delivered
    text        accepted, bounced in words only (three families, no message/delivery-status)
    away        delivered, and an absence note comes back (Auto-Submitted: auto-replied)
    read        delivered, and an RFC 8098 disposition notification comes back when it was asked for
    any other   delivered (with a DSN of success when NOTIFY=SUCCESS asked for it)

A message lost is one missing from `accepted`, a doubled one is there twice: compare by return_path (VERP) or message_id.
"""
import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import mail_records  # noqa: E402
import mail_servers  # noqa: E402


def start(folder, queue_lifetime_s=20, delay_warning_s=6, grey_s=1, die_with=None):
    """Starts everything and returns what D/mailhost.json says. Raises mail_servers.MailHostError, leaving nothing running."""
    folder = Path(folder).resolve()
    mail_servers.check_machine(folder)
    token = secrets.token_hex(8)
    servers = mail_servers.MailServers(folder, token)
    try:
        return servers.start(queue_lifetime_s, delay_warning_s, grey_s, die_with)
    except BaseException:
        servers.stop()
        raise


def stop(folder):
    """Ends what `start` began; True when something was running."""
    folder = Path(folder).resolve()
    return mail_servers.MailServers(folder, None).stop()


def received(folder):
    return list(mail_records.received(Path(folder).resolve()))


def accepted(folder):
    return list(mail_records.accepted(Path(folder).resolve()))


def settle(folder, timeout_s=60):
    """Waits until no mail is queued; False when the time ran out."""
    deadline = time.monotonic() + timeout_s
    while mail_records.queued(Path(folder).resolve()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop", "received", "accepted", "settle"])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--json", action="store_true", help="start: print D/mailhost.json")
    parser.add_argument("--die-with", type=int, metavar="PID", help="start: end everything when this process ends")
    parser.add_argument("--queue-lifetime", type=int, default=20, metavar="S", help="start: seconds until a mail expires")
    parser.add_argument("--delay-warning", type=int, default=6, metavar="S", help="start: seconds until a delay notice")
    parser.add_argument("--grey", type=float, default=1, metavar="S", help="start: how long a greylisted sender must wait")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="settle: seconds to wait")
    args = parser.parse_args()
    try:
        if args.command == "start":
            facts = start(args.dir, args.queue_lifetime, args.delay_warning, args.grey, args.die_with)
            print(json.dumps(facts, indent=2) if args.json else f"mail host {facts['token']} is up in {facts['dir']}")
        elif args.command == "stop":
            print("mail host stopped" if stop(args.dir) else "no mail host was running there")
        elif args.command == "settle":
            if not settle(args.dir, args.timeout):
                print(f"mailhost: still queued after {args.timeout:g} s", file=sys.stderr)
                return 1
        else:
            for record in (received if args.command == "received" else accepted)(args.dir):
                print(json.dumps(record, ensure_ascii=False))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # "| head" has read enough
    except (mail_servers.MailHostError, OSError, subprocess.CalledProcessError) as error:
        print(f"mailhost: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
