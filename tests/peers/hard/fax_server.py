"""A private HylaFAX on loopback: Debian's hfaxd and faxq on a spool of the test's own, without a modem, so that what is
submitted stays queued until it is killed. Between the plugin and hfaxd stands a gate that can cut the line at a command.
"""
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from hard_world import PEER_PATIENCE_S, Fault, Skipped, await_fact

SPOOL_FOLDERS = ("archive", "client", "config", "dev", "docq", "doneq", "etc", "info", "log", "pollq", "recvq", "sendq", "status", "tmp")
PROGRAMS = Path("/usr/sbin")


class FaxServer:
    def __init__(self, folder):
        self.spool = Path(folder)

    def __enter__(self):
        if os.geteuid() != 0 or not (PROGRAMS / "hfaxd").exists() or not Path("/etc/hylafax").is_dir():
            raise Skipped("HylaFAX is not installed, or this is not root: run scripts/bootstrap")
        user = pwd.getpwnam("uucp")
        self.spool.mkdir()
        self.spool.chmod(0o755)
        for name in SPOOL_FOLDERS:
            (self.spool / name).mkdir()
        shutil.copytree("/var/spool/hylafax/bin", self.spool / "bin", symlinks=True)
        shutil.copytree("/etc/hylafax", self.spool / "etc", dirs_exist_ok=True)
        (self.spool / "etc" / "hosts.hfaxd").write_text("127.0.0.1:::\nlocalhost:::\n")
        (self.spool / "etc" / "hosts.hfaxd").chmod(0o600)
        (self.spool / "etc" / "config").write_text("LogFacility: daemon\nCountryCode: 33\nMaxBatchJobs: 1\n")
        for path in [self.spool, *self.spool.rglob("*")]:
            if not path.is_symlink():
                os.chown(path, user.pw_uid, user.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.hfaxd_port = probe.getsockname()[1]
        log = open(self.spool / "log" / "servers", "ab")
        self.processes = [subprocess.Popen([PROGRAMS / name, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                          for name, words in (("faxq", ["-D", "-q", self.spool]), ("hfaxd", ["-d", "-q", self.spool, "-l", "127.0.0.1", "-i", str(self.hfaxd_port)]))]
        await_fact(self.is_up, PEER_PATIENCE_S, "hfaxd answers")
        self.gate = Gate(self.hfaxd_port)
        self.port = self.gate.port
        return self

    def __exit__(self, *_):
        self.gate.close()
        for process in self.processes:
            process.terminate()
            process.wait(10)

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
        """[{number, key, document…}] of the queue's files: what was really submitted (a draft's file lies there locked, too)."""
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
                    raise Fault(f"{command}: {answer}")

    def submitted(self):
        return self.jobs("sendq") + self.jobs("doneq")


class Gate:
    """Passes the control connection's bytes, line by line; `cut_at(word, before)` ends it at the next such command, before the
    server has it, or after the server has answered and before the client hears of it."""

    def __init__(self, to_port):
        self.to_port, self.cuts, self.seen, self.mutex = to_port, [], [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def cut_at(self, word, before, times=1):
        with self.mutex:
            self.cuts += [(word, before)] * times

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
        server = socket.create_connection(("127.0.0.1", self.to_port))
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
            for end in (client, server):
                try:
                    end.shutdown(socket.SHUT_RDWR)  # the files keep the descriptors open
                except OSError:
                    pass
                end.close()

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
