"""Starts and ends the processes of the private mail world: the far side, Postfix, Dovecot. See mailhost.py."""
import fcntl
import json
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mail_config

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 10
DIR_LENGTH_MAX = 70  # the longest socket path below it must fit sockaddr_un (108 bytes)
# Below Linux's ephemeral range, so that no outgoing connection takes a port between the choice and the bind.
PORT_FIRST, PORT_LAST = 20000, 31999
PORT_LOCKS = Path("/tmp/relance-test-ports")
STATE_FILE = "mailhost.json"
PRIVATE_STATE_FILE = "processes.json"
started_here = {}  # pid -> Popen of far sides that are children of this very process: they must be waited for


class MailHostError(Exception):
    """What is wrong and what to do about it."""


def check_machine(folder):
    if os.geteuid() != 0:
        raise MailHostError("Postfix and Dovecot need root to start")
    for program in ("postfix", "dovecot", "openssl"):
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            raise MailHostError(f"{program} is not installed: run scripts/bootstrap")
    if len(str(folder)) > DIR_LENGTH_MAX:
        raise MailHostError(f"{folder} is longer than {DIR_LENGTH_MAX} characters: its sockets would not fit")
    for parent in folder.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise MailHostError(f"{parent} is closed to other users; Postfix's and Dovecot's own users must pass (chmod o+x)")
    if (folder / STATE_FILE).exists():
        raise MailHostError(f"{folder / STATE_FILE} is there: stop that mail host first, or choose an empty folder")


