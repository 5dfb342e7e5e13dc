#!/usr/bin/env python3
"""The SMS driver `kannel` in a child of the real daemon, with a real Kannel and npm's `smpp` as its message centre: what each
says is counted at the centre; receipts come back through the daemon's own webhook listener."""
import http.server
import re
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "hard"))
import hard_world  # noqa: E402
from hard_world import PEER_PATIENCE_S, Fault, HardWorld, await_fact, expect  # noqa: E402
from hook_gate import HookGate  # noqa: E402
from kannel import PASSWORD, USER, Centre, Kannel, KannelError, free_ports  # noqa: E402

LONG = "Relance " * 40  # with the step and the invoice in front: three parts of 153 septets
SECRET = "callback-secret-5b1d"


class KannelWorld(HardWorld):
    def __init__(self, url, gate, more=""):
        self.url, self.gate = url, gate
        self.hook_port = free_ports(1)[0]
        gate.target = f"http://127.0.0.1:{self.hook_port}"
        settings = (f'url = "{url}"\nuser = "{USER}"\nsecret = "{PASSWORD}"\nsender = "Acme"\ncallback_secret = "{SECRET}"\n'
                    f'callback_url = "{gate.url}"\nreceipts_within_h = 1\ntimeout_s = 10\n{more}')
        origin = re.match(r"https?://[^/]+", url).group(0)
        super().__init__("relance_sms", "sms", settings, provider=f'driver = "kannel"\n[http]\nhosts = ["{origin}"]\n')

    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"

    def configure(self):
        super().configure()
        main = self.folder / "config" / "relanced.toml"
        main.write_text(main.read_text().replace("[log]", f'[hooks]\nlisten = ["127.0.0.1:{self.hook_port}"]\npublic_url = "http://127.0.0.1:{self.hook_port}"\n[log]')
                        .replace('address = "+33140000000"', 'address = "Acme"'))

    def react(self, line):
        """A reaction of every step."""
        scenario = self.folder / "config" / "scenarios" / "standard.toml"
        scenario.write_text(scenario.read_text().replace('template = "words"', f'template = "words"\n{line}'))

    def resent_nothing(self, centre, count=1):
        self.advance_a_little()
        expect(len(centre.of("submit", taken=True)) == count, f"at the message centre: {centre.of('submit')}")


# --- accepted, delivered, each failure ---

def a_reminder_is_accepted_then_delivered(world, kannel, centre, gate):
    world.live()
    world.due()
    submit = centre.await_seen("submit", taken=True)
    expect(submit["text"].startswith("pre-due I00002") and submit["from"] == "Acme" and submit["receipt"] & 1, f"submit_sm was {submit}")
    world.await_counts("it is sent", lambda c: c["sent"] == 1 and c["attempts_open"] == 0)
    centre.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    world.resent_nothing(centre)


def each_failure_comes_back_as_such(world, kannel, centre, gate):
    """Undelivered, rejected and expired by the centre's receipt; refused at the submit."""
    world.live()
    for number, (stat, tlv) in enumerate((("UNDELIV", False), ("REJECTD", False), ("EXPIRED", False), ("EXPIRED", True)), 1):
        world.due()
        submit = centre.await_seen("submit", number, taken=True)
        centre.tell(deliver={"id": submit["id"], "stat": stat, "tlv": tlv})
        world.await_counts(f"{stat} is a failure", lambda c, n=number: c["bounced"] == n)
    centre.tell(on="submit", then="refuse")
    world.due()
    world.await_counts("a refused submit is a failure", lambda c: c["bounced"] == 5)
    expect(gate.callbacks(type=16), f"Kannel said it refused: {gate.seen}")
    expect(gate.callbacks(type=34), f"said by TLV, expired has a bit of its own: {gate.seen}")
    world.resent_nothing(centre, 4)


