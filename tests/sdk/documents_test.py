#!/usr/bin/env python3
"""The code that the documents show is the code that is built: the README's example is the file itself and short enough, and
every block in the authors' pages either compiles as it stands or is a piece of a file that is built."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["RELANCE_SOURCE_DIR"])
PAGES = ROOT / "docs/for-plugin-authors"
BUILT = [path for folder in ("sdk/examples", "sdk/include/relance", "sdk/template", "tests/sdk") for path in (ROOT / folder).rglob("*")
         if path.suffix in (".cpp", ".hpp", ".c", ".h", ".rs", ".in")]
LINES_MAX = 45  # of the README's plugin: what fits one screen
COMPILERS = {"cpp": ["clang++-19", "-std=c++20", "-x", "c++"], "c": ["clang-19", "-std=c99", "-x", "c"]}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


def squeezed(text):
    """Without what a formatter may move."""
    return re.sub(r"\s+", "", text)


class DocumentsTest(unittest.TestCase):
    def test_the_readme_shows_the_sms_example_whole(self):
        source = (ROOT / "sdk/examples/sms_http/sms_http.cpp").read_text()
        self.assertIn(source, blocks(ROOT / "README.md", "cpp"))
        self.assertLessEqual(len(source.splitlines()), LINES_MAX)
        self.assertLessEqual(max(map(len, source.splitlines())), 110)

    def test_the_code_of_the_authors_pages_is_built(self):
        known = [squeezed(path.read_text()) for path in BUILT]
        seen = 0
        for page in sorted(PAGES.glob("*.md")):
            if page.name == "reference.md":
                continue  # generated from the header
            for language in ("cpp", "c", "rust"):
                for block in blocks(page, language):
                    seen += 1
                    with self.subTest(page=page.name, block=block[:60]):
                        if not any(squeezed(block) in text for text in known):
                            self.compile(language, block)
        self.assertGreater(seen, 5)

    def compile(self, language, block):
        self.assertIn(language, COMPILERS, "no piece of a file that is built")
        with tempfile.NamedTemporaryFile("w", suffix=f".{language}") as file:
            file.write(block)
            file.flush()
            done = subprocess.run([*COMPILERS[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                                   f"-I{ROOT}/sdk/include", file.name], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, f"neither a piece of a file that is built, nor does it compile:\n{done.stdout}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