class Ports:
    """Free ports of 127.0.0.1, each locked (flock) until the process that inherits the descriptors ends."""

    def __init__(self):
        PORT_LOCKS.mkdir(mode=0o1777, exist_ok=True)
        self.locks = []

    def take(self):
        """A port number that nobody listens on and no other mail host has chosen."""
        for _ in range(1000):
            port = random.randint(PORT_FIRST, PORT_LAST)
            lock = os.open(PORT_LOCKS / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    # No SO_REUSEADDR or SO_REUSEPORT: a busy port must be an error, not a share.
                    probe.bind(("127.0.0.1", port))
            except OSError:
                os.close(lock)
                continue
            self.locks.append(lock)
            return port
        raise MailHostError(f"no free port between {PORT_FIRST} and {PORT_LAST}")

    def listening(self, backlog=128):
        """A bound socket on such a port; backlog None binds without listening, so that connecting is refused."""
        sock = socket.socket()
        sock.bind(("127.0.0.1", self.take()))
        if backlog is not None:
            sock.listen(backlog)
        return sock


class MailServers:
    def __init__(self, folder, token):
        self.folder = folder
        self.token = token
        self.processes = {}

    # --- starting ---

    def start(self, queue_lifetime_s, delay_warning_s, grey_s, die_with):
        self.lay_folders()
        ports = Ports()
        sockets = {name: ports.listening() for name in ("far_smtp", "far_lmtp", "policy")}
        sockets["closed"] = ports.listening(backlog=None)
        chosen = {name: ports.take() for name in ("smtp", "strict", "submission", "smtps", "back", "imap", "imaps")}
        numbers = {f"{name}_port": port for name, port in chosen.items()}
        numbers |= {f"{name}_port": sock.getsockname()[1] for name, sock in sockets.items()}
        mail_config.write_all(self.folder, numbers | {
            "token": self.token, "queue_lifetime": queue_lifetime_s, "delay_warning": delay_warning_s})
        passwords = self.make_passwords()
        mail_config.make_certificates(self.folder)
        self.start_far_side(ports, sockets, {"back_port": chosen["back"], "grey_s": grey_s, "die_with": die_with})
        self.start_postfix()
        self.start_dovecot()
        for name in ("smtp", "submission", "back", "imap"):
            self.await_banner(chosen[name])
        facts = self.describe(chosen, passwords)
        state = self.folder / STATE_FILE
        state.touch(mode=0o600)
        state.write_text(json.dumps(facts, indent=2))
        return facts

    def lay_folders(self):
        nobody = (mail_config.MAIL_UID, mail_config.MAIL_UID)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        for name in ("etc", "spool", "data", "log", "tls", "mail", "imap", "imap-state"):
            (self.folder / name).mkdir(exist_ok=True)
        postfix = pwd.getpwnam("postfix")
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
        os.chown(self.folder / "mail", *nobody)
        (self.folder / "spool" / "private").mkdir(mode=0o700, exist_ok=True)
        os.chown(self.folder / "spool" / "private", postfix.pw_uid, 0)
        for box in ("debtors", "far", "bounces", "replies"):
            for part in ("", "new", "cur", "tmp"):
                (self.folder / "mail" / box / part).mkdir(exist_ok=True)
                os.chown(self.folder / "mail" / box / part, *nobody)

    def make_passwords(self):
        passwords = {user: secrets.token_urlsafe(18) for user in ("relance", "bounces", "replies")}
        users = self.folder / "users"
        users.touch(mode=0o600)
        users.write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in passwords.items()))
        os.chown(users, pwd.getpwnam("dovecot").pw_uid, -1)
        return passwords

    def start_far_side(self, ports, sockets, facts):
        facts |= {"dir": str(self.folder), "sockets": {name: sock.fileno() for name, sock in sockets.items()}}
        kept = [sock.fileno() for sock in sockets.values()] + ports.locks
        with open(self.folder / "log" / "far.log", "ab") as log:
            far = subprocess.Popen([sys.executable, str(Path(__file__).with_name("mail_far_side.py")), json.dumps(facts)],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=kept, start_new_session=True)
        started_here[far.pid] = far
        self.remember("far", far.pid)
        for sock in sockets.values():
            sock.close()
        for lock in ports.locks:
            os.close(lock)

    def start_postfix(self):
        self.run_daemon("postfix", ["-c", str(self.folder / "etc"), "start"], self.folder / "spool" / "pid" / "master.pid")

    def start_dovecot(self):
        self.run_daemon("dovecot", ["-c", str(self.folder / "etc" / "dovecot.conf")], self.folder / "imap" / "master.pid")

    def run_daemon(self, program, arguments, pid_file):
        """Runs what puts itself into the background and notes its pid, be the start good or bad."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        said = self.folder / "log" / f"{program}-start.log"
        with said.open("wb") as output:  # not a pipe: the daemon keeps it open
            try:
                status = subprocess.run([program, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=output, timeout=START_TIMEOUT_S, check=False).returncode
            except subprocess.TimeoutExpired:
                status = f"none within {START_TIMEOUT_S} s"
        # Dovecot's starter may end before its daemon has written the file.
        deadline = time.monotonic() + START_TIMEOUT_S
        while status == 0 and not (pid_file.exists() and pid_file.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.01)
        if pid_file.exists() and pid_file.read_text().strip():
            self.remember(program, int(pid_file.read_text().split()[0]))
        else:
            status = f"{status}, no {pid_file}"
        if status != 0:
            raise MailHostError(f"{program} did not start (exit status {status}){self.log_tail()}")

    def await_banner(self, port):
        """The server on this port is ours and up: its first line carries the token."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                    line = connection.makefile("rb").readline().decode(errors="replace")
                if self.token not in line:
                    raise MailHostError(f"port {port} is answered by another server: {line!r}")
                return
            except OSError:
                time.sleep(0.02)
        raise MailHostError(f"nothing answers on port {port}{self.log_tail()}")

    def log_tail(self):
        text = ""
        for log in sorted((self.folder / "log").glob("*.log")):
            text += f"\n--- {log}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        return text

    def describe(self, ports, passwords):
        def server(port, user=None):
            return {"host": "127.0.0.1", "port": ports[port]} | ({"user": user, "password": passwords[user]} if user else {})

        tls = self.folder / "tls"
        domain = mail_config.CREDITOR_DOMAIN
        return {
            "token": self.token, "dir": str(self.folder), "pid": self.processes["far"]["pid"],
            "log": str(self.folder / "log" / "mail.log"),
            "server_name": mail_config.SERVER_NAME,
            "ca_file": str(tls / "ca.pem"), "other_ca_file": str(tls / "other_ca.pem"),
            "smtp": server("smtp"), "strict": server("strict"), "submission": server("submission", "relance"), "smtps": server("smtps", "relance"),
            "imap": server("imap", "bounces"), "imaps": server("imaps", "bounces"),
            "bounce_address": f"bounces@{domain}", "bounce_pattern": f"bounces+KEY@{domain}",
            "replies": {"address": f"replies@{domain}", "user": "replies", "password": passwords["replies"]},
        }

    # --- ending ---

    def remember(self, name, pid):
        """Noted at once, so that a start that fails half-way, or is killed, can still be ended."""
        self.processes[name] = {"pid": pid, "started": start_ticks(pid)}
        (self.folder / PRIVATE_STATE_FILE).write_text(json.dumps(self.processes))

    def stop(self, spare_pid=None):
        """Ends each process group by the pid noted at start. True when something was running."""
        noted = self.folder / PRIVATE_STATE_FILE
        processes = json.loads(noted.read_text()) if noted.exists() else {}
        was_running = False
        for name in ("postfix", "dovecot", "far"):
            process = processes.get(name)
            if process and process["pid"] != spare_pid and start_ticks(process["pid"]) == process["started"]:
                was_running = True
                end_group(process["pid"])
                if process["pid"] in started_here:
                    started_here.pop(process["pid"]).wait(timeout=STOP_TIMEOUT_S)
        for name in (PRIVATE_STATE_FILE, STATE_FILE):
            (self.folder / name).unlink(missing_ok=True)
        return was_running


def start_ticks(pid):
    """When the process began: tells it from a later one with the same pid. None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])


def group_members(group):
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z" and int(fields[2]) == group:
                members.append(int(entry.name))
    return members


def end_group(leader):
    """SIGTERM to the leader, then to what is left of its group, then SIGKILL. All three lead a group of their own."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    group = os.getpgid(leader)
    if group != leader:
        raise MailHostError(f"process {leader} does not lead its group: ended by hand, please")
    os.kill(leader, signal.SIGTERM)
    while members := group_members(group):
        late = time.monotonic() > deadline
        if late or leader not in members:
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(0.02)
