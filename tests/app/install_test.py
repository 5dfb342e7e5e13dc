#!/usr/bin/env python3
"""`cmake --install` into an empty folder: a whole tree, whose daemon runs with the configuration that came along, under the
conditions that the installed unit sets (its command lines, its user, its credentials, its notification socket)."""
import ctypes
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import BUILD, PATIENCE, await_words  # noqa: E402

DYNAMIC_USER = 61200  # of the range that systemd takes for DynamicUser=
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 38, 65, 1
PIGEON = """#include <relance/channel.hpp>
using namespace relance::sdk;
class Pigeon {
 public:
  static constexpr Description kDescription{.id = "com.example.pigeon", .driver = "pigeon", .name = "Carrier pigeon",
      .version = "1.0", .vendor = "Example", .channel = "email", .settings_schema = R"({"type": "object"})"};
  Pigeon(Host, std::string_view, std::string_view, Issues &) {}
  void submit(std::vector<Pending> batch) {
    for (auto &pending : batch) pending.end(Outcome::not_sent("storm", "no pigeon left the loft", 60'000));
  }
};
RELANCE_EXPORT_DRIVERS(Pigeon)
"""
PIGEON_CMAKE = """cmake_minimum_required(VERSION 3.25)
project(Pigeon LANGUAGES CXX)
find_package(RelanceSDK 0.1 REQUIRED)
relance_add_plugin(pigeon SOURCES pigeon.cpp)
"""


