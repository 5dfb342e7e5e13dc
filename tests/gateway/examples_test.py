#!/usr/bin/env python3
"""Every provider file of config/providers passes `relanced --check-config` with its plugin; a fault in a description is told
with the line of the file. Secrets come from a folder of credentials, as systemd gives them."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("RELANCE_SOURCE_DIR", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("RELANCE_BUILD_DIR", SOURCE / "build/dev"))
# Of SendGrid's helper libraries' tests: a public key where the settings want one.
PUBLIC_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm8ga2V5\n-----END OPENSSH PRIVATE KEY-----\n"  # only its form is looked at
SECRETS = {"sendgrid-webhook-key": PUBLIC_KEY, "print-service-key": PRIVATE_KEY}
MINE = ["ar24", "brevo", "ipp-printer", "lob", "maileva", "mailgun", "ovh", "own-fax-gateway", "own-gateway", "pec", "pingen", "postmark", "sendgrid", "ses", "sftp-print", "twilio", "vonage"]


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rl-examples-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(SOURCE / "config", self.folder / "config")
        (self.folder / "state").mkdir()
        main = self.folder / "config/relanced.toml"
        head = f'state = "{self.folder}/state"\nplugin_folder = "{BUILD}/plugins"\ncontrol_socket = "{self.folder}/s"\n'
        kept = re.sub(r"(?m)^(state|plugin_folder|control_socket)\b.*\n", "", main.read_text())
        main.write_text(head + kept)
        self.credentials = self.folder / "credentials"
        self.credentials.mkdir(mode=0o700)
        for file in (self.folder / "config/providers").glob("*.toml"):
            for name in re.findall(r'credential = "([^"]+)"', file.read_text()):
                (self.credentials / name).write_text(SECRETS.get(name, "a secret of 24 characters"))
                (self.credentials / name).chmod(0o600)

    def check(self, has_credentials=True):
        credentials = {"CREDENTIALS_DIRECTORY": str(self.credentials)} if has_credentials else {}
        done = subprocess.run([BUILD / "bin/relanced", "--config", self.folder / "config/relanced.toml", "--check-config"],
                              env={"PATH": os.environ["PATH"], **credentials},
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_all_of_them_are_right(self):
        for name in MINE:
            self.assertTrue((self.folder / f"config/providers/{name}.toml").exists(), name)
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertNotIn("error", said)

    def test_by_hand_a_secret_that_only_systemd_gives_is_no_fault_of_the_rest(self):
        status, said = self.check(has_credentials=False)
        self.assertEqual(status, 0, said)
        self.assertIn("kannel.toml:", said)
        self.assertNotIn("refused", said)
        file = self.folder / "config/providers/kannel.toml"
        file.write_text(file.read_text().replace("[settings]\n", "[settings]\nurll = 5\n", 1))
        status, said = self.check(has_credentials=False)
        self.assertEqual(status, 78, said)
        self.assertRegex(said, r"kannel\.toml:\d+:\d+: error: .*urll")
        self.assertNotIn("fewer than", said)

    def test_a_wrong_secret_is_told_at_the_line_that_names_it(self):
        (self.credentials / "sendgrid-webhook-key").write_text("no key")
        line = (SOURCE / "config/providers/sendgrid.toml").read_text().split("sendgrid-webhook-key")[0].count("\n") + 1
        status, said = self.check()
        self.assertEqual(status, 78, said)
        self.assertIn(f"sendgrid.toml:{line}:", said)
        self.assertIn("is no public key", said)

    def test_a_fault_in_a_description_is_told_with_its_line(self):
        file = self.folder / "config/providers/own-gateway.toml"
        wrong = {'"{to|no_plus}"': '"{number}"', '"/error/code"\ntext': '"error/code"\ntext', 'outcome = "accepted"': 'outcome = "fine"',
                 'undelivered = "failed"': 'undelivered = "lost"'}
        for good, bad in wrong.items():
            with self.subTest(bad=bad):
                text = (SOURCE / "config/providers/own-gateway.toml").read_text()
                self.assertIn(good, text)
                line = text[:text.index(good)].count("\n") + 1
                file.write_text(text.replace(good, bad, 1))
                status, said = self.check()
                self.assertNotEqual(status, 0, said)
                self.assertIn(f"own-gateway.toml:{line}:", said)


if __name__ == "__main__":
    unittest.main()
