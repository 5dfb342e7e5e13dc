#!/usr/bin/env python3
"""What the webhook listener bears: sizes, slowness, numbers, framing that two parsers could read in two ways, TLS."""
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from hook_world import HookWorld, await_that, signature  # noqa: E402

MEGABYTE = 1024 * 1024


def request(path, *headers, body=b"", method="POST", is_signed=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: hooks.example.com", *headers]
    if is_signed:
        lines.append(f"X-Signature: {signature(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class ListenerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = HookWorld(hooks="""
            header_timeout = "1s"
            request_timeout = "2s"
            rate_max = 0
            connections_of_address_max = 20
            trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"]""")
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def setUp(self):
        self.stored = self.newest()

    def newest(self):
        rows = self.world.inbound(limit="1")
        return rows[0]["id"] if rows else 0

    def expect_nothing_stored(self):
        self.assertEqual(self.newest(), self.stored)

    def rss_kib(self):
        status = Path(f"/proc/{self.world.daemon.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    # --- sizes
    def test_a_body_of_100_mb_is_refused_before_it_is_read(self):
        head = request(self.world.path, f"Content-Length: {100 * MEGABYTE}", is_signed=False)
        self.assertEqual(self.world.statuses(self.world.bare(head)), [413])
        self.assertEqual(self.world.statuses(self.world.bare(head, *[bytes(MEGABYTE)] * 100)), [413])
        self.expect_nothing_stored()

    def test_a_body_of_100_mb_in_chunks_is_cut_at_the_limit_and_costs_no_memory(self):
        before = self.rss_kib()
        head = request(self.world.path, "Transfer-Encoding: chunked", is_signed=False)
        chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
        self.assertEqual(self.world.statuses(self.world.bare(head, *[chunk] * 1600)), [413])
        self.assertLess(self.rss_kib() - before, 16 * 1024)
        self.expect_nothing_stored()

    def test_framing_of_chunks_that_never_ends_is_cut_and_costs_no_memory(self):
        head = request(self.world.path, "Transfer-Encoding: chunked", is_signed=False)
        for name, start in (("extension", b"5;a="), ("trailer", b"0\r\nX-Trailer: ")):
            with self.subTest(name):
                before = self.rss_kib()
                self.assertEqual(self.world.statuses(self.world.bare(head + start, *[b"a" * MEGABYTE] * 64)), [431])
                self.assertLess(self.rss_kib() - before, 16 * 1024)
        self.expect_nothing_stored()

    def test_bodies_under_way_have_a_bound_together(self):
        world = HookWorld(hooks=f"body_bytes_max = {16 * MEGABYTE}")
        self.addCleanup(world.close)
        world.start()
        head = request(world.path, "Expect: 100-continue", f"Content-Length: {16 * MEGABYTE}", is_signed=False)
        held = [socket.create_connection(("127.0.0.1", world.port), timeout=60) for _ in range(4)]
        for s in held:
            s.sendall(head)
            self.assertEqual(s.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        answer = world.bare(head)
        self.assertEqual(world.statuses(answer), [503])
        self.assertIn(b"retry-after: 1", answer.lower())
        self.assertEqual(world.statuses(world.bare(request(world.path, "Transfer-Encoding: chunked", is_signed=False))), [503])
        self.assertEqual(world.traffic()["overloaded"], 2)
        self.assertEqual(world.post(""), 200)  # what has no body needs no room
        held.pop().close()
        await_that("its room is free again", lambda: world.post("KEY-1 interim") == 200)
        for s in held:
            s.close()

    def test_a_body_at_the_limit_is_taken_whole_in_either_framing(self):
        body = b"b" * MEGABYTE
        status, answer, _ = self.world.call(body, headers={"X-Do": "answer"})
        self.assertEqual((status, answer.split(b"\n")[-1]), (200, str(MEGABYTE).encode()))
        chunked = request(self.world.path, "Transfer-Encoding: chunked", "X-Do: answer", f"X-Signature: {signature(body)}",
                          "Connection: close", is_signed=False) + b"100000;extension=1\r\n" + body + b"\r\n0\r\n\r\n"
        answer = self.world.bare(chunked)
        self.assertEqual(self.world.statuses(answer), [200])
        self.assertTrue(answer.endswith(str(MEGABYTE).encode()))

    def test_too_many_and_too_large_headers_are_431(self):
        many = [f"X-{number}: v" for number in range(70)]
        self.assertEqual(self.world.statuses(self.world.bare(request(self.world.path, *many))), [431])
        self.assertEqual(self.world.statuses(self.world.bare(request(self.world.path, "X-Big: " + "v" * 20_000))), [431])
        self.assertEqual(self.world.statuses(self.world.bare(request(self.world.path + "?" + "a" * 9_000))), [414])
        self.expect_nothing_stored()

    # --- slowness
    def test_a_header_and_a_body_that_drip_are_cut_in_time(self):
        for start in (b"POST /", request(self.world.path, "Content-Length: 1000", is_signed=False)):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", self.world.port)) as s:
                s.sendall(start)
                s.settimeout(0.1)
                answer = b""
                while time.monotonic() - began < 20:
                    try:
                        s.sendall(b"x")
                        got = s.recv(4096)
                    except socket.timeout:
                        continue
                    except OSError:
                        break
                    if not got:
                        break
                    answer += got
            self.assertEqual(self.world.statuses(answer), [408])
            self.assertLess(time.monotonic() - began, 10)
        self.expect_nothing_stored()

    def test_others_are_served_while_slow_ones_hold_connections(self):
        slow = [socket.create_connection(("127.0.0.1", self.world.port)) for _ in range(15)]
        for s in slow:
            s.sendall(b"POST /hooks")
        try:
            self.assertEqual(self.world.post("KEY-1 interim"), 200)
        finally:
            for s in slow:
                s.close()

    def test_a_request_that_breaks_off_is_not_stored(self):
        whole = request(self.world.path, "Content-Length: 40", body=b"KEY-1 interim" + b"x" * 27)
        for cut in (1, 20, len(whole) - 40, len(whole) - 1):
            self.assertEqual(self.world.statuses(self.world.bare(whole[:cut], half_close=True)), [])
        self.expect_nothing_stored()

    # --- numbers
    def test_one_address_cannot_have_all_connections(self):
        world = HookWorld(hooks="connections_of_address_max = 3\nconnections_max = 5")
        self.addCleanup(world.close)
        world.start()
        held = [socket.create_connection(("127.0.0.1", world.port)) for _ in range(3)]
        await_that("they are there", lambda: world.traffic()["connections"] == 3)
        self.assertEqual(world.statuses(world.bare(b"")), [503])
        self.assertEqual(world.traffic()["connections_refused"], 1)
        held.pop().close()
        await_that("there is room again", lambda: world.traffic()["connections"] == 2)
        self.assertEqual(world.post("KEY-1 interim"), 200)
        for s in held:
            s.close()

    def test_who_only_holds_connections_keeps_nobody_out(self):
        world = HookWorld(hooks="connections_of_address_max = 100\nconnections_max = 5")
        self.addCleanup(world.close)
        world.start()
        held = [socket.create_connection(("127.0.0.1", world.port)) for _ in range(5)]
        await_that("they are there", lambda: world.traffic()["connections"] == 5)
        self.assertEqual([world.post("KEY-1 interim") for _ in range(3)], [200] * 3)
        self.assertGreaterEqual(world.traffic()["connections_displaced"], 1)
        self.assertEqual(world.traffic()["connections_refused"], 0)
        held[0].settimeout(20)
        self.assertEqual(held[0].recv(1), b"")  # the first that came
        at_work = [socket.create_connection(("127.0.0.1", world.port), timeout=60) for _ in range(5)]
        for s in at_work:  # each takes the place of one that says nothing
            s.sendall(request(world.path, "Expect: 100-continue", "Content-Length: 1", is_signed=False))
            self.assertEqual(s.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(world.statuses(world.bare(b"")), [503])
        for s in held + at_work:
            s.close()

    def test_who_asks_too_often_is_told_to_wait(self):
        world = HookWorld(hooks="rate_max = 5")
        self.addCleanup(world.close)
        world.start()
        answers = [world.call("KEY-1 interim") for _ in range(30)]
        codes = [status for status, _, _ in answers]
        self.assertIn(429, codes)
        self.assertGreaterEqual(codes.count(200), 5)
        self.assertEqual(answers[codes.index(429)][2]["retry-after"], "1")
        self.assertEqual(world.traffic()["throttled"], codes.count(429))

    # --- framing
    def test_framing_that_could_be_read_in_two_ways_is_refused(self):
        smuggled = request(self.world.path, "Content-Length: 13", body=b"KEY-9 interim")
        shapes = {
            "length and chunks": ["Content-Length: 6", "Transfer-Encoding: chunked"],
            "chunks and length": ["Transfer-Encoding: chunked", "Content-Length: 6"],
            "two lengths": ["Content-Length: 6", "Content-Length: 60"],
            "two equal lengths": ["Content-Length: 6", "Content-Length: 6"],
            "a list of lengths": ["Content-Length: 6, 6"],
            "a length below nothing": ["Content-Length: -1"],
            "a length with a sign": ["Content-Length: +6"],
            "a length in hexadecimal": ["Content-Length: 0x6"],
            "another encoding": ["Transfer-Encoding: xchunked"],
            "two encodings": ["Transfer-Encoding: gzip, chunked"],
            "chunks said twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
            "a blank before the colon": ["Transfer-Encoding : chunked"],
            "a control character": ["Transfer-Encoding: \x0bchunked"],
        }
        for name, headers in shapes.items():
            with self.subTest(name):
                answer = self.world.bare(request(self.world.path, *headers, is_signed=False) + b"0\r\n\r\n" + smuggled)
                self.assertEqual(self.world.statuses(answer), [400])
        bare_lf = request(self.world.path, "Content-Length: 0").replace(b"\r\n", b"\n")
        self.assertEqual(self.world.statuses(self.world.bare(bare_lf + smuggled)), [400])
        bad_chunk = request(self.world.path, "Transfer-Encoding: chunked", is_signed=False) + b"zz\r\n" + smuggled
        self.assertEqual(self.world.statuses(self.world.bare(bad_chunk)), [400])
        self.expect_nothing_stored()

    def test_what_is_not_a_request_is_refused(self):
        for bytes_sent in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), b"GET / HTTP/2.0\r\n\r\n", b"\r\n\r\n\r\n" * 9,
                           b"POST http://x/hooks HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n",
                           b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"):
            codes = self.world.statuses(self.world.bare(bytes_sent, half_close=True))
            self.assertTrue(not codes or codes[0] in (400, 405, 505), (bytes_sent, codes))
        self.assertEqual(self.world.post("KEY-1 interim"), 200)

    def test_requests_sent_ahead_are_answered_in_their_order(self):
        two = b"".join(request(self.world.path, "X-Do: answer", f"X-N: {n}", "Content-Length: 1", *last, body=b"x")
                       for n, last in ((1, []), (2, []), (3, ["Connection: close"])))
        answer = self.world.bare(two)
        self.assertEqual(self.world.statuses(answer), [200, 200, 200])
        self.assertEqual([line for line in answer.decode().splitlines() if line.startswith("x-n=")], ["x-n=1", "x-n=2", "x-n=3"])

    def test_who_waits_for_100_continue_gets_it_only_when_the_body_is_wanted(self):
        with socket.create_connection(("127.0.0.1", self.world.port)) as s:
            s.sendall(request(self.world.path, "Expect: 100-continue", "Content-Length: 13", "Connection: close", is_signed=False,
                              ).replace(b"\r\n\r\n", f"\r\nX-Signature: {signature(b'KEY-1 interim')}\r\n\r\n".encode()))
            self.assertEqual(s.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(b"KEY-1 interim")
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 200 "))
        for path, length, status in ((self.world.path, 2 * MEGABYTE, 413), ("/hooks/hooked/no", 10, 404)):
            refused = request(path, "Expect: 100-continue", f"Content-Length: {length}", is_signed=False)
            self.assertEqual(self.world.statuses(self.world.bare(refused)), [status])

    def test_an_old_client_is_answered_and_let_go(self):
        answer = self.world.bare(f"GET {self.world.path} HTTP/1.0\r\nX-Signature: {signature(b'')}\r\n\r\n".encode())
        self.assertEqual(self.world.statuses(answer), [200])
        self.assertIn(b"Connection: close", answer)

    def test_curl_speaks_with_it(self):
        body = b"KEY-7 interim\nKEY-8 delivered"
        (self.world.folder / "body").write_bytes(body)
        done = subprocess.run(["curl", "-sS", "-w", "%{http_code}", "-H", f"X-Signature: {signature(body)}", "--data-binary",
                               f"@{self.world.folder}/body", f"http://127.0.0.1:{self.world.port}{self.world.path}"],
                              check=True, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, b"200")

    def test_callers_behind_trusted_proxies_are_who_these_say(self):
        def seen(*forwarded):
            answer = self.world.bare(request(self.world.path, "X-Do: answer", "Connection: close", "Content-Length: 0",
                                             *(f"X-Forwarded-For: {value}" for value in forwarded)))
            return answer.split(b"\r\n\r\n", 1)[1].decode().splitlines()[2]
        self.assertEqual(seen(), "127.0.0.1")
        self.assertEqual(seen("203.0.113.7"), "203.0.113.7")
        self.assertEqual(seen("198.51.100.9, 203.0.113.7, 10.1.2.3"), "203.0.113.7")
        self.assertEqual(seen("198.51.100.9", "2001:db8::1"), "2001:db8::1")
        self.assertEqual(seen("nonsense"), "127.0.0.1")

    # --- many at once
    def test_many_callers_at_once_each_get_their_own_answer(self):
        wrong = []

        def ask(thread):
            connection = self.world.connection()
            for number in range(50):
                name = f"{thread}-{number}"
                status, body, _ = self.world.call("", headers={"X-Do": "answer", "X-Name": name}, connection=connection)
                if status != 200 or f"x-name={name}\n" not in body.decode():
                    wrong.append((name, status, body))
            connection.close()
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = HookWorld(tls=True, hooks='header_timeout = "1s"')
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def serial(self):
        pem = ssl.get_server_certificate(("127.0.0.1", self.world.port))
        return ssl.PEM_cert_to_DER_cert(pem)

    def test_webhooks_come_over_tls(self):
        self.assertEqual(self.world.post("KEY-1 interim"), 200)
        self.assertEqual(self.world.post("KEY-1 interim", is_signed=False), 401)

    def test_old_protocols_and_plain_http_find_nobody(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, OSError)):
            with socket.create_connection(("127.0.0.1", self.world.port)) as s:
                context.wrap_socket(s)
        self.assertEqual(self.world.statuses(self.world.bare(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")), [])
        self.assertEqual(self.world.bare(b"", timeout=60), b"")  # a handshake that never begins ends
        self.assertEqual(self.world.post("KEY-1 interim"), 200)

    def test_a_renewed_certificate_is_served_after_a_reload_and_a_broken_one_is_not(self):
        first = self.serial()
        self.world.make_certificate("localhost")
        self.assertEqual(self.serial(), first)
        self.world.daemon.send_signal(signal.SIGHUP)
        await_that("the new one", lambda: self.serial() != first)
        second = self.serial()
        (self.world.folder / "tls.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        self.assertIn("tls.key", self.world.ctl("reload", code=1) + self.world.errors)
        self.assertEqual(self.serial(), second)
        self.world.make_certificate("localhost")
        self.world.ctl("reload")
        self.assertEqual(self.world.post("KEY-1 interim"), 200)


class EndedCertificateTest(unittest.TestCase):
    def test_a_certificate_that_has_ended_is_said_and_callers_turn_away_until_it_is_renewed(self):
        world = HookWorld(tls=True)
        self.addCleanup(world.close)
        world.make_ended_certificate("localhost")
        world.start()
        self.assertTrue(world.traffic()["certificate_until"].startswith("2020-02-01T00:00:00"))
        self.assertIn('has_ended="yes"', next(line for line in world.logged().splitlines() if "WEBHOOKS_CERTIFICATE_ENDS" in line))
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "expired"):
            world.post("KEY-1 interim")
        self.assertEqual(world.inbound(), [])
        world.make_certificate("localhost")  # for two days: it is spoken of again
        world.ctl("reload")
        await_that("the new one", lambda: world.traffic()["certificate_until"] > "2026")
        self.assertEqual(world.post("KEY-1 interim"), 200)
        self.assertIn('has_ended="no"', world.logged())


class ConfigurationTest(unittest.TestCase):
    def test_without_hooks_there_is_no_listener_and_it_says_so(self):
        world = HookWorld()
        self.addCleanup(world.close)
        text = (world.folder / "relanced.toml").read_text()
        world.write("relanced.toml", text.replace(text[text.index("[hooks]"):text.index("[[creditor]]")], ""))
        super(HookWorld, world).start()
        world.ctl("providers", "hook", "hooked", code=1)
        self.assertIn("set listen and public_url in [hooks]", world.errors)
        self.assertEqual(world.traffic()["listening"], False)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", world.port))

    def test_what_is_wrong_with_it_is_said_with_its_line(self):
        for hooks, words in (('certificate = "/dev/null"', "both"), ('trusted_proxies = ["10.0.0.0/99"]', "network"),
                             ("body_bytes_max = 1", "body_bytes_max"), ("surprise = 1", "surprise")):
            with self.subTest(hooks):
                world = HookWorld(hooks=hooks)
                self.addCleanup(world.close)
                code, output = world.run_daemon("--check-config")
                self.assertNotEqual(code, 0)
                self.assertIn("relanced.toml:", output)
                self.assertIn(words, output)
        world = HookWorld()
        self.addCleanup(world.close)
        world.edit("relanced.toml", "https://hooks.example.com", "hooks.example.com/")
        self.assertIn("public_url", world.run_daemon("--check-config")[1])

    def test_a_port_that_is_taken_is_an_error_and_not_shared(self):
        world = HookWorld()
        self.addCleanup(world.close)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", world.port))
            taken.listen()
            code, output = world.run_daemon()
            self.assertNotEqual(code, 0)
            self.assertIn("cannot listen", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
