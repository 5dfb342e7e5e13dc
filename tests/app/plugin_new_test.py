#!/usr/bin/env python3
"""From nothing to a running plugin: the SDK is installed into an empty folder, `relancectl plugin new` writes a project, which is
built against that installation alone, passes its own tests, and hands a message to a provider through the installed daemon."""
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import BUILD, PATIENCE, World  # noqa: E402

KINDS = (("c++", "blocking", "email"), ("c++", "asynchronous", "postal"), ("c", "asynchronous", "sms"))
# The first project is built with what the machine calls its compiler, the others with the tree's own, which is quicker.
OURS = {"CC": "clang-19", "CXX": "clang++-19"}


def run(*words, **more):
    done = subprocess.run(list(map(str, words)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=5 * PATIENCE, **more)
    return done.returncode, done.stdout


class Gateway(http.server.BaseHTTPRequestHandler):
    """A provider: takes every message, remembers what it was asked."""
    protocol_version = "HTTP/1.1"
    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Gateway.seen.append((self.path, self.headers["authorization"], json.loads(body)))
        answer = json.dumps({"id": f"m-{len(Gateway.seen)}"}).encode()
        self.send_response(201)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class PluginNewTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="relance-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = Path(holder.name)
        cls.projects = {}
        cls.prefix = cls.folder / "p"
        code, said = run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        assert code == 0, said

    def ctl(self, *words, code=0):
        got, said = run(self.prefix / "bin/relancectl", *words)
        self.assertEqual(got, code, said)
        return said

    def new(self, name, language="c++", style="blocking", channel="email"):
        self.ctl("plugin", "new", name, "--channel", channel, "--language", language, "--style", style, "--directory", self.folder)
        return self.folder / name

    def build(self, project, compilers=OURS):
        """Configured and built with nothing of the source tree; the folder of the build."""
        build = project / "build"
        self.assertEqual(run("cmake", "-S", project, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                             f"-DCMAKE_PREFIX_PATH={self.prefix}", env={**os.environ, **compilers})[0], 0)
        code, said = run("cmake", "--build", build)
        self.assertEqual(code, 0, said)
        self.assertNotIn("warning:", said)
        code, said = run("ninja", "-C", build, "-t", "deps")
        self.assertNotIn(str(Path(os.environ["RELANCE_SOURCE_DIR"]) / "sdk"), said)
        return build

    def built(self, language="c++", style="blocking", channel="email"):
        """The project of this kind and its build, made by whoever asks first: building is nearly all of this test's time."""
        if (language, style) not in self.projects:
            project = self.new(f"a-{channel}-2", language, style, channel)
            is_first = (language, style) == KINDS[0][:2]
            self.projects[language, style] = project, self.build(project, {} if is_first else OURS)
        return self.projects[language, style]

    def test_each_kind_of_project_builds_and_passes_its_own_tests(self):
        for language, style, channel in KINDS:
            with self.subTest(language=language, style=style, channel=channel):
                project, build = self.built(language, style, channel)
                left = [path for path in project.rglob("*")
                        if path.is_file() and build not in path.parents and re.search(r"@[a-z_]+@", path.read_text())]
                self.assertEqual(left, [], "keys of the template that nobody filled in")
                self.assertTrue((project / ".github/workflows/ci.yml").is_file())
                code, said = run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-R", "unit")
                self.assertEqual(code, 0, said)
                plugin = build / f"a_{channel}_2.so"
                _, symbols = run("nm", "-D", "--defined-only", plugin)
                self.assertEqual([line.split()[-1] for line in symbols.splitlines()], ["relance_plugin_v1"])

    def test_a_project_passes_relance_check(self):
        if not (self.prefix / "bin/relance-check").is_file():
            self.skipTest("relance-check is not built")
        _, build = self.built()
        code, said = run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-R", "relance_check")
        self.assertEqual(code, 0, said)

    def test_a_message_goes_through_it(self):
        project, build = self.built()
        plugins = self.folder / "usr/lib/relance/plugins"
        code, said = run("cmake", "--install", build, "--prefix", self.folder / "usr")
        self.assertEqual(code, 0, said)
        gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        self.addCleanup(gateway.server_close)
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        self.addCleanup(gateway.shutdown)
        world = World()
        self.addCleanup(world.close)
        world.program = self.prefix / "bin/relanced"
        world.edit("relanced.toml", f"{BUILD}/test-plugins", str(plugins))
        world.edit("regions/FR.toml", '"scripted"', '"a-email-2"')
        (world.folder / "providers/scripted.toml").unlink()
        here = f"http://127.0.0.1:{gateway.server_port}"
        world.write("token", "t-1\n").chmod(0o600)
        provider = (project / "provider.toml").read_text().replace('hosts = ["api.example.com"]', f'hosts = ["{here}"]')
        provider = provider.replace("https://api.example.com/v1", here).replace("/etc/relance/secrets/a-email-2-token", f"{world.folder}/token")
        world.write("providers/a-email-2.toml", provider)
        code, said = world.run_daemon("--check-config")
        self.assertEqual(code, 0, said)
        world.start_on_test_clock()
        self.assertIn("a-email-2", world.ctl("status"))
        world.import_ledger()
        world.ctl("onboard", "--skip-older-than", "900d")
        world.ctl("clock", "advance", "5d", "--settle")
        to = {body["to"]: (path, token, body) for path, token, body in Gateway.seen}
        self.assertIn("accept@one.example", to, world.logged())
        path, token, body = to["accept@one.example"]
        self.assertEqual((path, token), ("/messages", "Bearer t-1"))
        self.assertIn("F-1", body["content"])
        self.assertRegex(body["client_ref"], r"^[0-9A-Za-z-]{26,36}$")
        self.assertEqual(len(Gateway.seen), len({sent["client_ref"] for _, _, sent in Gateway.seen}), "one message twice")

    def test_nothing_that_exists_is_overwritten(self):
        project = self.new("mine")
        (project / "src/mine.cpp").write_text("mine")
        said = self.ctl("plugin", "new", "mine", "--channel", "sms", "--directory", self.folder, code=1)
        self.assertIn("exists already", said)
        self.assertEqual((project / "src/mine.cpp").read_text(), "mine")

    def test_what_cannot_be_is_refused_in_words(self):
        for words, wanted in ((("Acme", "--channel", "sms"), "no name for a plugin"), (("../x", "--channel", "sms"), "no name for a plugin"),
                              (("acme", "--channel", "pigeon"), "no channel 'pigeon'"), (("acme",), "--channel"),
                              (("acme", "--channel", "sms", "--language", "rust"), "--language"),
                              (("acme", "--channel", "sms", "--language", "c", "--style", "blocking"), "asynchronous")):
            with self.subTest(words):
                self.assertIn(wanted, self.ctl("plugin", "new", *words, "--directory", self.folder, code=2))
        self.assertFalse((self.folder / "acme").exists())

    def test_it_answers_as_json(self):
        said = json.loads(self.ctl("plugin", "new", "as-json", "--channel", "fax", "--directory", self.folder, "--json"))
        self.assertEqual(said["target"], "as_json")
        self.assertTrue(all((Path(said["project"]) / name).is_file() for name in said["files"]))
        refused = json.loads(self.ctl("plugin", "new", "as-json", "--channel", "fax", "--directory", self.folder, "--json", code=1))
        self.assertIn("exists already", refused["title"])

    def test_the_installed_examples_are_a_project_too(self):
        examples = self.folder / "examples"
        shutil.copytree(self.prefix / "share/relance/examples", examples)
        build = self.build(examples)
        self.assertTrue((build / "examples/sms_http.so").is_file())
        self.assertTrue((build / "examples/sms_http_c.so").is_file())

    def test_pkg_config_alone_builds_a_plugin_too(self):
        if shutil.which("pkg-config") is None:
            self.skipTest("pkg-config is not installed")
        where = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        example = self.prefix / "share/relance/examples/sms_http/sms_http.cpp"
        for compiler in ("g++", "clang++-19"):
            if shutil.which(compiler) is None:
                continue
            with self.subTest(compiler):
                out = self.folder / f"{compiler}.so"
                flags = {kind: run("pkg-config", f"--{kind}", "relance-sdk", env=where)[1].split() for kind in ("cflags", "libs")}
                code, said = run(compiler, "-std=c++20", *flags["cflags"], example, "-o", out, *flags["libs"])
                self.assertEqual(code, 0, said)
                _, symbols = run("nm", "-D", "--defined-only", out)
                self.assertEqual([line.split()[-1] for line in symbols.splitlines()], ["relance_plugin_v1"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
