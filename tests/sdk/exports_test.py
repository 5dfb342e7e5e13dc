#!/usr/bin/env python3
"""Every plugin that this tree builds as an author does: exactly one exported symbol, never unloaded, no executable stack."""
import os
import re
import subprocess
import unittest
from pathlib import Path

BUILD = Path(os.environ["RELANCE_BUILD_DIR"])


def exported(file):
    said = subprocess.run(["nm", "-D", "--defined-only", file], check=True, text=True, stdout=subprocess.PIPE).stdout
    return [line.split()[-1] for line in said.splitlines()]


def dynamic(file):
    return subprocess.run(["readelf", "-dlW", file], check=True, text=True, stdout=subprocess.PIPE).stdout


class ExportsTest(unittest.TestCase):
    def test_a_plugin_exports_its_entry_alone(self):
        files = sorted([*BUILD.glob("plugins/*.so"), *BUILD.glob("examples/*.so")])
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            with self.subTest(file.name):
                self.assertEqual(exported(file), ["relance_plugin_v1"])

    def test_a_plugin_is_never_unloaded_and_has_no_executable_stack(self):
        for file in BUILD.glob("examples/*.so"):
            with self.subTest(file.name):
                said = dynamic(file)
                self.assertIn("NODELETE", said)
                self.assertNotRegex(said, r"GNU_STACK.*RWE")
                self.assertNotIn("TEXTREL", said)

    def test_the_look_would_see_a_second_symbol(self):
        ours = next(BUILD.glob("examples/sms_http.so"))
        said = subprocess.run(["ldd", ours], check=True, text=True, stdout=subprocess.PIPE).stdout
        library = re.search(r"=> (/\S*libstdc\+\+\S*)", said).group(1)
        self.assertGreater(len(exported(library)), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
