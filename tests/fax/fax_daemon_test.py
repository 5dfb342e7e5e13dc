#!/usr/bin/env python3
"""Faxes of the real daemon: its own pages, drawn and handed over by its own plugin in a child, called by a real fax server to a fax
that answers; and to a service over HTTP, by the example of the manual. In no case a second fax, wherever the daemon dies."""
import concurrent.futures
import email.parser
import email.policy
import hashlib
import hmac
import json
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "peers/hard"), str(TESTS / "peers/fax_line"), str(TESTS / "gateway")]
import fax_pages  # noqa: E402
import hard_world  # noqa: E402
from doubles import Double  # noqa: E402
from fax_office import FaxOffice, Skipped as NoFax  # noqa: E402
from hard_world import HardWorld, Skipped, await_fact, expect  # noqa: E402

PATIENCE_S = 90
PASSWORD = "p-7f3a91"


class FaxWorld(HardWorld):
    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"


class OfficeWorld(FaxWorld):
    """With a fax server whose calls are answered."""

    def __init__(self, office):
        self.office = office
        super().__init__("relance_fax", "fax", f'host = "127.0.0.1"\nport = {office.port}\nuser = "relance"\npassword = "{PASSWORD}"\npoll_every_s = 1\n'
                         '[settings.dial]\ncountry_code = "33"\n', provider='driver = "hylafax"')


def numbers_called(office):
    """Of the calls in which a whole fax arrived: one that broke off is the fax server's to make again."""
    return [call["number"] for call in office.calls if call["result"] == 0]


# --- a fax server ---

def the_page_that_the_daemon_drew_arrives_and_its_receipt_is_on_record(world, office):
    world.live()
    world.due(2)
    world.counts_as_time_passes("both are delivered", lambda c: c["delivered"] == 2)
    calls = [call for call in office.calls if call["result"] == 0]
    expect(len(calls) == 2 and len(set(numbers_called(office))) == 2, f"calls: {calls}")
    submitted = {job["number"]: job for job in office.submitted()}
    for call in calls:
        job = (office.spool / f"doneq/q{submitted[call['number']]['id']}").read_text()
        sent, received = fax_pages.read(office.spool / re.search(r"^!?tiff:.*:(docq/\S+)$", job, re.M)[1]), fax_pages.read(call["file"])
        expect(len(sent) == len(received) == call["pages"], f"{len(sent)} pages sent, {len(received)} received")
        for left, right in zip(sent, received):
            ink = [row for row in left if any(row)]
            expect(len(ink) > 100 and ink == [row for row in right if any(row)], "the page that arrived is another")


def a_daemon_killed_at_each_arrow_calls_everybody_once(world, office):
    world.live()
    for sent, point in enumerate(("intended", "submitted", "outcome_taken", "outcome_recorded"), 1):
        world.die_at(point)
        world.again()
        counts = world.counts_as_time_passes(f"{point}: {sent} are sent", lambda c, n=sent: c["sent"] == n and c["attempts_open"] == 0)
        expect(counts["in_doubt"] == 0, f"in doubt: {counts}")
    for number, point in enumerate(("releasing", "released"), 5):
        world.die_at(point)
        world.again()
        world.await_counts(f"{point}: its end is known, or in doubt", lambda c, n=number: c["sent"] + c["in_doubt"] == n and c["attempts_open"] == 0)
    counts = world.counts_as_time_passes("what was sent is delivered", lambda c: c["delivered"] == c["sent"])
    called = numbers_called(office)
    expect(len(called) == len(set(called)) == counts["sent"], f"{called}: {counts}")


def what_is_paid_while_it_waits_is_taken_out_of_the_queue(world, office):
    world.live()
    invoice = world.due()[0]
    world.counts_as_time_passes("it is sent", lambda c: c["sent"] == 1)
    world.pay(invoice, "102.00")
    await_fact(lambda: any("aborted" in job["status"] for job in office.jobs("doneq")), PATIENCE_S, f"the job is killed: {office.submitted()}")
    await_fact(lambda: any(r["delivery"] == "cancelled" or r["state"] in ("not_sent", "void", "withdrawn") for r in world.reminders()),
               PATIENCE_S, f"the recall is on record: {world.reminders()}")
    expect(not office.calls, f"{office.calls}")


# --- a service over HTTP ---

