#!/usr/bin/env python3
"""Every provider shipped under config/providers is one that the daemon takes, each setting of it known to its plugin; and the
test would see one that is not."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("RELANCE_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("RELANCE_BUILD_DIR", SOURCE / "build/dev"))
CREDENTIAL = re.compile(r'\{\s*credential\s*=\s*"([^"]+)"')


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rl-examples-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.config = self.folder / "config"
        shutil.copytree(SOURCE / "config", self.config)
        main = self.config / "relanced.toml"
        text = re.sub(r'^#? ?plugin_folder = ".*?"', f'plugin_folder = "{BUILD}/plugins"', main.read_text(), flags=re.M)
        self.assertIn(str(BUILD), text)
        text = re.sub(r'^state = .*$', f'state = "{self.folder}/state"', text, flags=re.M)
        main.write_text(text)
        (self.folder / "state").mkdir()
        (self.folder / "credentials").mkdir()
        for file in (self.config / "providers").glob("*.toml"):
            for name in CREDENTIAL.findall(file.read_text()):
                (self.folder / "credentials" / name).write_text("a secret of more than 16 characters\n")
                (self.folder / "credentials" / name).chmod(0o400)

    def check(self):
        done = subprocess.run([BUILD / "bin/relanced", "--config", self.config / "relanced.toml", "--check-config"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                              env={"PATH": os.environ.get("PATH", ""), "CREDENTIALS_DIRECTORY": str(self.folder / "credentials")})
        return done.returncode, done.stdout

    def test_each_is_taken(self):
        self.assertIn("kannel.toml", [file.name for file in (self.config / "providers").iterdir()])
        code, said = self.check()
        self.assertEqual(code, 0, said)
        self.assertNotIn("error:", said)

    def test_one_that_its_plugin_does_not_know_is_not(self):
        file = self.config / "providers" / "kannel.toml"
        file.write_text(file.read_text().replace("parts_max = 4", "parts_max = 400"))
        code, said = self.check()
        self.assertNotEqual(code, 0, said)
        self.assertIn("parts_max", said)


if __name__ == "__main__":
    unittest.main()
