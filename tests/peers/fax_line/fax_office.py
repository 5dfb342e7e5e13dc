"""A private HylaFAX that really calls: Debian's hfaxd, faxq and faxsend on a spool of the test's own, with modems that fax_line
plays and faxes that answer at the other end of the line. Nothing of it outlives `with`; nothing listens but on loopback.

The number's last two digits say who answers: 91 busy, 92 nobody, says the exchange, 93 a fax that hangs up on the first page, 94 noise, 95 a
person, 96 busy at the first call, 97 no dial tone, 98 hangs up at the first call, 99 nobody, and it
rings on; a fax otherwise.
"""
import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

SPOOL_FOLDERS = ("archive", "client", "config", "dev", "docq", "doneq", "etc", "info", "log", "pollq", "recvq", "sendq", "status", "tmp", "locks", "received")
PROGRAMS = Path("/usr/sbin")
LIBRARY = Path("/usr/lib/hylafax/bin")
PATIENCE_S = 60
# Of the whole server: one job a call, and no pause but the shortest between two calls of a number.
SERVER_CONFIG = """LogFacility: daemon
CountryCode: 33
AreaCode: 1
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
MaxBatchJobs: 1
MaxConcurrentJobs: 1
UUCPLockDir: {locks}
UUCPLockType: ascii
PollModemWait: 2
PollLockWait: 2
SendFaxCmd: {library}/faxsend
TIFF2FaxCmd: bin/tiff2fax
JobReqBusy: 2
JobReqNoCarrier: 2
JobReqNoAnswer: 2
JobReqNoFCon: 2
JobReqOther: 2
JobReqError: 2
JobReqDataConn: 2
JobReqProto: 2
"""
MODEM_CONFIG = """CountryCode: 33
AreaCode: 1
FAXNumber: +33.1.40.00.00.00
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
ServerTracing: 1
SessionTracing: 0xFFFF
ModemType: Class1
ModemFlowControl: none
ModemRate: 19200
ModemResetDelay: 50
ModemSoftResetCmdDelay: 50
ModemDTRDropDelay: 20
ModemDialResponseTimeout: 10000
ModemWaitTimeCmd: ATS7=20
FaxT1Timer: 4000
UUCPLockDir: {locks}
UUCPLockType: ascii
PollModemWait: 2
PollLockWait: 2
JobReqBusy: 2
JobReqNoCarrier: 2
JobReqNoAnswer: 2
JobReqNoFCon: 2
JobReqOther: 2
JobReqError: 2
JobReqDataConn: 2
JobReqProto: 2
"""


class Skipped(Exception):
    pass


def await_fact(look, patience_s, what):
    """What look() returns once it is true."""
    end = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience_s} s: {what() if callable(what) else what}")
        time.sleep(0.05)