def run(*words, **more):
    """Runs to the end; (exit code, all it said)."""
    done = subprocess.run(list(map(str, words)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, **more)
    return done.returncode, done.stdout


def install(prefix, stage=None):
    environment = {**os.environ, **({"DESTDIR": str(stage)} if stage else {})}
    code, said = run("cmake", "--install", BUILD, "--prefix", prefix, env=environment)
    assert code == 0, said
    return said


class Unit:
    """The settings of a unit file, the last of each name; LoadCredential= as a list."""

    def __init__(self, file):
        self.text = file.read_text()
        self.settings = dict(re.findall(r"^(\w+)=(.*)$", self.text, re.M))
        self.credentials = [words.split(":", 1) for words in re.findall(r"^LoadCredential=(.+)$", self.text, re.M)]

    def __getitem__(self, name):
        return self.settings[name]


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="relance-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = Path(cls.holder.name)
        cls.folder.chmod(0o755)
        cls.prefix = cls.folder / "p"
        install(cls.prefix)
        cls.unit_file = cls.prefix / "lib/systemd/system/relanced.service"
        cls.unit = Unit(cls.unit_file)
        cls.etc = cls.prefix / "etc/relance"

    def test_what_was_installed_checks_clean(self):
        code, said = run(self.prefix / "bin/relanced", "--config", self.etc / "relanced.toml", "--check-config")
        self.assertEqual(code, 0, said)
        self.assertNotIn("error", said)

    def test_the_settings_that_the_manuals_show_are_right(self):
        shown = self.prefix / "share/doc/relance"
        for page in ("docs/for-operators/email.md", "plugins/smtp/README.md"):
            with self.subTest(page):
                etc = self.folder / Path(page).stem
                shutil.copytree(self.etc, etc)
                block = re.search(r"^```toml\n(.*?)^```", (shown / page).read_text(), re.M | re.S).group(1)
                block = re.sub(r"^(id|plugin|channel) = .*\n", "", block, flags=re.M)
                for name in re.findall(r'file = "(/[^"]+)"', block):
                    block = block.replace(name, str(etc / Path(name).name))
                    (etc / Path(name).name).touch(0o600)
                    (etc / Path(name).name).write_text("a password\n")
                (etc / "providers/smtp.toml").write_text('id = "smtp"\nplugin = "relance_smtp"\nchannel = "email"\n' + block)
                code, said = run(self.prefix / "bin/relanced", "--config", etc / "relanced.toml", "--check-config")
                self.assertEqual(code, 0, said)

    def test_an_operators_configuration_is_never_overwritten(self):
        mine = self.folder / "mine"
        install(mine)
        (mine / "etc/relance/relanced.toml").write_text("# mine\n")
        (mine / "etc/relance/regions/IT.toml").unlink()
        (mine / "bin/relanced").write_text("old")
        self.assertIn("Kept: ", install(mine))
        self.assertEqual((mine / "etc/relance/relanced.toml").read_text(), "# mine\n")
        self.assertFalse((mine / "etc/relance/regions/IT.toml").exists())
        self.assertTrue((mine / "share/doc/relance/config/regions/IT.toml").exists())
        self.assertEqual([file.name for file in (mine / "etc/relance/providers").iterdir()], ["smtp.toml"], "only what can start")
        self.assertTrue((mine / "share/doc/relance/config/providers/kannel.toml").exists())
        self.assertGreater((mine / "bin/relanced").stat().st_size, 1_000_000)

    def test_staged_for_usr_it_has_the_systems_own_paths(self):
        stage = self.folder / "stage"
        install("/usr", stage)
        unit = Unit(stage / "usr/lib/systemd/system/relanced.service")
        self.assertEqual(unit["ExecStart"], "/usr/bin/relanced --config /etc/relance/relanced.toml")
        self.assertEqual((unit["DynamicUser"], unit["StateDirectory"], unit["RuntimeDirectory"]), ("yes", "relance", "relance"))
        self.assertEqual(unit.credentials, [["bounces-password", "/etc/relance/secrets/bounces-password"]])
        self.assertTrue((stage / unit["Documentation"].removeprefix("file:///")).is_file())
        settings = (stage / "etc/relance/relanced.toml").read_text()
        self.assertIn('state = "/var/lib/relance"', settings)
        self.assertIn('control_socket = "/run/relance/control.sock"', settings)
        self.assertEqual(sorted(path.name for path in stage.iterdir()), ["etc", "usr"])
        self.assertEqual((stage / "etc/relance/secrets").stat().st_mode & 0o777, 0o700)

    def test_beside_usr_the_configuration_is_under_the_prefix_and_the_state_the_systems(self):
        for prefix in ("/usr/local", "/opt/relance"):
            with self.subTest(prefix):
                stage = self.folder / f"stage-{Path(prefix).name}"
                install(prefix, stage)
                self.assertEqual([path.name for path in stage.iterdir()], [Path(prefix).parts[1]])
                unit = Unit(stage / prefix[1:] / "lib/systemd/system/relanced.service")
                self.assertEqual(unit["ExecStart"], f"{prefix}/bin/relanced --config {prefix}/etc/relance/relanced.toml")
                self.assertEqual(unit.credentials[0][1], f"{prefix}/etc/relance/secrets/bounces-password")
                self.assertIn('state = "/var/lib/relance"', (stage / prefix[1:] / "etc/relance/relanced.toml").read_text())

    def test_systemd_takes_the_unit_without_a_complaint(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        _, said = run("systemd-analyze", "verify", self.unit_file)
        self.assertEqual([line for line in said.splitlines() if "relanced" in line], [], "other units' faults are not ours")
        code, said = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", self.unit_file)
        self.assertEqual(code, 0, f"more exposed than 2.0:\n{said}")

    def test_the_daemon_runs_as_the_unit_says(self):
        state, runtime = self.prefix / "var/lib/relance", self.prefix / "run/relance"
        self.assertEqual(self.unit["ReadWritePaths"], f"{state} {runtime}")
        provider = self.etc / "providers/smtp.toml"  # no name of the network is asked for in a test
        provider.write_text(provider.read_text().replace("mail.exemple.example", "localhost"))
        credentials, address = self.folder / "credentials", self.folder / "notify"
        credentials.mkdir()
        for name, file in self.unit.credentials:
            self.assertEqual(Path(file).parent, self.etc / "secrets")
            (credentials / name).write_text("a password\n")
            (credentials / name).chmod(0o400)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(str(address))
        address.chmod(0o777)
        as_user = {"umask": int(self.unit["UMask"], 8)}
        if os.geteuid() == 0:
            for path in (state, runtime, credentials, *credentials.iterdir()):
                os.chown(path, DYNAMIC_USER, DYNAMIC_USER)
            as_user |= {"user": DYNAMIC_USER, "group": DYNAMIC_USER, "extra_groups": []}

        def confined():
            libc = ctypes.CDLL(None)
            assert self.unit["NoNewPrivileges"] == "yes" and libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            if self.unit["MemoryDenyWriteExecute"] == "yes":
                libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # kernels before 6.3 do not have it
            resource.setrlimit(resource.RLIMIT_NOFILE, (int(self.unit["LimitNOFILE"]),) * 2)

        log = open(self.folder / "log", "w+")
        self.addCleanup(log.close)
        daemon = subprocess.Popen(shlex.split(self.unit["ExecStart"]), stdout=log, stderr=log, cwd="/", preexec_fn=confined,
                                  env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NOTIFY_SOCKET": str(address),
                                       "CREDENTIALS_DIRECTORY": str(credentials), "WATCHDOG_USEC": "60000000"}, **as_user)
        self.addCleanup(lambda: daemon.poll() is None and (daemon.kill(), daemon.wait()))
        said = lambda: (self.folder / "log").read_text()  # noqa: E731
        self.assertEqual(self.unit["Type"], "notify")
        self.assertIn("STATUS=running", await_words(notify, "READY=1", daemon, said))
        ctl = [self.prefix / "bin/relancectl", "--socket", runtime / "control.sock"]
        code, shown = run(*ctl, "status")
        self.assertEqual(code, 0, shown)
        self.assertIn("smtp", shown)
        self.assertTrue((state / "relance.db").is_file())

        reload_words = shlex.split(self.unit["ExecReload"].replace("$MAINPID", str(daemon.pid)))
        self.assertEqual(run(*reload_words)[0], 0)
        self.assertIn("MONOTONIC_USEC=", await_words(notify, "RELOADING=1", daemon, said))
        self.assertIn("STATUS=running", await_words(notify, "READY=1", daemon, said))
        self.assertEqual(run(*ctl, "config", "check")[0], 0)

        daemon.send_signal(signal.SIGTERM)
        await_words(notify, "STOPPING=1", daemon, said)
        self.assertEqual(daemon.wait(PATIENCE), 0, said())
        self.assertNotIn("a password", said())
        self.assertFalse((runtime / "control.sock").exists())

    def test_a_plugin_is_built_from_the_installed_sdk_alone(self):
        source = self.folder / "pigeon"
        source.mkdir()
        (source / "pigeon.cpp").write_text(PIGEON)
        (source / "CMakeLists.txt").write_text(PIGEON_CMAKE)
        for words in (["-S", source, "-B", source / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                       "-DCMAKE_CXX_COMPILER=clang++-19"], ["--build", source / "b"]):
            code, said = run("cmake", *words)
            self.assertEqual(code, 0, said)
        etc = self.folder / "etc"
        shutil.copytree(self.etc, etc)
        (etc / "providers/smtp.toml").write_text(f'id = "smtp"\nplugin = "{source}/b/pigeon.so"\nchannel = "email"\n')
        code, said = run(self.prefix / "bin/relanced", "--config", etc / "relanced.toml", "--check-config")
        self.assertEqual(code, 0, said)

    def test_the_links_of_the_documents_lead_somewhere(self):
        pages = list((self.prefix / "share/doc/relance").rglob("*.md"))
        self.assertGreater(len(pages), 10)
        prose = {page: re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S) for page in pages}  # a lambda is no link
        dead = [f"{page.name}: {link}" for page in pages for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", prose[page])
                if not (page.parent / link).exists()]
        self.assertEqual(dead, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