def a_text_of_several_parts_has_its_receipt_on_the_first(world, kannel, centre, gate):
    world.write_words("{{step}} {{#items}}{{number}}{{/items}} " + LONG)
    world.live()
    world.due()
    parts = [centre.await_seen("submit", n, taken=True) for n in (1, 2, 3)]
    expect("".join(p["text"] for p in parts).strip() == ("pre-due I00002 " + LONG).strip(), "the parts are not the text")
    expect([p["receipt"] & 1 for p in parts] == [1, 0, 0], f"receipts asked for: {[p['receipt'] for p in parts]}")
    centre.tell(deliver={"id": parts[0]["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    world.resent_nothing(centre, 3)


def every_character_arrives_as_it_was_written(world, kannel, centre, gate):
    world.live()
    for number, (words, coding) in enumerate((("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà ^{}[~]|€", 0), ("Привет \u2709 日本 😀 ê", 8)), 1):
        world.kill(signal.SIGTERM)
        world.write_words(words)
        world.again()
        world.due()
        submit = centre.await_seen("submit", number, taken=True)
        expect(submit["coding"] == coding and submit["text"] == words, f"coding {submit['coding']}: {submit['text']!r}")


# --- the message centre is slow or away ---

def a_throttled_message_waits_in_kannel(world, kannel, centre, gate):
    world.live()
    centre.tell(on="submit", then="throttle", times=2)
    world.due()
    submit = centre.await_seen("submit", taken=True)
    expect(len(centre.of("submit", then="throttle")) == 2, f"{centre.of('submit')}")
    centre.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    world.resent_nothing(centre)


def a_message_is_spooled_while_the_centre_is_down(world, kannel, centre, gate):
    world.live()
    centre.tell(on="bind", then="refuse", times=2)
    centre.tell(cut=True)
    centre.await_seen("closed")
    world.due()
    world.await_counts("Kannel has it", lambda c: c["sent"] == 1 and c["attempts_open"] == 0)
    submit = centre.await_seen("submit", taken=True)
    centre.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    world.resent_nothing(centre)


# --- callbacks ---

def a_callback_that_is_lost_is_silence_and_no_resend(world, kannel, centre, gate):
    """A person is asked once; what Kannel says after all is a receipt like any other."""
    world.react("on.silence = \"task\"")
    world.live()
    gate.is_closed = True
    world.due()
    submit = centre.await_seen("submit", taken=True)
    centre.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    await_fact(lambda: len(gate.callbacks(type=1)) >= 1, PEER_PATIENCE_S, "Kannel calls in vain")
    world.advance_a_little(minutes=40)  # the receipt is due within an hour
    expect(world.counts()["silent"] == 0, f"{world.counts()}")
    world.advance_a_little(minutes=180)
    counts = world.counts()
    expect(counts["sent"] == 1 and counts["delivered"] == 0 and counts["in_doubt"] == 0 and counts["silent"] == 1, f"{counts}")
    row = next(row for row in world.reminders() if row["step"] == "pre-due")
    expect(row["delivery"] == "interim" and row["silent_about"] == "delivered", f"{row}")
    tasks = [task["kind"] for task in world.call("tasks", "list")["tasks"]]
    expect(tasks == ["silence"], f"{tasks}")
    world.kill(signal.SIGTERM)
    world.again()
    world.advance_a_little(minutes=180)
    expect(len(world.call("tasks", "list")["tasks"]) == 1, "a silence speaks once")
    gate.is_closed = False
    expect(200 <= gate.pass_on(gate.callbacks(type=1)[0][0]) < 300, f"the late callback is genuine: {gate.faults}")
    world.await_counts("the late receipt joins", lambda c: c["delivered"] == 1 and c["silent"] == 0)
    world.resent_nothing(centre)


def a_callback_that_was_not_taken_comes_again(world, kannel, centre, gate):
    world.live()
    gate.is_closed = True
    world.due()
    submit = centre.await_seen("submit", taken=True)
    centre.tell(deliver={"id": submit["id"], "stat": "DELIVRD"})
    await_fact(lambda: len(gate.callbacks(type=1)) >= 1, PEER_PATIENCE_S, "Kannel calls in vain")
    gate.is_closed = False
    world.await_counts("Kannel called again", lambda c: c["delivered"] == 1)


def a_repeated_callback_changes_nothing_and_a_forged_one_is_refused(world, kannel, centre, gate):
    world.live()
    world.due(2)
    first, second = (centre.await_seen("submit", n, taken=True) for n in (1, 2))
    centre.tell(deliver={"id": first["id"], "stat": "DELIVRD"})
    world.await_counts("it is delivered", lambda c: c["delivered"] == 1)
    path, status = gate.callbacks(type=1)[0]
    expect(200 <= status < 300, f"the daemon answered {status} {gate.faults}")
    for _ in range(3):
        expect(200 <= gate.pass_on(path) < 300, "a repeat is taken")
    failed = path.replace("type=1&", "type=2&")
    expect(200 <= gate.pass_on(failed) < 300, "a later failure of the same message is genuine, and outranks nothing")
    other = next(p for p, _ in gate.callbacks(type=8) if "key=" in p and re.search(r"key=(\w+)", p).group(1) not in path)
    forged = path.replace(re.search(r"key=(\w+)", path).group(1), re.search(r"key=(\w+)", other).group(1))
    expect(gate.pass_on(forged) == 401, "another message's MAC is forged")
    expect(gate.pass_on(re.sub(r"mac=\w", "mac=x", path)) == 401, "a changed MAC is forged")
    expect(gate.pass_on(path.split("?")[0]) == 401, "no MAC is forged")
    world.advance_a_little()
    counts = world.counts()
    expect(counts["sent"] == 2, f"{counts}")
    expect(len(centre.of("submit", taken=True)) == 2, "nothing was sent again")


# --- Kannel itself ---

def nothing_is_lost_or_doubled_while_kannel_is_down(world, kannel, centre, gate):
    world.live()
    kannel.stop_smsbox()
    world.due(3, settle=False)
    world.await_log("could not connect")
    expect(not centre.of("submit"), "nothing could leave")
    kannel.start_smsbox()

    def all_sent():
        world.advance_a_little(may_fail=True)
        return len(centre.of("submit", taken=True)) == 3
    await_fact(all_sent, PEER_PATIENCE_S, "all three are sent")
    expect(world.counts()["in_doubt"] == 0, f"{world.counts()}")
    world.resent_nothing(centre, 3)


def a_wrong_password_is_the_operators_to_mend(world, kannel, centre, gate):
    world.settings = world.settings.replace(PASSWORD, "wrong-password")
    world.configure()
    world.live()
    world.due(1, settle=False)
    world.await_log("Authorization failed")
    counts = world.counts()
    expect(counts["sent"] == 0 and counts["in_doubt"] == 0 and not centre.of("submit"), f"{counts}")
    log = (world.folder / "daemon.log").read_text(errors="replace")
    expect("wrong-password" not in log and SECRET not in log, "a secret is in the log")


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:4] == ("world", "kannel", "centre", "gate")]


# --- what Kannel would never say: a double in its place ---

class Double:
    """Answers every sendsms with one status and body; counts them."""

    def __init__(self, status, body):
        double = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                double.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/cgi-bin/sendsms"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def what_is_not_kannels_words_is_a_doubt_and_not_sent_again(_):
    for status, body in ((202, b"<html><body>Please log in</body></html>"), (202, b""), (500, b"Sending failed."), (200, b'{"error": "quota"}')):
        with Double(status, body) as double, HookGate() as gate, KannelWorld(double.url, gate) as world:
            world.live()
            world.due()
            world.await_counts(f"{status} {body} is a doubt", lambda c: c["in_doubt"] == 1)
            world.advance_a_little(minutes=60)
            expect(len(double.asked) == 1, f"{status} {body}: asked {len(double.asked)} times")


def in_world(case):
    try:
        if case is what_is_not_kannels_words_is_a_doubt_and_not_sent_again:
            return case(None)
        with Centre() as centre, tempfile.TemporaryDirectory(prefix="rl-kannel-") as folder, HookGate() as gate, \
                Kannel(folder, centre.port) as kannel:
            centre.await_seen("bind", password_ok=True)
            with KannelWorld(kannel.url, gate) as world:
                return case(world, kannel, centre, gate)
    except KannelError as error:
        raise Fault(error) from error


if __name__ == "__main__":
    sys.exit(hard_world.run([*CASES, what_is_not_kannels_words_is_a_doubt_and_not_sent_again], in_world))