class FaxOffice:
    """`password`: of the user "relance"; without, the server asks for none. `lines`: as many calls at a time; 0: it only queues,
    which needs no fax_line. `port` leads through a gate that can cut a session; `hfaxd_port` leads past it."""

    def __init__(self, folder, fax_line=None, lines=0, password="", users="relance@127.0.0.1"):
        self.spool, self.fax_line, self.lines, self.password, self.users = Path(folder), fax_line, lines, password, users
        self.is_over = threading.Event()
        self.processes, self.calls, self.ports, self.line, self.gate, self.user = [], [], [], None, None, None

    def __enter__(self):
        if os.geteuid() != 0 or not (PROGRAMS / "hfaxd").exists() or not Path("/etc/hylafax").is_dir():
            raise Skipped("HylaFAX is not installed, or this is not root: run scripts/bootstrap")
        if self.lines and not (self.fax_line and Path(self.fax_line).exists()):
            raise Skipped("fax_line was not built: libspandsp-dev is missing, run scripts/bootstrap")
        self.user = pwd.getpwnam("uucp")
        self.make_spool()
        try:
            if self.lines:
                self.begin_line()
            self.start()
            self.gate = Gate(self.hfaxd_port)
            self.port = self.gate.port
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.gate:
            self.gate.close()
        self.stop()
        if self.line:
            self.line.stdin.close()
            self.line.wait(10)

    def make_spool(self):
        self.spool.mkdir()
        self.spool.chmod(0o755)
        for name in SPOOL_FOLDERS:
            (self.spool / name).mkdir()
        shutil.copytree("/var/spool/hylafax/bin", self.spool / "bin", symlinks=True)
        shutil.copytree("/etc/hylafax", self.spool / "etc", dirs_exist_ok=True)
        cache = self.spool / "etc" / "setup.cache"  # Debian's programs in sbin mount their configuration first; those behind them do not
        cache.chmod(0o644)
        cache.write_text("".join(f"SBIN='{LIBRARY}'\n" if line.startswith("SBIN=") else line for line in cache.read_text().splitlines(True)))
        secret = ""
        if self.password:
            secret = subprocess.run(["openssl", "passwd", "-1", "-stdin"], input=self.password, text=True, check=True, capture_output=True).stdout.strip()
        (self.spool / "etc" / "hosts.hfaxd").write_text(f"{self.users}::{secret}:\n")
        (self.spool / "etc" / "hosts.hfaxd").chmod(0o600)
        (self.spool / "etc" / "config").write_text(self.server_config())
        for path in [self.spool, *self.spool.rglob("*")]:
            if not path.is_symlink():
                os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def server_config(self):
        return SERVER_CONFIG.format(locks=self.spool / "locks", library=LIBRARY)

    def begin_line(self):
        self.line = subprocess.Popen([self.fax_line, self.spool / "received", str(self.lines)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(self.lines):
            self.ports.append(json.loads(self.line.stdout.readline())["port"])
        for port in self.ports:
            os.chown(port, self.user.pw_uid, self.user.pw_gid)
            config = self.spool / "etc" / f"config.{self.modem_of(port)}"
            config.write_text(MODEM_CONFIG.format(locks=self.spool / "locks"))
            os.chown(config, self.user.pw_uid, self.user.pw_gid)
        threading.Thread(target=lambda: self.calls.extend(json.loads(line) for line in self.line.stdout), daemon=True).start()

    @staticmethod
    def modem_of(port):
        return port.removeprefix("/dev/").replace("/", "_")

    def start(self):
        """Also after stop(), as the machine's own start would: on the same port."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", getattr(self, "hfaxd_port", 0)))
            self.hfaxd_port = probe.getsockname()[1]
        log = open(self.spool / "log" / "servers", "ab")
        self.processes = [subprocess.Popen([PROGRAMS / name, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                          for name, words in (("faxq", ["-D", "-q", self.spool]), ("hfaxd", ["-d", "-q", self.spool, "-l", "127.0.0.1", "-i", str(self.hfaxd_port)]))]
        await_fact(self.is_up, PATIENCE_S, "hfaxd answers")
        self.is_over.clear()
        self.announce()
        threading.Thread(target=self.announce_again, args=(self.processes,), daemon=True).start()

    def announce(self):
        """To faxq, the modems that it has not used yet: a message of faxmodem is lost now and then, and nobody answers it."""
        for modem in map(self.modem_of, self.ports):
            if not (self.spool / "status" / modem).exists():
                subprocess.run([LIBRARY / "faxmodem", "-q", self.spool, modem], check=True)

    def announce_again(self, processes):
        while not self.is_over.wait(3) and processes is self.processes:
            try:
                self.announce()
            except (OSError, subprocess.CalledProcessError):  # it is being stopped
                return

    def stop(self):
        self.is_over.set()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        self.processes = []

    def is_dialling(self):
        return any("DIAL " in log.read_text(errors="replace") for log in self.spool.glob("log/c[0-9]*"))

    def is_up(self):
        if not (self.spool / "FIFO").exists():
            return False
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect(("127.0.0.1", self.hfaxd_port))
                return probe.recv(3) == b"220"
            except OSError:
                return False

    def jobs(self, queue="sendq"):
        """[{id, number, key, status}] of the queue's files: what was really submitted (a draft's file lies there, too)."""
        found = []
        for file in (self.spool / queue).glob("q*"):
            fields = dict(line.split(":", 1) for line in file.read_text(errors="replace").splitlines() if ":" in line and not line.startswith("!"))
            if fields.get("jobid") and int(fields.get("state", 0)) != 1 or queue == "doneq":  # 1: suspended, not released
                found.append({"id": fields["jobid"], "number": fields.get("number"), "key": fields.get("jobtag"), "status": fields.get("status")})
        return found

    def kill_job(self, job):
        """As the fax server's operator would, by the same user's session."""
        with socket.create_connection(("127.0.0.1", self.hfaxd_port)) as control:
            answers = control.makefile("rb")
            Gate.reply(answers)
            for command in ("USER relance", f"JKILL {job}"):
                control.sendall(f"{command}\r\n".encode())
                answer = Gate.reply(answers)
                if not answer.startswith(b"2"):
                    raise AssertionError(f"{command}: {answer}")

    def submitted(self):
        return self.jobs("sendq") + self.jobs("doneq")


class Gate:
    """Passes the control connection's bytes, line by line; `cut_at(word, before)` ends it at the next such command, before the
    server has it, or after the server has answered and before the client hears of it."""

    def __init__(self, to_port):
        self.to_port, self.cuts, self.seen, self.open, self.mutex = to_port, [], [], set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def cut_at(self, word, before, times=1):
        with self.mutex:
            self.cuts += [(word, before)] * times

    def cut_all(self):
        """As a server that restarts: every session ends, now."""
        with self.mutex:
            ends = list(self.open)
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:  # has ended meanwhile
                pass

    def count(self, word):
        return sum(line.startswith(word) for line in list(self.seen))

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = self.connected()
        if not server:
            return client.close()
        with self.mutex:
            self.open |= {client, server}
        answers = server.makefile("rb")
        commands = client.makefile("rb")
        try:
            client.sendall(self.reply(answers))
            for line in commands:
                words = line.decode(errors="replace")
                self.seen.append(words)
                cut = self.take_cut(words)
                if cut == "before":
                    return
                server.sendall(line)
                answer = self.reply(answers)
                if cut == "after":
                    return
                client.sendall(answer)
                if answer.startswith(b"150"):  # a second reply follows the data
                    client.sendall(self.reply(answers))
        except OSError:
            pass
        finally:
            with self.mutex:
                self.open -= {client, server}
            for end in (client, server):
                try:
                    end.shutdown(socket.SHUT_RDWR)  # the files keep the descriptors open
                except OSError:
                    pass
                end.close()

    def connected(self):
        """hfaxd closes its port for an instant when a session has ended."""
        for _ in range(40):
            try:
                return socket.create_connection(("127.0.0.1", self.to_port))
            except OSError:
                time.sleep(0.05)
        return None

    def take_cut(self, words):
        with self.mutex:
            for at, (word, before) in enumerate(self.cuts):
                if words.startswith(word):
                    del self.cuts[at]
                    return "before" if before else "after"
        return None

    @staticmethod
    def reply(answers):
        whole = b""
        while True:
            line = answers.readline()
            if not line:
                raise OSError("closed")
            whole += line
            if line[:3].isdigit() and line[3:4] in (b" ", b"\r", b"\n"):
                return whole