class FaxService(Double):
    """The service of config/providers/own-fax-gateway.toml."""
    profile, channel, path = "own-fax-gateway", "fax", "/v1/faxes"

    def take(self, path, headers, body):
        if path != self.path or headers["Authorization"] != "Bearer token-5b1d":
            return 401, {}, {"error": {"code": "E01", "message": "who are you?"}}
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        parts = {}
        for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body).iter_parts():
            parts[part.get_param("name", header="content-disposition")] = part
        words = {name: part.get_content().strip() for name, part in parts.items() if name != "file"}
        page = parts["file"]
        if not re.fullmatch(r"\+[1-9]\d{6,14}", words.get("to", "")) or page.get_content_type() != "image/tiff" or page.get_filename() != "fax.tif":
            return 422, {}, {"error": {"code": "E12", "message": "no such number"}}
        made = self.keep(to=words["to"], key=words["reference"], callback=words["callback_url"], page=page.get_payload(decode=True))
        return 201, {}, {"id": made["id"], "state": "queued"}

    def report(self, message, state, forged=False):
        body = json.dumps({"id": message["id"], "reference": message["key"], "state": state, "pages": 1})
        stamp = str(int(time.time()))
        signature = hmac.new(b"guessed" if forged else b"hook-5b1d", f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
        return self.call(message["callback"], body.encode(), {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp})


class ServiceWorld(FaxWorld):
    def __init__(self, double):
        self.double = double
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.hook_port = free.getsockname()[1]
        super().__init__("relance_fax", "fax", "")

    def configure(self):
        super().configure()
        main = self.folder / "config/relanced.toml"
        main.write_text(main.read_text().replace("[log]", f'[hooks]\nlisten = ["127.0.0.1:{self.hook_port}"]\npublic_url = "http://127.0.0.1:{self.hook_port}"\n[log]'))
        text = (TESTS.parent / "config/providers/own-fax-gateway.toml").read_text()
        for old, new in (('id = "own-fax-gateway"', 'id = "peer"'), ('"https://fax.example.com/v1/faxes"', f'"{self.double.origin}/v1/faxes"'),
                         ('"fax.example.com"', f'"{self.double.origin}"'), ('{ credential = "fax-api-token" }', '"token-5b1d"'),
                         ('{ credential = "fax-hook-secret" }', '"hook-5b1d"')):
            expect(text.count(old) == 1, f"the example says {old!r} not once")
            text = text.replace(old, new)
        file = self.folder / "config/providers/peer.toml"
        file.write_text(text)
        file.chmod(0o600)


def the_example_of_a_service_takes_the_page_as_a_file_and_reports(folder):
    with FaxService() as double, ServiceWorld(double) as world:
        world.live()
        world.due(2)
        await_fact(lambda: len(double.messages) == 2, PATIENCE_S, lambda: f"two faxes: {double.requests}")
        first, second = double.messages
        (folder / "page.tif").write_bytes(first["page"])
        pages = fax_pages.read(folder / "page.tif")
        expect(len(pages) == 1 and sum(any(row) for row in pages[0]) > 100, "the page is empty")
        expect(double.report(first, "sent", forged=True) in (401, 404), "a forged report was taken")
        for message, state in ((first, "sending"), (first, "sent"), (first, "sent"), (second, "busy")):
            expect(double.report(message, state) < 300, f"the report {state} was not taken")
        world.await_counts("one is delivered, one failed", lambda c: c["delivered"] == 1 and c["bounced"] == 1)
        world.advance_a_little()
        expect(len(double.requests) == 2, f"asked {len(double.requests)} times for two faxes")


def with_office(case, lines=2):
    def run(folder):
        with FaxOffice(folder / "spool", hard_world.chaos_world.build_folder() / "peers/fax_line", lines, PASSWORD) as office, OfficeWorld(office) as world:
            case(world, office)
    run.__name__ = case.__name__
    return run


CASES = [with_office(the_page_that_the_daemon_drew_arrives_and_its_receipt_is_on_record), with_office(a_daemon_killed_at_each_arrow_calls_everybody_once),
         with_office(what_is_paid_while_it_waits_is_taken_out_of_the_queue, lines=0), the_example_of_a_service_takes_the_page_as_a_file_and_reports]


def in_folder(case):
    folder = Path(tempfile.mkdtemp(prefix="rl-fax-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        case(folder)
    except NoFax as reason:
        shutil.rmtree(folder)
        raise Skipped(reason) from None
    except (hard_world.Fault, AssertionError):
        print(f"what happened at the fax server lies in {folder}/spool: log, status, sendq, doneq, received")
        raise
    shutil.rmtree(folder)


def main():
    """All at the same time: a call is waiting for the most part."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted, began, failed = sys.argv[1:], time.monotonic(), 0
    chosen = [case for case in CASES if not wanted or case.__name__ in wanted]
    with concurrent.futures.ThreadPoolExecutor(len(chosen)) as pool:
        begun = [(case.__name__, pool.submit(in_folder, case)) for case in chosen]
        for name, case in begun:
            try:
                case.result()
                print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
            except Skipped as reason:
                print(f"all of this suite skipped: {reason}")
                return 0
            except (hard_world.Fault, AssertionError) as fault:
                failed += 1
                print(f"FAILED  {name}: {fault}", flush=True)
    print(f"{'FAILED' if failed else 'passed'} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
