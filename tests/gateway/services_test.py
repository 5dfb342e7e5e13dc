#!/usr/bin/env python3
"""The shipped profiles in a child of the real daemon: each provider's double takes the reminder once, with everything that
the real one wants, and calls back through the daemon's own listener; what is forged is refused."""
import re
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers" / "hard"))
import hard_world  # noqa: E402
from hard_world import PEER_PATIENCE_S, HardWorld, await_fact, expect  # noqa: E402
from doubles import Brevo, Mailgun, Ovh, OwnGateway, Postmark, SendGrid, Ses, Twilio, Vonage  # noqa: E402


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class ServiceWorld(HardWorld):
    def __init__(self, double):
        self.double, self.hook_port = double, free_port()
        settings = (f'profile = "{double.profile}"\n[settings.values]\n{double.settings}\n'
                    f'[settings.request]\nurl = "{double.origin}{double.path}"\n')
        driver = 'driver = "http"\n' if double.channel == "sms" else ""
        super().__init__("relance_sms" if double.channel == "sms" else "relance_esp", double.channel, settings,
                         provider=f'{driver}[sandbox]\nnetwork = "none"\n[http]\nhosts = ["{double.origin}"]\n')

    def plugin_folder(self):
        return hard_world.chaos_world.build_folder() / "plugins"

    def configure(self):
        super().configure()
        main = self.folder / "config" / "relanced.toml"
        public = f"http://127.0.0.1:{self.hook_port}"
        sender = "Acme" if self.channel == "sms" else "billing@acme.example"
        main.write_text(main.read_text()
                        .replace("[log]", f'[hooks]\nlisten = ["127.0.0.1:{self.hook_port}"]\npublic_url = "{public}"\n[log]')
                        .replace('address = "+33140000000"', f'address = "{sender}"'))
        if isinstance(self.double, OwnGateway):
            self.configure_own()

    def configure_own(self):
        """The example of the manual, with the double's address and secrets that the test knows."""
        text = (Path(__file__).resolve().parents[2] / "config/providers/own-gateway.toml").read_text()
        for old, new in (('id = "own-gateway"', 'id = "peer"'), ('"https://sms.example.com/v1/messages"', f'"{self.double.origin}/v1/messages"'),
                         ('"sms.example.com"', f'"{self.double.origin}"'), ('{ credential = "sms-api-token" }', '"token-5b1d"'),
                         ('{ credential = "sms-hook-secret" }', '"hook-5b1d"')):
            expect(text.count(old) == 1, f"the example says {old!r} not once")
            text = text.replace(old, new)
        file = self.folder / "config" / "providers" / "peer.toml"
        file.write_text(text)
        file.chmod(0o600)

    def hook(self):
        return self.call("providers", "hook", "peer")["url"]

    def await_message(self, count=1):
        await_fact(lambda: len(self.double.messages) >= count, PEER_PATIENCE_S, f"{count} messages at {self.double.profile}")
        return self.double.messages[count - 1]

    def asked_once_each(self, count):
        self.advance_a_little()
        expect(len(self.double.requests) == count, f"{self.double.profile} was asked {len(self.double.requests)} times for {count} messages")


def takes_and_reports(make):
    def case(world):
        world.live()
        world.due()
        first = world.await_message()
        expect(first["text"].startswith("pre-due I00002"), f"the text was {first['text']!r}")
        hook = world.hook()
        double = world.double
        expect(double.report(first, "delivered", hook, forged=True) in (401, 404), "a forged report was taken")
        for state in ("interim", "delivered", "interim", "delivered"):  # in any order, and again
            status = double.report(first, state, hook)
            expect(200 <= status < 300, f"the report {state} was answered {status}{world.log_tail()}")
        world.await_counts("it is delivered", lambda c: c["delivered"] == 1 and c["bounced"] == 0)
        world.due()
        second = world.await_message(2)
        expect(double.report(second, "failed", hook) < 300, "the failure was not taken")
        world.await_counts("the second failed", lambda c: c["bounced"] == 1 and c["delivered"] == 1)
        world.asked_once_each(2)
    case.__name__ = f"{make.profile.replace('-', '_')}_takes_a_reminder_and_reports_what_became_of_it"
    return case, make


def who_writes_stop_gets_no_more_texts(world):
    """In an accent that no list of this provider's profile has: the daemon knows the words of all of them."""
    world.live()
    world.due()
    message = world.await_message()
    expect(world.double.write_back(message, "Je paie vendredi") < 300, "the answer was not taken")
    expect(world.double.write_back(message, "Arrêt.") < 300, "the wish was not taken")

    def suppressed():
        return [row["address"] for row in world.call("suppressions", "list")["suppressions"]]
    await_fact(lambda: suppressed() == [message["to"]], PEER_PATIENCE_S, f"no texts to {message['to']}")


def amazon_takes_what_is_signed_as_it_wants(world):
    world.live()
    world.due()
    mail = world.await_message()
    expect(mail["text"].startswith("pre-due I00002") and re.fullmatch(r"[0-9A-Za-z-]{26,36}", mail["key"]), f"the mail was {mail}")
    world.await_counts("it is sent", lambda c: c["sent"] == 1 and c["attempts_open"] == 0)
    world.asked_once_each(1)


CASES = [takes_and_reports(make) for make in (OwnGateway, Twilio, Vonage, Ovh, Postmark, SendGrid, Mailgun, Brevo)]
CASES += [(amazon_takes_what_is_signed_as_it_wants, Ses), (who_writes_stop_gets_no_more_texts, Twilio)]


def make_world(case):
    make = next(double for one, double in CASES if one is case)
    with make() as double, ServiceWorld(double) as world:
        case(world)


if __name__ == "__main__":
    sys.exit(hard_world.run([case for case, _ in CASES], make_world))
